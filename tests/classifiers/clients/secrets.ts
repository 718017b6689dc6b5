/** What the tests of the client share: a key and a text that must never be seen again. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { CommentAnalyzer } from "../../../classifiers/clients/comment_analyzer.ts";
import { ServiceError } from "../../../etl/answers/service_error.ts";

export const KEY = "AIza-Secret_Key.0123";
export const TEXT = "a post that nobody else may read";
/** A signal that is never aborted. */
export const never = new AbortController().signal;

/** Make a client of a server. */
export function client(rootUrl: string, timeoutMs?: number, key = KEY): CommentAnalyzer {
  return new CommentAnalyzer({ rootUrl, key, timeoutMs });
}

/** Give the error of a request, which must hold neither key nor text, however it is printed. */
export async function problemOf(request: Promise<unknown>): Promise<ServiceError> {
  const error = await request.then(() => undefined, (error) => error);
  assert.ok(error instanceof ServiceError, Deno.inspect(error));
  assertRedacted(error);
  return error;
}

/** Check that an error holds neither key nor text, however it is printed. */
export function assertRedacted(error: Error): void {
  const everything = { depth: 20, showHidden: true };
  const printed = [
    error.message,
    error.stack,
    String(error),
    JSON.stringify(error),
    Deno.inspect(error, everything),
    inspect(error, everything),
    Deno.inspect(error.cause, everything),
  ].join("\n");
  for (const secret of [KEY, TEXT, "Secret_Key", "nobody else", "%20nobody"]) {
    assert.ok(!printed.includes(secret), printed);
  }
}

/** An answer with one score. */
export const scored = JSON.stringify({
  attributeScores: { TOXICITY: { summaryScore: { value: 0.25, type: "PROBABILITY" } } },
  languages: ["en"],
});
