import assert from "node:assert/strict";
import { LABEL_OF_POST, labelTable, mergeLabels } from "../../../etl/labels/label_file.ts";
import { type Database, literal, openDatabase, rows } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withData } from "../../rows.ts";

const DAY = "2026-06-01";
const TABLE = labelTable({ value: "INTEGER" });

interface LabelKey {
  cid: string | null;
  text_hash: string;
  coder?: string;
  label_set_id?: string;
}

async function merge(database: Database, paths: DataPaths, value: number, key: LabelKey) {
  const columns = { uri: "at://a/b/c", label_set_id: "set", coder: null, value, ...key };
  const select = Object.entries(columns).map(([name, item]) => `${literal(item)} AS ${name}`);
  await mergeLabels(database, paths, "human", TABLE, DAY, `SELECT ${select.join(", ")}`);
}

async function values(database: Database, paths: DataPaths): Promise<unknown[]> {
  const path = literal(paths.labels("human", DAY));
  return (await rows(database, `SELECT value FROM read_parquet(${path}) ORDER BY value`))
    .map((row) => row.value);
}

// Invariant 4
Deno.test("whatever labels come in whatever order, a post matches one label of a set and coder", () =>
  withData(async (data) => {
    const keys: LabelKey[] = [
      { cid: "c1", text_hash: "t" },
      { cid: "c2", text_hash: "t" },
      { cid: null, text_hash: "t" },
      { cid: "c3", text_hash: "u" },
    ];
    const orders = keys.flatMap((a) => keys.flatMap((b) => keys.map((c) => [a, b, c])));
    using database = await openDatabase(data);
    const paths = new DataPaths(data);
    for (const order of orders) {
      for (const [value, key] of order.entries()) await merge(database, paths, value, key);
      for (const post of keys) {
        const matches = await rows(
          database,
          `SELECT l.value FROM (SELECT 'at://a/b/c' AS uri, ${literal(post.cid)} AS cid,
             ${literal(post.text_hash)} AS text_hash) p
           JOIN read_parquet(${literal(paths.labels("human", DAY))}) l ON ${LABEL_OF_POST}`,
        );
        assert.ok(matches.length <= 1, `${JSON.stringify(order)} for ${JSON.stringify(post)}`);
      }
      await Deno.remove(paths.labels("human", DAY));
    }
  }));

Deno.test("a label of another set, coder or version stays beside the new one", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const paths = new DataPaths(data);
    await merge(database, paths, 1, { cid: "c1", text_hash: "t" });
    await merge(database, paths, 2, { cid: "c2", text_hash: "t" });
    await merge(database, paths, 3, { cid: "c1", text_hash: "t", coder: "anna" });
    await merge(database, paths, 4, { cid: "c1", text_hash: "t", label_set_id: "other" });
    assert.deepEqual(await values(database, paths), [1, 2, 3, 4]);
    await merge(database, paths, 5, { cid: "c1", text_hash: "t" });
    assert.deepEqual(await values(database, paths), [2, 3, 4, 5]);
  }));

Deno.test("columns that a label set of another codebook has stay in the day's file", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const paths = new DataPaths(data);
    const put = (column: string, set: string) =>
      mergeLabels(
        database,
        paths,
        "human",
        labelTable({ [column]: "DOUBLE" }),
        DAY,
        `SELECT 'at://a/b/c' AS uri, 'c1' AS cid, 't' AS text_hash, '${set}' AS label_set_id,
           0.5 AS ${column}`,
      );
    await put("score_wet", "one");
    await put("score_cold", "two");
    await put("score_wet", "three");
    const path = literal(paths.labels("human", DAY));
    assert.deepEqual(
      await rows(
        database,
        `SELECT label_set_id, score_wet, score_cold FROM read_parquet(${path}) ORDER BY ALL`,
      ),
      [
        { label_set_id: "one", score_wet: 0.5, score_cold: null },
        { label_set_id: "three", score_wet: 0.5, score_cold: null },
        { label_set_id: "two", score_wet: null, score_cold: 0.5 },
      ],
    );
  }));
