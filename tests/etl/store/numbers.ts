import assert from "node:assert/strict";
import { type Database, literal, row } from "../../../etl/store/duckdb.ts";
import type { Table } from "../../../etl/store/tables.ts";

/** A small table for the tests of what writes and reads tables. */
export const NUMBERS: Table = {
  folder: "numbers",
  version: 7,
  columns: { version: "BIGINT", number: "BIGINT" },
};

/** Rows of a version. */
export const ROWS = 20_000;
/** Give a query of all rows of a version. */
export const whole = (version: number) =>
  `SELECT ${version} AS version, range AS number FROM range(${ROWS})`;

/** Give the version that a file holds, having checked that it holds all of it. */
export async function versionOf(database: Database, path: string): Promise<number> {
  const file = await row<{ n: number; first: number; last: number }>(
    database,
    `SELECT count(*) AS n, min(version) AS first, max(version) AS last
     FROM read_parquet(${literal(path)})`,
  );
  assert.equal(file.n, ROWS);
  assert.equal(file.first, file.last);
  return file.first;
}
