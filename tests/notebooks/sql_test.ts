import assert from "node:assert/strict";
import { UserError } from "../../etl/run/error.ts";
import { openDatabase, rows } from "../../etl/store/duckdb.ts";
import { type Data, open } from "../../notebooks/query/data.ts";
import { identifier } from "../../notebooks/query/identifier.ts";
import { localTimeMacro } from "../../notebooks/query/local_time.ts";
import { withData } from "../rows.ts";

async function withEmpty(run: (data: Data) => Promise<void>): Promise<void> {
  await withData(async (folder) => run(await open(folder)));
}

Deno.test("a value of a query is bound and never read as SQL", () =>
  withEmpty(async ({ sql }) => {
    const texts = [
      "'; DROP VIEW posts; --",
      `O'Hara said "no" \\ %_ ? $1 \${x}`,
      "{{ </script> ]]>",
      "🗳️ 日本\n\t",
      "",
    ];
    for (const text of texts) {
      const table = await sql`SELECT ${text}::VARCHAR AS text, ${text} = ${text} AS is_equal`;
      assert.deepEqual(table.objects(), [{ text, is_equal: true }]);
    }
    assert.deepEqual((await sql`SELECT count(*) AS n FROM posts`).objects(), [{ n: 0 }]);
  }));

Deno.test("a name is one column or table, whatever characters it has", () =>
  withEmpty(async ({ sql }) => {
    const hostile = identifier('a" FROM posts; --');
    const table = await sql`SELECT ${hostile} AS value FROM (SELECT ${"x"}::VARCHAR AS ${hostile})`;
    assert.deepEqual(table.objects(), [{ value: "x" }]);
    assert.deepEqual((await sql`SELECT count(*) AS n FROM ${identifier("posts")}`).objects(), [{
      n: 0,
    }]);
  }));

Deno.test("times of a zone are what its clocks show, before and after they change", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const zones = [
      "UTC",
      "America/New_York",
      "Europe/Berlin",
      "Asia/Kathmandu",
      "Australia/Lord_Howe",
    ];
    for (const zone of zones) {
      await database.run(localTimeMacro(zone, ["2026-03-01", "2026-11-30"]));
      const found = await rows<{ n: number; wrong: number }>(
        database,
        `SELECT count(*) AS n, count(*) FILTER (
           local_time(utc) <> (utc AT TIME ZONE 'UTC') AT TIME ZONE '${zone}') AS wrong
         FROM (SELECT unnest(generate_series(TIMESTAMP '2026-03-01', TIMESTAMP '2026-11-30',
           INTERVAL 15 MINUTE)) AS utc)`,
      );
      assert.deepEqual(found, [{ n: 26_305, wrong: 0 }], zone);
    }
  }));

Deno.test("nulls, booleans, dates and numbers of any size are bound as what they are", () =>
  withEmpty(async ({ sql }) => {
    const date = new Date("2026-06-01T23:59:59.123Z");
    const table = await sql`SELECT
      ${null}::VARCHAR IS NULL AS is_null,
      ${true}::BOOLEAN AS yes,
      ${date}::TIMESTAMP AS time,
      ${date}::TIMESTAMP > ${"2026-06-01 23:59:59"}::TIMESTAMP AS is_later,
      ${1.5}::DOUBLE AS number,
      ${9_223_372_036_854_775_807n}::BIGINT AS big,
      ${9_007_199_254_740_991}::BIGINT AS safe`;
    assert.deepEqual(table.objects(), [{
      is_null: true,
      yes: true,
      time: date,
      is_later: true,
      number: 1.5,
      big: 9_223_372_036_854_775_807n,
      safe: 9_007_199_254_740_991,
    }]);
  }));

Deno.test("a column has numbers where all of its 64-bit integers fit, and bigints where not", () =>
  withEmpty(async ({ sql }) => {
    const table = await sql`
      SELECT * FROM (VALUES (1::BIGINT, 1::BIGINT, 1::HUGEINT), (NULL, 9007199254740993, 2))
      AS t(fits, exceeds, sum) ORDER BY exceeds`;
    assert.deepEqual(table.objects(), [
      { fits: 1, exceeds: 1n, sum: 1 },
      { fits: null, exceeds: 9_007_199_254_740_993n, sum: 2 },
    ]);
  }));

Deno.test("lists are arrays, maps are Maps, dates and timestamps are Dates", () =>
  withEmpty(async ({ sql }) => {
    const table = await sql`SELECT ['a', 'b'] AS words, [1, 2]::BIGINT[] AS counts,
      [0.5, 1] AS shares, []::VARCHAR[] AS none, NULL::VARCHAR[] AS missing,
      MAP(['economy', 'x'], [1.5, 2.0]) AS scores, DATE '2026-06-01' AS day,
      TIMESTAMP '2026-06-01 10:00:00.123' AS time, NULL::TIMESTAMP AS never`;
    const row = table.objects()[0] as Record<string, unknown>;
    assert.deepEqual(row.words, ["a", "b"]);
    assert.deepEqual((row.counts as unknown[]).map(Number), [1, 2]);
    assert.deepEqual((row.shares as unknown[]).map(Number), [0.5, 1]);
    assert.deepEqual(row.none, []);
    assert.equal(row.missing, null);
    assert.deepEqual(row.scores, new Map([["economy", 1.5], ["x", 2]]));
    assert.deepEqual(row.day, new Date("2026-06-01T00:00:00Z"));
    assert.deepEqual(row.time, new Date("2026-06-01T10:00:00.123Z"));
    assert.equal(row.never, null);
  }));

Deno.test("a wrong query and a wrong value say so without what the value was", () =>
  withEmpty(async ({ sql }) => {
    await assert.rejects(sql`SELECT * FROM nowhere`, /^Error: Cannot run the query: .*nowhere/);
    await assert.rejects(sql`SELECT ${"a secret post"}::INTEGER AS n`, (error: Error) => {
      assert.match(error.message, /^Cannot run the query: Conversion Error/);
      assert.doesNotMatch(`${error.message} ${error.cause}`, /secret/);
      return true;
    });
  }));

Deno.test("a folder that is not there is an error that names it", () =>
  withData(async (data) => {
    await assert.rejects(open(`${data}/nowhere`), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.message, `Cannot open the data: there is no folder ${data}/nowhere`);
      return true;
    });
    await Deno.writeTextFile(`${data}/file`, "");
    await assert.rejects(open(`${data}/file`), UserError);
  }));

Deno.test("files that are replaced while a notebook is open are read anew by the next one", () =>
  withData(async (data) => {
    const path = `${data}/runs/date=2026-06-01`;
    await Deno.mkdir(path, { recursive: true });
    using database = await openDatabase(data);
    for (const n of [1, 2_000]) {
      await database.run(`COPY (SELECT range::VARCHAR AS run_id FROM range(${n}))
        TO '${path}/part-0.parquet.new' (FORMAT parquet)`);
      await Deno.rename(`${path}/part-0.parquet.new`, `${path}/part-0.parquet`);
      const { sql } = await open(data);
      const table = await sql`SELECT count(*) AS n, max(length(run_id)) AS longest FROM runs`;
      assert.deepEqual(table.objects(), [{ n, longest: String(n - 1).length }]);
    }
  }));
