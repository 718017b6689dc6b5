import assert from "node:assert/strict";

import { query, withData } from "../rows.ts";
import { withServer } from "./clients/odd_server.ts";
import { scored } from "./clients/secrets.ts";
import { label, LABELS, writeDays, writeStudy } from "./perspective_run.ts";

/** What the service says of a post, and the reason that its row then has. */
const REASONS = {
  COMMENT_EMPTY: "empty",
  COMMENT_TOO_LONG: "too_long",
  LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE: "language_not_supported",
  LANGUAGE_DETECTION_FAILED: "language_not_supported",
  NO_REQUESTED_ATTRIBUTES: "language_not_supported",
  INVALID_REQUEST: "rejected",
};

function refusal(status: number, details: Record<string, string>, retryAfter?: number): Response {
  const error = { code: status, status: "INVALID_ARGUMENT", message: "no", details: [details] };
  const headers = retryAfter === undefined ? undefined : { "retry-after": `${retryAfter}` };
  return Response.json({ error }, { status, ...headers && { headers } });
}

// Invariant 7
Deno.test("each error of the service is the reason of its post alone, and no post is asked for again in vain", () =>
  withData(async (data) => {
    const asked = new Map<string, number>();
    await withServer((_, body) => {
      const { text } = JSON.parse(body).comment;
      const [name] = text.split(" ");
      const times = (asked.get(name) ?? 0) + 1;
      asked.set(name, times);
      if (name in REASONS) return refusal(400, { errorType: name });
      if (name === "RATE_LIMIT_EXCEEDED" && times === 1) return refusal(429, { reason: name }, 1);
      return new Response(scored);
    }, async (url) => {
      const names = [...Object.keys(REASONS), "RATE_LIMIT_EXCEEDED", "nothing"];
      // Before its first answer, nobody knows whether a service refuses one post or all.
      const first = { name: "first", day: "2026-05-31" };
      const posts = names.map((name) => ({ name, text: `${name} says the service` }));
      await writeDays(data, [first, ...posts]);
      await writeStudy(data);
      const { code, summary, stderr } = await label(data, { url });
      assert.equal(code, 0, stderr);
      assert.deepEqual([summary.labelled, summary.pending, summary.retries], [3, 0, 1]);
      const rows = await query<{ name: string; reason: string | null }>(
        data,
        `SELECT split_part(uri, '/', -1) AS name, reason FROM ${LABELS}`,
      );
      assert.deepEqual(Object.fromEntries(rows.map(({ name, reason }) => [name, reason])), {
        ...REASONS,
        first: null,
        RATE_LIMIT_EXCEEDED: null,
        nothing: null,
      });
      assert.equal((await label(data, { url })).summary.requests, 0);
      for (const name of names) {
        assert.equal(asked.get(name), name === "RATE_LIMIT_EXCEEDED" ? 2 : 1, name);
      }
    });
  }));
