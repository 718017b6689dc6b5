import assert from "node:assert/strict";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { literal, openDatabase } from "../etl/store/duckdb.ts";
import { toTable } from "../notebooks/query/arrow.ts";
import { connect } from "../notebooks/query/duckdb.ts";
import { rawFolder, uri } from "./raw.ts";
import { withData } from "./rows.ts";
import { runTask } from "./task.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00.250Z" };
const TABLES = [
  "raw/firehose",
  "raw/most_liked",
  "raw/import",
  "raw/tombstones",
  "raw/counts",
  "raw/context",
  "posts",
  "labels/dictionary",
  "labels/human",
  "label_sets",
  "aggregates",
  "coverage",
  "runs",
];

Deno.test("DuckDB-WASM 1.28, native DuckDB and hyparquet read equal rows from every table", () =>
  withData(async (data) => {
    const { paths } = await fill(data);
    using native = await openDatabase(data);
    const wasm = await connect();
    for (const table of TABLES) {
      const files = paths.files(table);
      assert.ok(files.length > 0, `${table} has no file`);
      for (const { path } of files) {
        const scan = `SELECT * FROM read_parquet(${literal(path)}, hive_partitioning = false)`;
        const byNative = (await native.runAndReadAll(scan)).getRowObjectsJS().map(plainRow);
        const byWasm = toTable(wasm.query(scan)).objects().map((row) => plainRow(row as object));
        const file = await asyncBufferFromFile(path);
        const byHyparquet = (await parquetReadObjects({ file, compressors })).map(plainRow);
        assert.ok(byNative.length > 0, `${path} has no row`);
        assert.deepEqual(byWasm, byNative, `${path} by DuckDB-WASM`);
        assert.deepEqual(byHyparquet, byNative, `${path} by hyparquet`);
      }
    }
  }));

async function fill(data: string) {
  const folder = await rawFolder(data);
  await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", [
    {
      uri: uri("1"),
      cid: "c1",
      cursor: 9_007_199_254_740_991n,
      event_time: "2026-06-01 10:00:00.123",
      created_at: "0001-01-01T00:00:00.000Z",
      text: 'The senate votes 🗳️ «tonight»\n\ton "the bill", it\'s late \u0000 for 日本',
      langs: ["en", "ja"],
      image_alts: ["one", "two 👩‍👩‍👧"],
      hashtags: [],
    },
    { uri: uri("2"), event_time: "2026-06-01 11:00:00", text: "", langs: null },
    { uri: uri("3"), event_time: "2026-06-01 12:00:00", created_at: "yesterday" },
  ]);
  await folder.raw("most_liked", "2026-06-01", "b.2026-06-01_2026-06-01", [
    { uri: uri("3"), event_time: "2026-06-01 12:00:01", rank: 1, like_count: 12, feed: "f" },
  ]);
  await folder.tombstone("2026-06-01", "t", [{ subject: uri("9"), at: "2026-06-01 13:00:00" }]);
  await folder.counts("2026-06-03", "d.2026-06-01_2026-06-01", [
    {
      uri: uri("3"),
      event_time: "2026-06-01 12:00:00",
      seen_at: "2026-06-03 12:00:00",
      like_count: 9,
    },
  ]);
  await folder.contexts("2026-06-01", "e", [
    {
      uri_hash: "a",
      status: "found",
      uri: uri("8"),
      text: "no\u0000post of ours",
      image_alts: ["x"],
    },
    { uri_hash: "b", status: "not_found", seen_at: "2026-06-01 12:00:00" },
  ]);
  await folder.coverage("2026-06-01", "c", ["2026-06-01 10:00:00"]);
  await Deno.writeTextFile(
    `${data}/coded.csv`,
    `uri,created_at,text,like_count,civic_label,coder\n` +
      `${uri("4")},2026-05-01T08:00:00Z,"A long text, with a comma",7,civic,anna\n` +
      `${uri("4")},2026-05-01T08:00:00Z,"A long text, with a comma",7,not civic,ben\n`,
  );
  for (
    const args of [["import", `${data}/coded.csv`], ["preprocess"], ["classify:dictionary"], [
      "aggregate",
    ]]
  ) {
    const { code, stderr } = await runTask([...args, "--data", data], CLOCK);
    assert.equal(code, 0, stderr);
  }
  return folder;
}

const MAP_COLUMNS = ["category_scores", "labels"];

/** Give a row in one form, whatever types a reader has for times, 64-bit integers, lists and maps. */
function plainRow(row: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) =>
      MAP_COLUMNS.includes(name) ? [name, plainMap(value)] : [name, plain(value)]
    ),
  );
}

function plain(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  return value;
}

function plainMap(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (Array.isArray(value)) return Object.fromEntries(value.map(({ key, value }) => [key, value]));
  return plain(value);
}
