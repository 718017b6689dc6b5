import { z } from "zod";
import type { LabelReason } from "../../etl/label_reason.ts";
import { ServiceError } from "../engine/service_error.ts";
import { isRefusal } from "./refusal.ts";

/** Columns that say how an answer of a chat model came about, after its labels. */
export const CHAT_COLUMNS = {
  context_kinds: "VARCHAR[]",
  finish_reason: "VARCHAR",
  tokens_prompt: "INTEGER",
  tokens_completion: "INTEGER",
  model_served: "VARCHAR",
} as const;

const text = z.string().nullish().transform((value) => value ?? null);
const tokens = z.int().min(0).nullish().transform((value) => value ?? null);

const ChatCompletion = z.object({
  model: text,
  system_fingerprint: text,
  choices: z.tuple([
    z.object({
      finish_reason: text,
      message: z.object({ content: text, refusal: text }),
    }),
  ]).rest(z.unknown()),
  usage: z.object({ prompt_tokens: tokens, completion_tokens: tokens }).nullish(),
});

/** What a chat model answered. */
export interface ChatAnswer {
  /** What it wrote, or why that is no reply to be read. */
  reply: { content: string } | { reason: LabelReason };
  finish_reason: string | null;
  tokens_prompt: number | null;
  tokens_completion: number | null;
  model_served: string | null;
  system_fingerprint: string | null;
}

/**
 * Read the body of a chat completion, as it came.
 *
 * `refused` where the model or a filter of the service refuses, `cut_short` where the answer met its
 * cap. Throws a `ServiceError` (`invalid_answer`) where the body is no chat completion.
 */
export function readChatAnswer(body: string): ChatAnswer {
  const checked = ChatCompletion.safeParse(parseJson(body));
  if (!checked.success) {
    throw new ServiceError("passing", "invalid_answer", "the answer is no chat completion");
  }
  const { choices: [{ finish_reason, message }], model, system_fingerprint, usage } = checked.data;
  const content = message.content?.trim() ?? "";
  const reason = message.refusal || finish_reason === "content_filter"
    ? "refused"
    : finish_reason === "length"
    ? "cut_short"
    : content === ""
    ? "invalid_answer"
    : isRefusal(content)
    ? "refused"
    : undefined;
  return {
    reply: reason === undefined ? { content } : { reason },
    finish_reason,
    tokens_prompt: usage?.prompt_tokens ?? null,
    tokens_completion: usage?.completion_tokens ?? null,
    model_served: model,
    system_fingerprint,
  };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
