import assert from "node:assert/strict";
import { ANSWER_COLUMNS } from "../../../etl/labels/paid_answer.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { ANCHORS, REPLICATES, withColumns } from "../../../etl/store/tables.ts";
import { rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { runTask } from "../../task.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

const SET = "0123456789abcdef";

// Invariant 11
for (const after of ["drop", "keep_numbers"]) {
  Deno.test(`deleted posts leave anchors, replicates and answers about them, by after_deletion ${after}`, () =>
    withData(async (data) => {
      const folder = await rawFolder(data);
      const paths = new DataPaths(data);
      const study = `${data}/study.yaml`;
      const text = await Deno.readTextFile(SHIPPED_STUDY);
      await Deno.writeTextFile(study, text.replace("deletion: drop", `deletion: ${after}`));
      const names = ["deleted", "stays"];
      const at = "2026-06-01 10:00:00";
      await folder.raw(
        "firehose",
        "2026-06-01",
        "a.2026-06-01_2026-06-01",
        names.map((name) => ({ uri: uri(name), cid: `cid-${name}`, event_time: at })),
      );
      const posts = names.map((name) => ({
        uri: uri(name),
        cid: `cid-${name}`,
        text_hash: `hash-${name}`,
        label_set_id: SET,
      }));
      const anchors = posts.map((post) => ({ ...post, date: "2026-06-01" }));
      await writeRows(ANCHORS, anchors, paths.anchors("tone"));
      const table = withColumns(REPLICATES, {
        ...ANSWER_COLUMNS,
        reason_text: "VARCHAR",
        is_rude: "BOOLEAN",
      });
      const replicates = posts.map((post) => ({
        ...post,
        round: 1,
        was_successfully_labeled: true,
        answer: `what was said of ${post.cid}`,
        request_hash: "a",
        reason_text: `because of ${post.cid}`,
        is_rude: true,
      }));
      await writeRows(table, replicates, paths.replicates("tone", "2026-06-03"));
      const answers = paths.replicateAnswers("tone", SET);
      await Deno.mkdir(answers, { recursive: true });
      await Deno.writeTextFile(
        `${answers}/a.jsonl`,
        posts.map((post) => JSON.stringify({ round: 2, ...post, answer: "x" }) + "\n").join(""),
      );
      await folder.tombstone("2026-06-02", "t", [
        { subject: uri("deleted"), at: "2026-06-01 11:00:00" },
      ]);
      const { code, stdout, stderr } = await runTask(
        ["preprocess", "--data", data, "--study", study, "--json"],
        { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" },
      );
      assert.equal(code, 0, stderr);
      // Of raw, anchors, replicates and the segment.
      assert.equal(JSON.parse(stdout).removed_rows, 4, stdout);
      const left = await query(data, "SELECT uri FROM read_parquet('{data}/anchors/*.parquet')");
      assert.deepEqual(left, [{ uri: uri("stays") }]);
      const said = await query(
        data,
        `SELECT regexp_replace(uri, '[0-9a-f]{64}', '…') AS uri, cid, text_hash, answer,
           request_hash, reason_text, is_rude, round
         FROM read_parquet('{data}/replicates/*/*/*.parquet') ORDER BY cid NULLS LAST`,
      );
      const none = {
        cid: null,
        text_hash: null,
        answer: null,
        request_hash: null,
        reason_text: null,
      };
      const numbers = { uri: "deleted:…", ...none, is_rude: true, round: 1 };
      assert.equal(said[0]!.uri, uri("stays"));
      assert.deepEqual(said.slice(1), after === "drop" ? [] : [numbers]);
      const lines = (await Deno.readTextFile(`${answers}/a.jsonl`)).trim().split("\n");
      assert.deepEqual(lines.map((line) => JSON.parse(line).uri), [uri("stays")]);
    }));
}
