import assert from "node:assert/strict";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { TEST_DATA } from "../../test_data.ts";
import { summaryOf } from "../../etl/sources/firehose_run.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
const FILES: Record<string, number> = {
  llama3_8b_context: 99,
  llama3_70b_context: 99,
  llama3_8b_no_context: 179,
  llama3_70b_no_context: 179,
};

Deno.test({
  name: "all 556 replies of 2024 become labels or failures, each of the post that it is of" +
    (TEST_DATA ? "" : " (ignored: no test data)"),
  ignore: TEST_DATA === undefined,
  fn: () =>
    withData(async (data) => {
      for (const args of [["import", `${TEST_DATA}/pilot/posts.csv`], ["preprocess"]]) {
        const { code, stderr } = await runTask([...args, "--data", data], CLOCK);
        assert.equal(code, 0, stderr);
      }
      const expected = new Map<string, [boolean, string]>();
      for (const [name, count] of Object.entries(FILES)) {
        const path = `${TEST_DATA}/llm/${name}.jsonl`;
        const run = await runTask(["import", path, "--as", name, "--data", data, "--json"], CLOCK);
        assert.equal(run.code, 0, run.stderr);
        const { labelled, failed, set_aside, label_set_id } = summaryOf(run);
        const failures = Object.values(failed as Record<string, number>);
        assert.equal(failures.reduce((sum, n) => sum + n, labelled as number), count);
        assert.deepEqual(set_aside, {});
        for (const line of (await Deno.readTextFile(path)).trim().split("\n")) {
          const { uri, reply } = JSON.parse(line);
          // All of these replies happen to be JSON, so that what they say is known without the reader.
          const { civic, political_ideology } = JSON.parse(reply);
          expected.set(`${label_set_id} ${uri}`, [civic === "civic", political_ideology]);
        }
      }
      assert.equal(expected.size, 556);
      const found = await query(
        data,
        `SELECT l.* FROM '{data}/labels/sociopolitical/*/*.parquet' l
         JOIN '{data}/posts/*/*.parquet' p
           ON p.uri = l.uri AND p.date = l.date AND p.text_hash = l.text_hash`,
      );
      assert.equal(found.length, 556);
      for (const row of found) {
        const [isCivic, ideology] = expected.get(`${row.label_set_id} ${row.uri}`)!;
        assert.equal(row.is_sociopolitical, isCivic);
        assert.equal(row.lean, isCivic ? ideology.replace("-leaning", "") : null);
      }
      // The prompts of both models were the same, and those with context were others.
      const sets = await query(
        data,
        `SELECT prompt_hash, count(*) AS n FROM '{data}/label_sets/sociopolitical.parquet' GROUP BY 1`,
      );
      assert.deepEqual(sets.map(({ n }) => n), [2, 2]);
    }),
});
