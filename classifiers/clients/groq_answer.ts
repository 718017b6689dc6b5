import { z } from "zod";
import { ServiceError } from "../../etl/answers/service_error.ts";
import { readJson } from "../../etl/store/json.ts";

const count = z.int().min(0).nullish().catch(null);
const text = z.string().nullish().catch(null);

/** A text, or its parts, as servers of models with several kinds of content write it. */
const Part = z.object({ type: z.literal("text"), text: z.string() });
const Content = z.union([
  z.string(),
  z.array(z.union([Part, z.looseObject({})])).transform((parts) =>
    parts.map((part) => Part.safeParse(part).data?.text ?? "").join("")
  ),
]).nullish();

/** The common form of Groq, vLLM, llama.cpp and Ollama; only the message is required. */
const Completion = z.object({
  model: text,
  system_fingerprint: text,
  choices: z.array(z.object({
    finish_reason: text,
    message: z.object({ content: Content, refusal: text }),
  })).min(1),
  usage: z.object({
    prompt_tokens: count,
    completion_tokens: count,
    prompt_tokens_details: z.object({ cached_tokens: count }).nullish().catch(null),
  }).nullish().catch(null),
});

/** A chat completion; null for values that the server does not give. */
export interface ChatAnswer {
  /** What the model wrote; null where it wrote nothing, or a refusal. */
  content: string | null;
  /** Why the model would not answer, in its words. */
  refusal: string | null;
  /** `stop`; `length` where the cap cut the answer; `content_filter` and others. */
  finish_reason: string | null;
  model_served: string | null;
  system_fingerprint: string | null;
  tokens_prompt: number | null;
  /** Includes tokens of reasoning. */
  tokens_completion: number | null;
  /** Prompt tokens that the server had cached. */
  tokens_cached: number | null;
}

/** Read a response body; throws a `ServiceError` `invalid_answer` where it is no chat completion. */
export function readChatAnswer(body: string): ChatAnswer {
  const { data } = Completion.safeParse(readJson(body));
  if (data === undefined) {
    const message = "the answer is not a chat completion";
    throw new ServiceError("passing", "invalid_answer", message);
  }
  const { model, system_fingerprint, usage } = data;
  const { finish_reason, message } = data.choices[0]!;
  return {
    content: message.content ?? null,
    refusal: message.refusal || null,
    finish_reason: finish_reason ?? null,
    model_served: model ?? null,
    system_fingerprint: system_fingerprint ?? null,
    tokens_prompt: usage?.prompt_tokens ?? null,
    tokens_completion: usage?.completion_tokens ?? null,
    tokens_cached: usage?.prompt_tokens_details?.cached_tokens ?? null,
  };
}
