/** What the tests of Groq's client share: a client, a request about a secret post, and an answer. */
import { type ChatRequest, Groq } from "../../../classifiers/clients/groq.ts";
import { KEY, never, TEXT } from "./secrets.ts";

export const MODEL = "openai/gpt-oss-20b";

export const request: ChatRequest = {
  model: MODEL,
  messages: [{ role: "system", content: "Is it political?" }, { role: "user", content: TEXT }],
  response_format: {
    type: "json_schema",
    json_schema: { name: "reply", strict: true, schema: {} },
  },
  max_completion_tokens: 256,
  temperature: 0,
  seed: 1,
  reasoning_effort: "low",
};

/** Ask a server about the post. */
export async function ask(baseUrl: string, timeoutMs?: number, key: string | undefined = KEY) {
  return await new Groq({ key, baseUrl, timeoutMs }).chat(request, never);
}

/** A chat completion as Groq writes it. */
export const completed = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1780000000,
  model: MODEL,
  choices: [{
    index: 0,
    message: { role: "assistant", content: '{"is_sociopolitical":true}', reasoning: "…" },
    logprobs: null,
    finish_reason: "stop",
  }],
  usage: {
    queue_time: 0.01,
    prompt_tokens: 560,
    completion_tokens: 47,
    total_tokens: 607,
    prompt_tokens_details: { cached_tokens: 512 },
  },
  system_fingerprint: "fp_1",
  x_groq: { id: "req_1" },
});
