import { removeLeftovers, replaceFile } from "../store/whole_file.ts";
import { type AnalysisColumn, csvValue } from "./analysis_column.ts";
import { type Database, literal } from "../store/duckdb.ts";
import { writeParquet } from "../store/parquet.ts";
import type { Table } from "../store/tables.ts";

/** Give the table of an analysis file; files say in their metadata that they are one. */
export function analysisTable(columns: Pick<AnalysisColumn, "name" | "type">[]): Table {
  return {
    folder: "exports",
    version: 1,
    columns: Object.fromEntries(columns.map(({ name, type }) => [name, type])),
  };
}

/**
 * Write an analysis file as Parquet and as CSV from parts with the same columns, in their order.
 *
 * Each is written beside its place and renamed. Gives the number of rows.
 */
export async function writeAnalysis(
  database: Database,
  columns: AnalysisColumn[],
  parts: string[],
  files: { parquet: string; csv: string },
): Promise<number> {
  const table = analysisTable(columns);
  await removeLeftovers(files.parquet);
  await removeLeftovers(files.csv);
  const query = `SELECT * FROM read_parquet(${literal(parts)}, hive_partitioning = false)`;
  const rows = await writeParquet(database, table, query, files.parquet);
  await writeCsv(database, table, `FROM read_parquet(${literal(files.parquet)})`, files.csv);
  return rows;
}

/** Write rows of an analysis file as CSV; `from` is the rest of the query. */
export async function writeCsv(
  database: Database,
  { columns }: Table,
  from: string,
  csv: string,
): Promise<void> {
  const values = Object.entries(columns).map(([name, type]) => csvValue(name, type));
  await replaceFile(csv, (beside) =>
    database.run(
      `COPY (SELECT ${values.join(", ")} ${from}) TO ${literal(beside)} (FORMAT csv, HEADER)`,
    ));
}
