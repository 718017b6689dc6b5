import { type Database, literal, row } from "../store/duckdb.ts";
import type { DataPaths, PartitionFile } from "../store/paths.ts";

/** The size of a table, as `status` shows it. */
export interface TableStatus {
  table: string;
  rows: number;
  days: number;
  megabytes: number;
  newest: string | null;
}

/** Name the tables of a data folder that status counts. */
export function tableNames(paths: DataPaths): string[] {
  return [
    ...paths.names("raw").map((name) => `raw/${name}`),
    "posts",
    ...paths.names("labels").map((name) => `labels/${name}`),
    ...paths.names("replicates").map((name) => `replicates/${name}`),
    "aggregates",
    "coverage",
    "runs",
  ];
}

/** Count the rows of a table from the ends of its files; a file of the ledger is one row. */
export async function tableStatus(
  database: Database,
  table: string,
  files: PartitionFile[],
): Promise<TableStatus> {
  const sizes = await Promise.all(files.map(async (file) => (await Deno.stat(file.path)).size));
  const days = new Set(files.map((file) => file.day));
  return {
    table,
    rows: table === "runs" ? files.length : await rowsOf(database, files),
    days: days.size,
    megabytes: Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1e4) / 100,
    newest: [...days].sort().at(-1) ?? null,
  };
}

async function rowsOf(database: Database, files: PartitionFile[]): Promise<number> {
  const { total } = await row<{ total: number }>(
    database,
    `SELECT sum(num_rows) AS total FROM parquet_file_metadata(${
      literal(files.map((file) => file.path))
    })`,
  );
  return total;
}
