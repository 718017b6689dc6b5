import { readJson } from "../../etl/store/json.ts";
import { z } from "zod";
import { readChatAnswer } from "../clients/groq_answer.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";

import { readChatReply } from "./chat_answer.ts";

const Packed = z.strictObject({ posts: z.array(z.unknown()) });
const Named = z.looseObject({ id: z.string() });

/**
 * Give the part of a reply about the post at a place of the request, from 0, as the body of
 * a chat completion about it alone, with its part of the tokens.
 *
 * It is found by its short id, never by its place. Throws a `ServiceError` where the whole reply was
 * refused or cut, and where it holds no entry or several with that id: a smaller request may do better.
 */
export function partOfReply(body: string, place: number): string {
  const { model_served, system_fingerprint, finish_reason, ...usage } = readChatAnswer(body);
  const { reply } = readChatReply(body);
  if ("reason" in reply) throw failed(reply.reason);
  const { data } = Packed.safeParse(readJson(reply.content));
  const named = (data?.posts ?? []).map((entry) => Named.safeParse(entry).data);
  const [own, ...others] = named.filter((entry) => entry?.id === shortId(place));
  if (own === undefined || others.length > 0) throw failed("invalid_answer");
  const { id: _, ...entry } = own;
  const share = (tokens: number | null) =>
    tokens === null ? null : Math.round(tokens / named.length);
  return JSON.stringify({
    model: model_served,
    system_fingerprint,
    choices: [{ finish_reason, message: { content: JSON.stringify(entry) } }],
    usage: {
      prompt_tokens: share(usage.tokens_prompt),
      completion_tokens: share(usage.tokens_completion),
    },
  });
}

function failed(reason: "refused" | "cut_short" | "invalid_answer"): ServiceError {
  return new ServiceError("passing", reason, "the reply says nothing of the post by itself");
}

/** Give the short id by which a reply names the post at a place of its request, from 0: p1, p2, … */
export function shortId(place: number): string {
  return `p${place + 1}`;
}
