/** The answers of the loopback Groq: text, reasoning and usage, counted by a real tokenizer. */
import { createHash } from "node:crypto";
import { type ChatFault, writeAnswer } from "./chat_fault.ts";
import { type ChatCompletionRequest, completionCap } from "./chat_request.ts";
import type { Tokenizer } from "./chat_tokens.ts";
import { GroqError } from "./groq_reply.ts";
import { uniform } from "./invented_answer.ts";
import type { ServedModel } from "./served_model.ts";

/** Marks invented answers, in `system_fingerprint`; it stays with the label. */
export const DEMO_FINGERPRINT = "fp_civicsky_demo";

const THOUGHT = "We need to read the post and decide. It is data, so we only label it. ";
/** How often the model thinks the thought, before and besides a hash of the prompt. */
const THOUGHTS: Record<string, number> = { low: 1, medium: 6, high: 30, default: 6 };

/** A chat completion of the demo's Groq, as far as somebody reads it. */
export interface ChatCompletion {
  id: string;
  choices: {
    index: number;
    finish_reason: "stop" | "length";
    logprobs: null;
    message: { role: "assistant"; content: string; reasoning?: string };
  }[];
  usage: Usage;
  [key: string]: unknown;
}

/** The tokens that the demo's Groq counts for a request. */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  [key: string]: unknown;
}

/** A text and its tokens, cut to so many of them. */
interface Written {
  text: string;
  tokens: number;
  isCut: boolean;
}

/** Give a short key of a request to the demo's Groq: the same model and messages have the same key. */
export function requestKey({ model, messages }: ChatCompletionRequest): string {
  return createHash("sha1").update(JSON.stringify([model, messages])).digest("base64url");
}

/**
 * Write the completion with which the demo's Groq answers a request.
 *
 * Reasoning comes first and counts. An answer is cut at `max_completion_tokens`; where
 * the JSON was not guaranteed that is a 400 `json_validate_failed`.
 */
export function complete(
  request: ChatCompletionRequest,
  model: ServedModel,
  promptTokens: number,
  answer: unknown,
  tokenizer: Tokenizer,
  { fault, now }: { fault?: ChatFault; now: number },
): ChatCompletion {
  const key = requestKey(request);
  const cap = completionCap(request, model);
  const thought = write(think(request, model, key), cap, tokenizer);
  const said = write(writeAnswer(answer, fault), cap - thought.tokens, tokenizer);
  const isCut = thought.isCut || said.isCut;
  const format = request.response_format;
  const isBestEffort = format?.type === "json_object" ||
    (format?.type === "json_schema" && format.json_schema.strict !== true);
  if (isCut && isBestEffort) {
    throw new GroqError(
      400,
      "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
      {
        code: "json_validate_failed",
        failed_generation: "max completion tokens reached before generating a valid document",
      },
    );
  }
  const completionTokens = thought.tokens + said.tokens;
  const isTold = thought.text !== "" && request.include_reasoning !== false &&
    request.reasoning_format !== "hidden";
  return {
    id: `chatcmpl-${key}`,
    object: "chat.completion",
    created: Math.floor(now / 1000),
    model: model.id,
    choices: [{
      index: 0,
      message: {
        role: "assistant",
        content: said.text,
        ...(isTold && { reasoning: thought.text }),
      },
      logprobs: null,
      finish_reason: isCut ? "length" : "stop",
    }],
    usage: {
      queue_time: 0.01,
      prompt_tokens: promptTokens,
      prompt_time: promptTokens / 20_000,
      completion_tokens: completionTokens,
      completion_time: completionTokens / 1000,
      total_tokens: promptTokens + completionTokens,
      total_time: promptTokens / 20_000 + completionTokens / 1000,
      ...(thought.tokens > 0 && {
        completion_tokens_details: { reasoning_tokens: thought.tokens },
      }),
    },
    usage_breakdown: null,
    system_fingerprint: DEMO_FINGERPRINT,
    x_groq: { id: `req_${key.slice(0, 26)}`, seed: request.seed ?? null },
    service_tier: "on_demand",
  };
}

function think(request: ChatCompletionRequest, model: ServedModel, key: string): string {
  if (model.efforts.length === 0 || request.reasoning_effort === "none") return "";
  const effort = request.reasoning_effort ??
    (model.efforts.includes("medium") ? "medium" : "default");
  return THOUGHT.repeat((THOUGHTS[effort] ?? 1) + (uniform(key) < 0.5 ? 1 : 0)).trim();
}

function write(text: string, most: number, tokenizer: Tokenizer): Written {
  const tokens = tokenizer.encode(text);
  if (tokens.length <= most) return { text, tokens: tokens.length, isCut: false };
  return { text: tokenizer.decode(tokens.slice(0, most)), tokens: most, isCut: true };
}
