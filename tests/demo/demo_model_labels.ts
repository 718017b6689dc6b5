/** The labels that the demo makes with the language model's client, against what they should be. */
import assert from "node:assert/strict";
import { accountOf } from "../../demo/sample/account.ts";
import { DEMO_FINGERPRINT } from "../../demo/groq/chat_completion.ts";
import { query } from "../rows.ts";
import type { ExpectedPost } from "./expected.ts";

/** Check the codes and scores in a data folder, whose path is written for an SQL string. */
export async function checkModelLabels(
  t: Deno.TestContext,
  data: string,
  posts: ExpectedPost[],
): Promise<void> {
  await t.step("each post's code with its context, or why it has none", async () => {
    const rows = await query<Record<string, unknown>>(
      data,
      `SELECT p.did, p.text, p.date::VARCHAR AS day, l.reason, l.label_prob, is_sociopolitical, lean,
         coalesce(context_kinds, []) AS context_kinds
       FROM read_parquet('{data}/posts/*/*.parquet') p
       JOIN read_parquet('{data}/labels/sociopolitical/*/*.parquet') l USING (uri, cid, date)`,
    );
    const wanted = posts.map((post) => ({
      did: accountOf(post.author).did,
      text: post.text,
      day: post.day,
      reason: post.uncoded,
      label_prob: 1,
      is_sociopolitical: post.code?.is_sociopolitical ?? null,
      lean: post.code?.lean ?? null,
      context_kinds: post.code?.context_kinds ?? [],
    }));
    assert.deepEqual(rows.sort(byKey), wanted.sort(byKey));
  });

  await t.step("each post's scores by the language model's client", async () => {
    const rows = await query<Record<string, unknown>>(
      data,
      `SELECT p.did, p.text, p.date::VARCHAR AS day, l.reason, COLUMNS('^score_')
       FROM read_parquet('{data}/posts/*/*.parquet') p
       JOIN read_parquet('{data}/labels/attributes/*/*.parquet') l USING (uri, cid, date)`,
    );
    const columns = Object.keys(rows[0]!).filter((name) => name.startsWith("score_"));
    assert.equal(columns.length, 18);
    const wanted = posts.map((post) => ({
      did: accountOf(post.author).did,
      text: post.text,
      day: post.day,
      reason: post.uncoded,
      ...Object.fromEntries(columns.map((name) => [name, post.attributes?.[name] ?? null])),
    }));
    assert.deepEqual(rows.sort(byKey), wanted.sort(byKey));
  });

  await t.step(
    "every label of the language model's client says that it is the demo's",
    async () => {
      for (const classifier of ["sociopolitical", "attributes"]) {
        const marks = await query(
          data,
          `SELECT DISTINCT model, model_served, system_fingerprint
         FROM read_parquet('{data}/labels/${classifier}/*/*.parquet')
         WHERE was_successfully_labeled`,
        );
        const model = "civicsky/demo";
        assert.deepEqual(marks, [
          { model, model_served: model, system_fingerprint: DEMO_FINGERPRINT },
        ]);
      }
    },
  );
}

/** Sort rows of posts that hold account, text and day. */
export function byKey(a: Record<string, unknown>, b: Record<string, unknown>): number {
  const key = (post: Record<string, unknown>) => `${post.did} ${post.text} ${post.day}`;
  return key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;
}
