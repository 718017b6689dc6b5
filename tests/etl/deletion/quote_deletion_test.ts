import assert from "node:assert/strict";
import { labelTable } from "../../../etl/labels/label_file.ts";
import { ANSWER_COLUMNS } from "../../../etl/labels/paid_answer.ts";
import { rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { runTask } from "../../task.ts";

const OTHER = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
const DAY = "2026-06-01";

// Invariant 11
Deno.test("what a model wrote about a post that answers or quotes a removed one is emptied, its numbers stay", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const at = `${DAY} 10:00:00`;
    // What each names, and which of it the model was shown.
    const references: Record<string, Record<string, string>> = {
      parent: {},
      reply: { reply_parent_uri: uri("parent"), reply_root_uri: uri("root") },
      deep: { reply_parent_uri: uri("reply"), reply_root_uri: uri("parent") },
      quoting: { quoted_uri: uri("q", OTHER) },
      unshown: { reply_parent_uri: uri("parent"), quoted_uri: uri("stays") },
      alone: { reply_parent_uri: uri("stays") },
    };
    await folder.raw(
      "firehose",
      DAY,
      `a.${DAY}_${DAY}`,
      Object.entries(references).map(([rkey, row]) => ({
        uri: uri(rkey),
        cid: rkey,
        event_time: at,
        ...row,
      })),
    );
    const shown: Record<string, string[] | null> = {
      parent: [],
      reply: ["reply_root", "reply_parent"],
      deep: ["reply_root"],
      quoting: null,
      unshown: ["quoted_post"],
      alone: ["reply_parent"],
    };
    const table = labelTable({
      is_rude: "BOOLEAN",
      reason_text: "VARCHAR",
      context_kinds: "VARCHAR[]",
      ...ANSWER_COLUMNS,
    });
    const labels = Object.keys(references).map((rkey) => ({
      uri: uri(rkey),
      cid: rkey,
      is_rude: true,
      reason_text: `it says marker of ${rkey}`,
      context_kinds: shown[rkey],
      request_hash: rkey,
      answer: rkey === "deep" ? null : `marker of ${rkey}`,
    }));
    await writeRows(table, labels, folder.paths.labels("tone", DAY));
    await writeRows(table, labels, folder.paths.replicates("tone", DAY));
    const preprocess = async () => {
      const { code, stdout, stderr } = await runTask(["preprocess", "--data", data, "--json"]);
      assert.equal(code, 0, stderr);
      const { removed_rows, emptied_answers } = JSON.parse(stdout);
      return [removed_rows, emptied_answers];
    };
    assert.deepEqual(await preprocess(), [0, 0]);
    await folder.tombstone("2026-06-02", "t", [
      { subject: uri("parent"), at: "2026-06-01 11:00:00" },
      { subject: OTHER, at: "2026-06-02 11:00:00" },
    ]);
    // The parent in raw, labels and replicates; three that were shown it or the quoted post, in two tables.
    assert.deepEqual(await preprocess(), [3, 2 * 3]);
    for (const name of ["labels", "replicates"]) {
      const left = await query(
        data,
        `SELECT cid, is_rude, reason_text, request_hash, answer
         FROM read_parquet('{data}/${name}/tone/*/*.parquet') ORDER BY cid`,
      );
      const whole = (rkey: string) => ({
        cid: rkey,
        is_rude: true,
        reason_text: `it says marker of ${rkey}`,
        request_hash: rkey,
        answer: `marker of ${rkey}`,
      });
      const emptied = (rkey: string) => ({ ...whole(rkey), reason_text: null, answer: null });
      assert.deepEqual(left, [
        whole("alone"),
        emptied("deep"),
        emptied("quoting"),
        emptied("reply"),
        whole("unshown"),
      ]);
    }
    assert.deepEqual(await preprocess(), [0, 0], "nothing is emptied twice");
    // A damaged file keeps no other from being emptied.
    await Deno.truncate(folder.paths.replicates("tone", DAY), 100);
    const forgotten = await runTask(["forget", uri("stays"), "--data", data]);
    assert.match(
      forgotten.stdout,
      /\nEmptied: what models wrote in 2 labels of replies to deleted posts and quotes of/,
    );
  }));
