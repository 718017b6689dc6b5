/** Scores that an import brings, as labels of Perspective. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { open } from "../../../notebooks/query/data.ts";
import { label, outcomes, withAnalyzer, writeStudy } from "../../classifiers/perspective_run.ts";
import { uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { TEST_DATA } from "../../test_data.ts";
import { quarantined, rawRows, summaryOf } from "./firehose_run.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
const T = "2026-06-01T10:00:00Z";
const HEADER = "uri,created_at,text,coder,prob_toxic,prob_nuance,prob_hope,mood_label";
const LABELS = "read_parquet('{data}/labels/perspective/*/*.parquet')";

async function run(data: string, ...args: string[]) {
  const result = await runTask([...args, "--data", data, "--json"], CLOCK);
  assert.equal(result.code, 0, result.stderr);
  return result;
}

async function importCsv(data: string, rows: string[], ...args: string[]) {
  const path = `${data}/scored posts.csv`;
  await Deno.writeTextFile(path, [HEADER, ...rows, ""].join("\n"));
  return summaryOf(await run(data, "import", path, ...args));
}

function scores(data: string) {
  return query(
    data,
    `SELECT split_part(uri, '/', 5) AS post, prob_toxic, prob_nuance FROM ${LABELS} ORDER BY uri`,
  );
}

// Invariant 9
Deno.test("scores of an import are labels, and a cell that holds none costs that cell", () =>
  withData(async (data) => {
    const summary = await importCsv(data, [
      `${uri("a")},${T},one,,0,1.0,0.5,calm`,
      `${uri("b")},${T},two,,, 1e-05 ,,`,
      `${uri("c")},${T},three,,,,0.5,calm`,
      `${uri("d")},${T},four,,1.01,0.5,,calm`,
      `${uri("e")},${T},five,,-0.1,,,`,
      `${uri("f")},${T},six,,0.5,NaN,,`,
      `${uri("g")},${T},seven,,high,,,`,
      `${uri("h")},${T},eight,,0.2,0.25,,`,
      // Another coder's row of the same post repeats its scores; other scores are no second opinion.
      `${uri("a")},${T},one,bea,0,1.0,0.5,glad`,
      `${uri("a")},${T},one,cleo,0.1,1.0,0.5,glad`,
    ]);
    const set = summary.score_label_set_id;
    assert.deepEqual(
      [summary.rows, summary.new_posts, summary.labels, summary.scored_posts],
      [10, 8, 4, 5],
    );
    assert.deepEqual(summary.unreadable_cells, { prob_toxic: 3 });
    assert.deepEqual(
      [summary.score_columns, summary.kept_with_the_post],
      [["prob_toxic", "prob_nuance"], ["prob_hope"]],
    );
    assert.deepEqual(
      quarantined(data, "import").map(({ file, line, reason }) => [file, line, reason]),
      [
        ["scored posts.csv", 11, "scores_twice"],
      ],
    );
    assert.deepEqual(await scores(data), [
      { post: "a", prob_toxic: 0, prob_nuance: 1 },
      { post: "b", prob_toxic: null, prob_nuance: 0.00001 },
      { post: "d", prob_toxic: null, prob_nuance: 0.5 },
      { post: "f", prob_toxic: 0.5, prob_nuance: null },
      { post: "h", prob_toxic: 0.2, prob_nuance: 0.25 },
    ]);
    const [row] = await query(
      data,
      `SELECT * EXCLUDE (run_id, date) FROM ${LABELS} WHERE uri LIKE '%/h'`,
    );
    const known = Object.entries(row!).filter(([, value]) => value !== null);
    const parameters = '{"imported_as":"scored posts","columns":["prob_nuance","prob_toxic"]}';
    assert.deepEqual(Object.fromEntries(known), {
      uri: uri("h"),
      text_hash: createHash("sha256").update("eight").digest("hex").slice(0, 32),
      label_set_id: set,
      was_successfully_labeled: true,
      label_timestamp: row!.label_timestamp,
      parameters,
      prob_toxic: 0.2,
      prob_nuance: 0.25,
    });
    const sets = await query(data, "FROM '{data}/label_sets/perspective.parquet'");
    assert.equal(sets.length, 1);
    const { label_set_id, classifier_version, model, is_shown } = sets[0]!;
    assert.deepEqual([label_set_id, classifier_version, model, is_shown, sets[0]!.parameters], [
      set,
      "imported-1",
      null,
      true,
      parameters,
    ]);
  }));

