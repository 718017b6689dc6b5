import assert from "node:assert/strict";
import { landBatch } from "../../../classifiers/batch/batch_landing.ts";
import { LabellingCounts } from "../../../classifiers/engine/labelling_counts.ts";
import type { PaidClassifier } from "../../../classifiers/engine/paid_classifier.ts";
import { recordSpending, spentThisMonth } from "../../../etl/answers/spending.ts";
import { batchPaths, type OpenBatch, storeBatch } from "../../../etl/batches/open_batch.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { uri } from "../../raw.ts";
import { lines as quarantinedLines } from "../../etl/store/quarantined_lines.ts";
import { withData } from "../../rows.ts";

const SET = "0123456789abcdef";
const LINES = 1200;
const BATCH: OpenBatch = {
  ...{ name: "20260601-1", classifier: "sociopolitical", label_set_id: SET, stage: "created" },
  ...{ host: "h", folder: null, model: "m", posts: LINES, requests: LINES, cost: 1 },
  ...{ written_at: "2026-06-01T00:00:00Z", file_id: "f", batch_id: "b", status: null },
  ...{ looked_at: null, answered: 0, expires_at: null },
};
/** Each answer costs a cent. */
const classifier = {
  name: "sociopolitical",
  used: () => ({ tokens: 1, cost: 0.01 }),
  read: () => ({}),
} as unknown as PaidClassifier;

Deno.test("a batch that lands a second time, after a crash amid the first, costs once", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    await Deno.mkdir(paths.batches("sociopolitical", SET), { recursive: true });
    await storeBatch(paths, BATCH);
    const ids = Array.from({ length: LINES }, (_, index) => `id-${index}`);
    await Deno.writeTextFile(
      batchPaths(paths.batches("sociopolitical", SET), BATCH.name).posts,
      ids.slice(1).map((custom_id) =>
        JSON.stringify({
          ...{ custom_id, date: "2026-06-01", uri: uri(custom_id), cid: "c", text_hash: "t" },
          ...{ request_hash: custom_id, is_repeated: false },
        }) + "\n"
      ).join(""),
    );
    const land = async (until: number) => {
      const lines = async function* () {
        for (const [index, custom_id] of ids.entries()) {
          if (index === until) throw new Error("the run died");
          yield JSON.stringify({ custom_id, response: { status_code: 200, body: {} } });
        }
        yield "no line";
      };
      const counts = new LabellingCounts();
      const options = { paths, classifier, batch: BATCH, runId: "r", counts };
      const landed = await landBatch(options, lines());
      return { counts, landed };
    };
    await assert.rejects(land(1100), /the run died/);
    await recordSpending(paths, "sociopolitical", SET);
    const partly = await spentThisMonth(paths, "sociopolitical");
    assert.ok(Math.abs(partly - 9.99) < 1e-6, `${partly}`);
    const { counts, landed } = await land(LINES);
    assert.deepEqual(landed, { dropped: 1, unreadable: 1, missing: 0, fatal: undefined });
    assert.equal(counts.labelled, LINES - 1);
    await recordSpending(paths, "sociopolitical", SET);
    const spent = await spentThisMonth(paths, "sociopolitical");
    assert.ok(Math.abs(spent - LINES / 100) < 1e-6, `${spent}`);
  }));

// Invariant 9
Deno.test("of two lines about a request the one with an answer counts, and what cannot be read is set aside", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    await Deno.mkdir(paths.batches("sociopolitical", SET), { recursive: true });
    await storeBatch(paths, BATCH);
    const ids = ["first", "last", "refused", "broken"];
    await Deno.writeTextFile(
      batchPaths(paths.batches("sociopolitical", SET), BATCH.name).posts,
      ids.map((custom_id) =>
        JSON.stringify({
          ...{ custom_id, date: "2026-06-01", uri: uri(custom_id), cid: "c", text_hash: "t" },
          ...{ request_hash: custom_id, is_repeated: false },
        }) + "\n"
      ).join(""),
    );
    const answer = (custom_id: string) =>
      JSON.stringify({ custom_id, response: { status_code: 200, body: {} } });
    const error = (custom_id: string) =>
      JSON.stringify({
        custom_id,
        response: { status_code: 400, body: { error: { message: "no" } } },
      });
    const broken = answer("broken").slice(0, -3);
    const lines = async function* () {
      yield* [error("last"), answer("first"), error("first"), answer("last"), error("refused")];
      yield* [broken, "{", answer("unknown")];
    };
    const counts = new LabellingCounts();
    const options = { paths, classifier, batch: BATCH, runId: "r", counts };
    const { unreadable, missing, dropped } = await landBatch(options, lines());
    assert.deepEqual([unreadable, missing, dropped], [2, 1, 1]);
    assert.deepEqual([counts.labelled, counts.failed], [2, { rejected: 1 }]);
    const aside = await quarantinedLines(paths);
    assert.deepEqual(aside.map(({ reason, uri, line, bytes }) => [reason, uri, line, bytes]), [
      ["unreadable_line", uri("broken"), 6, broken.length],
      ["unreadable_line", undefined, 7, 0],
    ]);
  }));
