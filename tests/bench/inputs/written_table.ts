import type { Database } from "../../../etl/store/duckdb.ts";
import { relation, writeParquet } from "../../../etl/store/parquet.ts";
import type { Table } from "../../../etl/store/tables.ts";

/** Write the rows of a query, which may lack columns of the table. */
export async function writeTable(
  database: Database,
  table: Table,
  query: string,
  path: string,
): Promise<void> {
  const all = `SELECT * FROM ${relation(table, [])} UNION ALL BY NAME (${query})`;
  await writeParquet(database, table, all, path);
}
