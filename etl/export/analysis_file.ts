import { removeLeftovers, replaceFile } from "../store/whole_file.ts";
import { type AnalysisColumn, csvValue, KEY_DIGITS } from "./analysis_column.ts";
import { type Database, literal, row } from "../store/duckdb.ts";
import { damage } from "../store/damage.ts";
import { rewriteParquet, tableOf, writeParquet } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
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
async function writeCsv(
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

/**
 * Remove rows of removed posts and accounts from the analysis files in the data folder; gives how many.
 *
 * Needs the temporary table `removed`. These files have no time within a day, so that posts of an account
 * from the day of its removal are removed too. Posts of hidden accounts stay.
 */
export async function purgeAnalyses(database: Database, paths: DataPaths): Promise<number> {
  let touched = 0;
  const removed = (column: string) =>
    `EXISTS (FROM removed WHERE left(subject_hash, ${KEY_DIGITS}) = ${column}
       AND removed_at >= date - INTERVAL 1 HOUR)`;
  const condition = `${removed("post_key")} OR ${removed("author_key")}`;
  for (const { path } of paths.files("exports")) {
    if (await damage(database, path) !== undefined) continue;
    const { matches } = await row<{ matches: number }>(
      database,
      `SELECT count(*) AS matches FROM read_parquet(${literal(path)}, hive_partitioning = false)
       WHERE ${condition}`,
    );
    if (matches === 0) continue;
    const left = `FROM read_parquet(${literal(path)}) WHERE NOT coalesce(${condition}, false)`;
    // The CSV first: if this is killed between the two, the Parquet file still shows the rows to remove.
    const csv = path.replace(/parquet$/, "csv");
    await writeCsv(database, await tableOf(database, path), left, csv);
    await rewriteParquet(
      database,
      path,
      `SELECT * FROM old WHERE NOT coalesce(${condition}, false)`,
    );
    touched += matches;
  }
  return touched;
}
