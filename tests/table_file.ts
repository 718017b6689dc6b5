/** Writes tables that no task has made, such as labels of several label sets. */
import { literal } from "../etl/store/duckdb.ts";
import { writeParquet } from "../etl/store/parquet.ts";
import { toJson } from "../etl/store/json.ts";
import type { Table } from "../etl/store/tables.ts";
import { withDatabase } from "./rows.ts";

/** Write rows of a table to one Parquet file; columns that a row has not are null. */
export async function writeRows(
  table: Table,
  rows: Record<string, unknown>[],
  path: string,
): Promise<void> {
  const lines = await Deno.makeTempFile({ suffix: ".jsonl" });
  try {
    await Deno.writeTextFile(lines, rows.map((row) => `${toJson(withoutBigInts(row))}\n`).join(""));
    const columns = Object.entries(table.columns).map(([name, type]) =>
      `${literal(name)}: ${literal(type)}`
    );
    const select = `SELECT * FROM read_json(${literal(lines)}, format = 'newline_delimited',
      columns = {${columns.join(", ")}})`;
    await withDatabase((database) => writeParquet(database, table, select, path));
  } finally {
    await Deno.remove(lines);
  }
}

/** JSON has no word for a bigint; DuckDB reads its digits from a string. */
function withoutBigInts(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map((
      [name, value],
    ) => [name, typeof value === "bigint" ? `${value}` : value]),
  );
}