// Invariant 1
Deno.test("scores that are imported again change nothing, and corrected ones take their place", () =>
  withData(async (data) => {
    const rows = [`${uri("a")},${T},one,,0.25,0.5,,`, `${uri("b")},${T},two,,0.75,,,`];
    const first = await importCsv(data, rows);
    const before = await query(data, `FROM ${LABELS} ORDER BY uri`);
    const second = await importCsv(data, rows);
    assert.equal(second.score_label_set_id, first.score_label_set_id);
    assert.deepEqual(await query(data, `FROM ${LABELS} ORDER BY uri`), before);
    await importCsv(data, [`${uri("a")},${T},one,,0.5,0.5,,`]);
    assert.deepEqual(await scores(data), [
      { post: "a", prob_toxic: 0.5, prob_nuance: 0.5 },
      { post: "b", prob_toxic: 0.75, prob_nuance: null },
    ]);
    const asked = await importCsv(data, rows, "--labels", "prob_toxic,prob_nuance");
    assert.deepEqual([asked.labels, asked.scored_posts, asked.score_columns], [2, 0, []]);
    const none = await importCsv(data, [`${uri("c")},${T},three,,,,,`]);
    assert.deepEqual([none.scored_posts, none.score_label_set_id], [0, null]);
  }));

// Invariant 6
Deno.test("imported scores and those that were asked for never mix, and the study says which are shown", () =>
  withData(async (data) => {
    const path = await writeStudy(data);
    const text = "a post that says something in English about the weather";
    const rows = ["a", "b"].map((name) => `${uri(name)},${T},${text} ${name},,0.25,,,`);
    const imported = (await importCsv(data, rows)).score_label_set_id;
    await run(data, "preprocess");
    const scored = async () =>
      (await (await open(data)).sql`
        SELECT label_set_id, min(prob_toxic) = 0.25 AND max(prob_toxic) = 0.25 AS as_imported,
          count(*) AS n, max(weight) AS weight
        FROM posts_perspective WHERE was_successfully_labeled GROUP BY label_set_id`)
        .objects() as Record<string, unknown>[];
    assert.deepEqual(await scored(), [
      { label_set_id: imported, as_imported: true, n: 2, weight: null },
    ]);
    await withAnalyzer({}, async (server) => {
      const asked = await label(data, server, ["--all"], CLOCK);
      assert.equal(asked.code, 0, asked.stderr);
      assert.equal(asked.summary.labelled, 2);
      assert.deepEqual(await outcomes(data), { labelled: 4 });
      const [now] = await scored();
      assert.notEqual(now!.label_set_id, imported);
      assert.deepEqual(now, { ...now, as_imported: false, n: 2, weight: 1 });
      const study = await Deno.readTextFile(path);
      await Deno.writeTextFile(
        path,
        study.replace(/^label_sets: .*$/m, `label_sets: { perspective: "${imported}" }`),
      );
      assert.equal((await label(data, server, [], CLOCK)).code, 0);
      assert.deepEqual((await scored()).map(({ label_set_id }) => label_set_id), [imported]);
      assert.equal([...server.answered.values()].reduce((sum, n) => sum + n, 0), 2);
    });
  }));

// Invariant 3
Deno.test("imported scores leave with their post, or stay as numbers under its hash", () =>
  withData(async (data) => {
    const study = await writeStudy(data);
    const rows = ["a", "b", "c"].map((name) => `${uri(name)},${T},text ${name},,0.25,,,`);
    await importCsv(data, rows);
    await run(data, "preprocess");
    await run(data, "forget", uri("a"), "--study", study);
    assert.deepEqual((await scores(data)).map(({ post }) => post), ["b", "c"]);
    const text = await Deno.readTextFile(study);
    await Deno.writeTextFile(
      study,
      text.replace("after_deletion: drop", "after_deletion: keep_numbers"),
    );
    await run(data, "forget", uri("b"), "--study", study);
    await run(data, "preprocess", "--study", study);
    const left = await query(
      data,
      `SELECT regexp_replace(uri, '^(deleted:).*', '\\1') AS uri, text_hash IS NULL AS is_emptied,
         prob_toxic FROM ${LABELS} ORDER BY uri`,
    );
    assert.deepEqual(left, [
      { uri: uri("c"), is_emptied: false, prob_toxic: 0.25 },
      { uri: "deleted:", is_emptied: true, prob_toxic: 0.25 },
    ]);
  }));

Deno.test({
  name: "the pilot study's probabilities come in as they stand (needs CIVICSKY_TEST_DATA)",
  ignore: TEST_DATA === undefined,
  fn: () =>
    withData(async (data) => {
      const summary = summaryOf(await run(data, "import", `${TEST_DATA}/pilot/posts.csv`));
      assert.equal(summary.scored_posts, 183);
      assert.equal(summary.score_columns.length, 12);
      assert.deepEqual(summary.kept_with_the_post, []);
      const found = new Map(
        (await query(data, `FROM ${LABELS}`)).map((row) => [String(row.uri), row]),
      );
      for (const { uri, record } of await rawRows(data, "import")) {
        for (const column of summary.score_columns) {
          assert.equal(found.get(uri)![column], Number(record[column]), column);
        }
      }
    }),
});
