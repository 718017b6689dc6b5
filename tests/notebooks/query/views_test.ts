import assert from "node:assert/strict";
import { CHAT_COLUMNS } from "../../../classifiers/reply/reply_columns.ts";
import { labelTable } from "../../../etl/labels/label_file.ts";
import { ANSWER_COLUMNS } from "../../../etl/labels/paid_answer.ts";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { contents } from "../../../notebooks/query/contents.ts";
import { type Data, open } from "../../../notebooks/query/data.ts";
import { VIEWS } from "../../../notebooks/query/views.ts";
import { query, withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { DAY, fill, fillModel, fillPerspective, label, SHOWN } from "../folders/labelled_folder.ts";

const JOINED = `SELECT date::VARCHAR AS day, split_part(uri, '/', 5) AS post, is_political
  FROM posts_dictionary ORDER BY day, post`;
const WANTED = [
  { day: DAY, post: "changed import", is_political: null },
  { day: DAY, post: "edited", is_political: false },
  { day: DAY, post: "found again", is_political: true },
  { day: DAY, post: "imported", is_political: true },
  { day: DAY, post: "plain", is_political: true },
  { day: DAY, post: "unlabelled", is_political: null },
  { day: "2026-06-02", post: "plain", is_political: null },
];

Deno.test("a join gives each post once, with the label of its version, day and shown label set", () =>
  withData(async (data) => {
    await fill(data);
    const { sql } = await open(data);
    assert.deepEqual((await raw(sql, JOINED)).objects(), WANTED);
    const { days, n } = (await sql`
      SELECT count(DISTINCT date) AS days, count(*) AS n FROM posts_dictionary`).objects()[0] as {
      days: number;
      n: number;
    };
    assert.deepEqual([days, n], [2, WANTED.length]);
  }));

Deno.test("a view that is kept in memory has the same posts and labels, of the days it was kept for", () =>
  withData(async (data) => {
    await fill(data);
    await fillPerspective(data);
    for (const engine of ["wasm", "native"] as const) {
      const { sql, keep } = await open(data, { engine });
      const scores = `SELECT date, uri, reason, label_prob, prob_toxic FROM posts_perspective
        ORDER BY date, uri`;
      const before = (await raw(sql, scores)).objects();
      await keep("posts_dictionary");
      await keep("posts_perspective");
      assert.deepEqual((await raw(sql, JOINED)).objects(), WANTED);
      assert.deepEqual((await raw(sql, scores)).objects(), before);
      await keep("posts_dictionary", { since: "2026-06-02" });
      assert.deepEqual((await raw(sql, JOINED)).objects(), WANTED.slice(-1));
      assert.deepEqual((await raw(sql, scores)).objects(), before);
    }
  }));

Deno.test("the view of a classifier holds the shown label set and no other", () =>
  withData(async (data) => {
    await fill(data);
    const { sql } = await open(data);
    const sets = await sql`SELECT DISTINCT label_set_id FROM dictionary`;
    assert.deepEqual(sets.objects(), [{ label_set_id: SHOWN }]);
    const all = await sql`SELECT count(DISTINCT label_set_id) AS n FROM labels_dictionary`;
    assert.deepEqual(all.objects(), [{ n: 2 }]);
  }));

Deno.test("each post stands once with Perspective's scores, of the shown label set and no other scorer", () =>
  withData(async (data) => {
    await fill(data);
    await fillPerspective(data);
    const { sql } = await open(data);
    const joined = await sql`
      SELECT split_part(uri, '/', 5) AS post, was_successfully_labeled AS ok, reason, label_prob, weight,
        prob_toxic, prob_constructive
      FROM posts_perspective WHERE date = ${DAY}::DATE ORDER BY post`;
    const none = { ok: null, reason: null, label_prob: null, weight: null, prob_toxic: null };
    const wanted = [
      { post: "changed import", ...none },
      // What was scored is the version before.
      { post: "edited", ...none },
      { post: "found again", ...none, ok: true, prob_toxic: 0.25 },
      { post: "imported", ...none },
      { post: "plain", ok: true, reason: null, label_prob: 0.25, weight: 4, prob_toxic: 0.5 },
      { post: "unlabelled", ...none, ok: false, reason: "too_long", label_prob: 0.25, weight: 4 },
    ].map((row) => ({ ...row, prob_constructive: null }));
    assert.deepEqual(joined.objects(), wanted);
    const counts = await sql`
      SELECT (SELECT count(*) FROM labels_perspective) AS every, (SELECT count(*) FROM perspective) AS shown`;
    assert.deepEqual(counts.objects(), [{ every: 5, shown: 4 }]);
  }));

Deno.test("each post stands once with what the language model of the shown label set says of it", () =>
  withData(async (data) => {
    await fill(data);
    await fillModel(data);
    const { sql } = await open(data);
    const joined = await sql`
      SELECT split_part(uri, '/', 5) AS post, was_successfully_labeled AS ok, reason, weight,
        is_sociopolitical, lean, array_to_string(context_kinds, ' ') AS context
      FROM posts_sociopolitical WHERE date = ${DAY}::DATE ORDER BY post`;
    const none = { ok: null, reason: null, weight: null, is_sociopolitical: null, lean: null };
    const wanted = [
      { post: "changed import", ...none },
      // What was labelled is the version before.
      { post: "edited", ...none },
      { post: "found again", ...none, ok: true, is_sociopolitical: false },
      { post: "imported", ...none },
      { post: "plain", ...none, ok: true, weight: 4, is_sociopolitical: true, lean: "left" },
      { post: "unlabelled", ...none, ok: false, reason: "refused", weight: 4 },
    ].map((row) => ({ ...row, context: row.post === "plain" ? "alt_text" : null }));
    assert.deepEqual(joined.objects(), wanted);
    const counts = await sql`SELECT (SELECT count(*) FROM labels_sociopolitical) AS every,
      (SELECT count(*) FROM sociopolitical) AS shown, (SELECT count(*) FROM posts_attributes) AS posts,
      (SELECT count(*) FROM posts_sociopolitical) AS coded`;
    assert.deepEqual(counts.objects(), [{ every: 5, shown: 4, posts: 7, coded: 7 }]);
  }));

Deno.test("attributes that only another codebook has are columns too", () =>
  withData(async (data) => {
    await fill(data);
    await fillModel(data);
    await writeRows(
      labelTable({ score_hope: "DOUBLE", ...CHAT_COLUMNS, ...ANSWER_COLUMNS }),
      [label("plain", "c1", { is_political: undefined, label_prob: 0.5, score_hope: 0.75 })],
      new DataPaths(data).labels("attributes", "2026-06-02"),
    );
    const { sql } = await open(data);
    const scores = await sql`
      SELECT date::VARCHAR AS day, weight, score_toxic, score_respect, score_hope
      FROM posts_attributes WHERE was_successfully_labeled ORDER BY day`;
    assert.deepEqual(scores.objects(), [
      { day: DAY, weight: 4, score_toxic: 0.5, score_respect: 0.25, score_hope: null },
      { day: "2026-06-02", weight: 2, score_toxic: null, score_respect: null, score_hope: 0.75 },
    ]);
  }));

Deno.test("the contents of a data folder count the rows of every table", () =>
  withData(async (data) => {
    await fill(data);
    await fillPerspective(data);
    await fillModel(data);
    const opened = await open(data);
    const rows = (await contents(opened)).objects() as { table: string; rows: number }[];
    assert.equal(rows.length, opened.tables.length);
    for (const { table, rows: counted } of rows) {
      const [{ n }] = (await raw(opened.sql, `SELECT count(*) AS n FROM ${table}`)).objects() as [
        { n: number },
      ];
      assert.equal(counted, n, table);
    }
  }));

Deno.test("the recipe in the head of views.sql gives native DuckDB the same rows", () =>
  withData(async (data) => {
    await fill(data);
    using database = await openDatabase(data);
    await database.run(`SET file_search_path = '${data}'`);
    const missing: string[] = [];
    const text = await Deno.readTextFile(VIEWS);
    assert.match(text, /open\("notebooks\/views\.sql"\)\.read\(\)\.split\(";\\n"\)/);
    for (const statement of text.split(";\n")) {
      if (statement === "") continue;
      try {
        await database.run(statement);
      } catch (error) {
        missing.push((error as Error).message);
      }
    }
    // Nothing was collected in this folder but posts and labels of the dictionary.
    const ofTables = missing.filter((message) => /^IO Error: No files found/.test(message));
    const ofViews = missing.filter((message) =>
      /perspective|sociopolitical|attributes|windows|human/.test(message)
    );
    assert.equal(ofTables.length, 8);
    assert.equal(new Set([...ofTables, ...ofViews]).size, missing.length);
    const reader = await database.runAndReadAll(JOINED);
    assert.deepEqual(reader.getRowObjectsJS(), WANTED);
  }));

Deno.test("tables without files give empty views with the columns they will have", () =>
  withData(async (data) => {
    const empty = await open(data);
    assert.ok(empty.tables.every(({ files }) => files === 0));
    const joined = ["dictionary", "perspective", "sociopolitical", "attributes", "human"]
      .flatMap((classifier) => [classifier, `posts_${classifier}`]);
    const views = [...empty.tables.map(({ view }) => view), ...joined];
    const columns = async ({ sql }: Data, view: string) => {
      const table = await raw(
        sql,
        `SELECT column_name, data_type AS column_type
        FROM information_schema.columns WHERE table_name = '${view}' ORDER BY ordinal_position`,
      );
      return (table.objects() as { column_name: string; column_type: string }[])
        .map((row) => `${row.column_name} ${row.column_type}`);
    };
    const before = new Map<string, string[]>();
    for (const view of views) {
      const count = await raw(empty.sql, `SELECT count(*) AS n FROM ${view}`);
      assert.deepEqual(count.objects(), [{ n: 0 }], view);
      before.set(view, await columns(empty, view));
    }
    await fill(data);
    await fillPerspective(data);
    await fillModel(data);
    const filled = await open(data);
    const labels = joined.filter((view) => !view.startsWith("posts_")).map((view) =>
      `labels_${view}`
    );
    for (const view of ["posts", "label_sets", ...labels, ...joined]) {
      assert.deepEqual(await columns(filled, view), before.get(view), view);
    }
    assert.deepEqual(await query(data, "SELECT count(*) AS n FROM '{data}/posts/*/*.parquet'"), [
      { n: 7 },
    ]);
  }));

/** Run a query whose text is made here. */
function raw(sql: Data["sql"], text: string) {
  return sql(Object.assign([text], { raw: [text] }));
}
