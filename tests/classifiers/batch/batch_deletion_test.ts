import assert from "node:assert/strict";
import { uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import {
  batchFiles,
  batchFolder,
  label,
  LABELS,
  listed,
  paidTwice,
  withGroq,
  writeStudy,
} from "./batch_run.ts";
import { numberedPosts } from "../perspective_run.ts";

// Invariant 11
Deno.test("a post that is removed or changed while a batch is under way gets no label of it", () =>
  withData(async (data) => {
    await writeStudy(data, 6);
    await withGroq({}, async (server) => {
      await label(data, server);
      const shown = await runTask(["status", "--data", data, "--json"]);
      const [batch] = JSON.parse(shown.stdout).batches;
      assert.deepEqual(
        [batch.classifier, batch.posts, batch.status, batch.looked_at, batch.where],
        ["sociopolitical", 6, "sent", null, new URL(server.url).host],
      );
      assert.match(
        (await runTask(["status", "--data", data])).stdout,
        /sociopolitical .* sent .* 6/,
      );

      const forgotten = await runTask(["forget", "--data", data, "--json", uri("p3")]);
      assert.equal(forgotten.code, 0, forgotten.stderr);
      assert.deepEqual(JSON.parse(forgotten.stdout).removed_rows, { posts: 1, batches: 1 });
      const mapping = batchFiles(data).find((name) => name.endsWith(".posts.jsonl"))!;
      const about = await Deno.readTextFile(`${batchFolder(data)}/${mapping}`);
      assert.deepEqual([about.split("\n").length, about.includes(uri("p3"))], [6, false]);
      const left = numberedPosts(6).filter(({ name }) => name !== "p3").map((post) =>
        post.name === "p4" ? { ...post, text: "what the author says of it by now" } : post
      );
      await writeStudy(data, left);
      await changeCid(data);

      const landed = await label(data, server);
      assert.equal(landed.code, 4, landed.stderr);
      const { labelled, dropped, cost } = landed.summary.landed;
      assert.deepEqual([labelled, dropped, landed.summary.submitted.posts], [5, 1, 1]);
      assert.equal((await label(data, server)).code, 0);
      const rows = await query(
        data,
        `SELECT uri, count(*)::INTEGER AS n FROM ${LABELS} WHERE was_successfully_labeled
         GROUP BY uri ORDER BY uri`,
      );
      assert.deepEqual(
        rows.map(({ uri, n }) => [String(uri).split("/").at(-1), n]),
        [["p0", 1], ["p1", 1], ["p2", 1], ["p4", 2], ["p5", 1]],
      );
      assert.deepEqual([await listed(server, "files"), batchFiles(data)], [[], []]);
      assert.equal(paidTwice(server), 0);
      // What the dropped answer cost is spent all the same.
      const folder = `${data}/spending/sociopolitical`;
      const records = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
      assert.ok(records.some((name) => name.endsWith("-lost.json")), records.join());
      assert.ok(cost > 0);
    });
  }));

/** Give the changed post the cid of another version. */
async function changeCid(data: string): Promise<void> {
  const path = `${data}/posts/date=2026-06-01/posts.parquet`;
  await query(
    data,
    `COPY (SELECT * REPLACE (if(uri = '${uri("p4")}', 'cid-younger', cid) AS cid)
     FROM read_parquet('${path}', hive_partitioning = false)) TO '${path}.new' (FORMAT parquet)`,
  );
  await Deno.rename(`${path}.new`, path);
}
