/** A real coded file, which is not in the repository: `CIVICSKY_TEST_DATA` says where it lies. */
import assert from "node:assert/strict";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { TEST_DATA } from "../../test_data.ts";
import { rawRows, summaryOf } from "./firehose_run.ts";

Deno.test({
  name: "the pilot study's coded file comes in whole (needs the folder of CIVICSKY_TEST_DATA)",
  ignore: TEST_DATA === undefined,
  fn: () =>
    withData(async (data) => {
      const run = await runTask([
        "import",
        `${TEST_DATA}/pilot/posts.csv`,
        "--data",
        data,
        "--json",
      ]);
      assert.equal(run.code, 0, run.stderr);
      const summary = summaryOf(run);
      assert.deepEqual([summary.rows, summary.new_posts, summary.set_aside], [183, 183, {}]);
      for (const row of await rawRows(data, "import")) {
        const counts = ["like_count", "repost_count", "reply_count"];
        assert.deepEqual(counts.map((c) => row[c]), counts.map((c) => Number(row.record[c])));
      }
      assert.equal((await runTask(["preprocess", "--data", data])).code, 0);
      const [posts] = await query(
        data,
        `SELECT count(*) AS posts, count(DISTINCT date) AS days, count(like_count) AS counted
         FROM read_parquet('{data}/posts/*/*.parquet', hive_partitioning = true)`,
      );
      assert.deepEqual(posts, { posts: 183, days: 9, counted: 183 });
      const civic = await query(
        data,
        `SELECT labels['civic_hand_label'] AS civic, count(*) AS n
         FROM '{data}/labels/human/*/*.parquet' l JOIN '{data}/posts/*/*.parquet' p
           ON l.uri = p.uri AND l.text_hash = p.text_hash
         GROUP BY 1 ORDER BY n DESC`,
      );
      assert.deepEqual(civic.map(({ n }) => n), [98, 81]);
    }),
});
