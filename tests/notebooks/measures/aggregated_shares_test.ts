/** Compares what hourly cells say with the scan of posts and labels, weights and drawn hours included. */
import assert from "node:assert/strict";
import { CLASSIFIERS } from "../../../classifiers/list.ts";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { writeParquet } from "../../../etl/store/parquet.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { AGGREGATES } from "../../../etl/store/tables.ts";
import { aggregatedSharesByDay } from "../../../notebooks/measures/aggregated_shares.ts";
import { open } from "../../../notebooks/query/data.ts";
import { shareOfRange, sharesByDay } from "../../../notebooks/measures/measured_shares.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { DAYS, fillDrawn } from "../folders/drawn_folder.ts";
import { rounded } from "../numbers.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
const MEASURE = { view: "posts_dictionary", column: "is_political" };
const CELLS = { classifier: "dictionary", label: "is_political" };
const { sum_w_w: _w, sum_failed: _f, n_unsampled: _n, n_authors_labeled: _a, ...EARLIER } =
  AGGREGATES.columns;

/** Each hour has authors of its own. */
function fill(data: string): Promise<void> {
  return fillDrawn(data, {
    classifier: "dictionary",
    columns: CLASSIFIERS.dictionary.columns,
    perDay: (at) => 80 + 7 * at,
    did: (index) => `did:plc:${index % 2 ? "night" : "day"}${index * index % 13}`,
    hours: [0.25, 0.5],
    label_prob: 0.3,
    label: (index, at) => ({ is_political: (index * 7 + at) % 10 < 4 }),
  });
}

async function aggregate(data: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runTask(["aggregate", "--data", data, "--json"], CLOCK);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

Deno.test("cells give the shares, intervals and failures of the scan where hours were drawn", () =>
  withData(async (folder) => {
    await fill(folder);
    await aggregate(folder);
    const data = await open(folder);
    for (const source of [undefined, "firehose", "most_liked"] as const) {
      const scanned = await sharesByDay(data, MEASURE, { source });
      const found = await aggregatedSharesByDay(data, CELLS, { source });
      assert.deepEqual(rounded(found), rounded(scanned));
      assert.deepEqual(
        rounded(shareOfRange(found, { source })),
        rounded(shareOfRange(scanned, { source })),
      );
      if (source === "firehose") assert.ok(found[0]!.estimate.interval!.low > 0);
    }
  }));

// Invariant 13
Deno.test("cells of an earlier version are read, and counted again by the next aggregate", () =>
  withData(async (folder) => {
    await fill(folder);
    await aggregate(folder);
    const paths = new DataPaths(folder);
    {
      using database = await openDatabase(folder);
      for (const { path } of paths.files("aggregates")) {
        const earlier = { ...AGGREGATES, version: 1, columns: EARLIER };
        const old = `SELECT * FROM read_parquet('${path}', hive_partitioning = false)`;
        await writeParquet(database, earlier, old, path);
      }
    }
    const read = async () =>
      await aggregatedSharesByDay(await open(folder), CELLS, { source: "firehose" });
    const before = await read();
    const { days } = await aggregate(folder);
    assert.equal(days, DAYS.length);
    const after = await read();
    assert.deepEqual(
      rounded(before.map(({ estimate }) => estimate.value)),
      rounded(after.map(({ estimate }) => estimate.value)),
    );
    // What is not known of the size of the day makes intervals wider, never narrower.
    const [wide, narrow] = [before[0]!.estimate.interval!, after[0]!.estimate.interval!];
    assert.ok(wide.high - wide.low > narrow.high - narrow.low);
    assert.equal((await aggregate(folder)).days, 0);
  }));

Deno.test("cells of labels that were taken away are counted again", () =>
  withData(async (folder) => {
    await fill(folder);
    await aggregate(folder);
    await Deno.remove(`${folder}/labels/dictionary`, { recursive: true });
    assert.equal((await aggregate(folder)).days, DAYS.length);
    const [cells] = await query(
      folder,
      `SELECT count(*) FILTER (label <> 'posts') AS labelled, count(*) > 0 AS counted
       FROM read_parquet('{data}/aggregates/*/*.parquet')`,
    );
    assert.deepEqual(cells, { labelled: 0, counted: true });
  }));
