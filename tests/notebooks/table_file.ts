/** Writes tables that no task has made, such as labels of several label sets. */
import { literal, openDatabase } from "../../etl/store/duckdb.ts";
import { writeParquet } from "../../etl/store/parquet.ts";
import type { Table } from "../../etl/store/tables.ts";

/** Write rows of a table to one Parquet file; columns that a row has not are null. */
export async function writeRows(
  data: string,
  table: Table,
  rows: Record<string, unknown>[],
  path: string,
): Promise<void> {
  using database = await openDatabase(data);
  const selects = rows.map((row) => {
    const columns = Object.entries(table.columns).map(([name, type]) =>
      `${literal(row[name])}::${type} AS "${name}"`
    );
    return `SELECT ${columns.join(", ")}`;
  });
  await writeParquet(database, table, selects.join(" UNION ALL "), path);
}
