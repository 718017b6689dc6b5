import assert from "node:assert/strict";
import { parse } from "csv-parse";
import { ATTRIBUTES, COLUMNS } from "../../classifiers/clients/comment_analyzer.ts";
import { query, withData } from "../rows.ts";
import { runTask } from "../task.ts";
import { TEST_DATA } from "../test_data.ts";
import { label, LABELS, withAnalyzer, writeStudy } from "./perspective_run.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };

Deno.test({
  name: "the pilot posts get the probabilities that Perspective gave them in 2024" +
    (TEST_DATA ? "" : " (ignored: no test data)"),
  ignore: TEST_DATA === undefined,
  fn: () =>
    withData(async (data) => {
      const path = `${TEST_DATA}/pilot/posts.csv`;
      const rows: Record<string, string>[] = await Array.fromAsync(
        parse(await Deno.readTextFile(path), { columns: true }),
      );
      const scoresOf = (row: Record<string, string>) =>
        Object.fromEntries(
          Object.entries(ATTRIBUTES).filter(([, column]) => row[column])
            .map(([attribute, column]) => [attribute, Number(row[column])]),
        );
      const recorded = new Map(rows.map((row) => [row.text!, scoresOf(row)]));
      await writeStudy(data);
      for (const task of [["import", path], ["preprocess"]]) {
        const { code, stderr } = await runTask([...task, "--data", data], CLOCK);
        assert.equal(code, 0, stderr);
      }
      await withAnalyzer({ recorded }, async (server) => {
        const { code, stderr, summary } = await label(data, server, ["--all"], CLOCK);
        assert.equal(code, 0, stderr);
        assert.equal(summary.done, rows.length);
        assert.ok(summary.labelled > 150, JSON.stringify(summary));
        assert.deepEqual(
          [...server.answered.keys()].filter((text) => !recorded.has(text)),
          [],
          "a text came to the server otherwise than it was recorded",
        );
      });
      const labels = await query(
        data,
        // The file brings scores of its own, as another label set.
        `SELECT * FROM ${LABELS} WHERE was_successfully_labeled AND model IS NOT NULL`,
      );
      assert.ok(labels.length > 150);
      const byUri = new Map(rows.map((row) => [row.uri, row]));
      for (const found of labels) {
        const expected = scoresOf(byUri.get(String(found.uri))!);
        for (const [attribute, column] of Object.entries(ATTRIBUTES)) {
          assert.equal(found[column], expected[attribute] ?? null, column);
        }
        // Retired at the source; what was recorded of it is not asked for.
        assert.equal(found.prob_constructive, null);
      }
      assert.equal(Object.keys(COLUMNS).length, 22);
    }),
});
