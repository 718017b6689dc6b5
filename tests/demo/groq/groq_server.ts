/** A loopback Groq and the real client, for tests. */
import assert from "node:assert/strict";
import Groq, { APIError, toFile } from "groq-sdk";
import { type GroqOptions, type LoopbackGroq, startGroq } from "../../../demo/groq/groq.ts";

export const KEY = "demo-key";
export const MODEL = "openai/gpt-oss-20b";

type Create = Parameters<Groq["chat"]["completions"]["create"]>[0] & { stream?: false };

/** A request that is good. */
export const GOOD: Create = {
  model: MODEL,
  messages: [
    { role: "system", content: "Label the post. Answer with JSON." },
    { role: "user", content: '<post id="p1">Vote on Tuesday</post>' },
  ],
  max_completion_tokens: 300,
  reasoning_effort: "low",
};

/** The strict format of one label. */
export function format(schema: Record<string, unknown> = LABEL, strict = true) {
  return { type: "json_schema" as const, json_schema: { name: "label", strict, schema } };
}

export const LABEL = {
  type: "object",
  properties: {
    id: { type: "string" },
    is_sociopolitical: { type: "boolean" },
    lean: { anyOf: [{ enum: ["left", "right", "unclear"] }, { type: "null" }] },
    score: { type: "number" },
  },
  required: ["id", "is_sociopolitical", "lean", "score"],
  additionalProperties: false,
};

/** The strict format of a list of labels. */
export const LABELS = {
  type: "object",
  properties: { labels: { type: "array", items: LABEL } },
  required: ["labels"],
  additionalProperties: false,
};

const POSTS = [1, 2, 3].map((id) => `<post id="p${id}">post ${id}</post>`).join("\n");
/** What makes of the request one about three posts. */
export const PACK = {
  messages: [GOOD.messages[0], { role: "user", content: POSTS }],
  response_format: format(LABELS),
};

/** Start a Groq and a client of it, for as long as they are used. */
export async function withGroq(
  options: GroqOptions,
  use: (server: LoopbackGroq, client: Groq) => Promise<void>,
): Promise<void> {
  const server = await startGroq({ key: KEY, ...options });
  const apiKey = KEY;
  const client = new Groq({ apiKey, baseURL: server.url, maxRetries: 0, timeout: 2000 });
  try {
    await use(server, client);
  } finally {
    await server.close();
  }
}

/** Give the completion of a request. */
export function ask(client: Groq, change: Record<string, unknown> = {}) {
  return client.chat.completions.create({ ...GOOD, ...change } as typeof GOOD);
}

/** Give the text of a completion. */
export async function content(completion: ReturnType<typeof ask>): Promise<string> {
  return (await completion).choices[0]!.message.content!;
}

/** Give status, code and message of the error that something ends with. */
export async function errorOf(
  request: Promise<unknown>,
): Promise<{ status: number; code?: string; message: string; headers?: Headers }> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    const body = error.error as { error?: { code?: string; message?: string } } | undefined;
    return {
      status: error.status ?? 0,
      code: body?.error?.code,
      message: body?.error?.message ?? error.message,
      headers: error.headers,
    };
  }
  assert.fail("no error");
}

/** Upload a file of lines. */
export async function upload(client: Groq, lines: unknown[]): Promise<string> {
  const text = lines.map((line) => typeof line === "string" ? line : JSON.stringify(line));
  const file = await toFile(new TextEncoder().encode(text.join("\n")), "requests.jsonl");
  return (await client.files.create({ file, purpose: "batch" })).id!;
}

/** Give a line of a batch's file. */
export function line(id: string, change: Record<string, unknown> = {}) {
  const messages = [GOOD.messages[0], { role: "user", content: `<post id="${id}">${id}</post>` }];
  const body = { ...GOOD, messages, response_format: format() };
  return { custom_id: id, method: "POST", url: "/v1/chat/completions", body, ...change };
}

/** Begin a batch of a file. */
export function begin(client: Groq, input_file_id: string) {
  const endpoint = "/v1/chat/completions";
  return client.batches.create({ input_file_id, endpoint, completion_window: "24h" });
}

/** Give the lines of a file of results. */
// deno-lint-ignore no-explicit-any
export async function results(client: Groq, file: string | undefined): Promise<any[]> {
  const text = await (await client.files.content(file!)).text();
  return text.trimEnd().split("\n").map((text) => JSON.parse(text));
}
