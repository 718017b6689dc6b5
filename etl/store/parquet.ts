import { describeError, isReadOnly, READ_ONLY, UserError } from "../run/error.ts";
import { type Database, literal, row, rows } from "./duckdb.ts";
import { replaceFile } from "./whole_file.ts";
import type { Table } from "./tables.ts";

/**
 * Write the rows of a query as one Parquet file of a table (zstd, schema version in its metadata).
 *
 * It replaces the file as a whole (`replaceFile`). `query` must give
 * every column of the table under its name; types are cast. `rowsAGroup` rows are held in memory
 * before they are written, where it is given. Gives the number of rows.
 * Throws where a column is missing or the disk is full; the old file then still stands.
 */
export async function writeParquet(
  database: Database,
  table: Table,
  query: string,
  path: string,
  rowsAGroup?: number,
): Promise<number> {
  const columns = Object.entries(table.columns).map(([name, type]) =>
    `"${name}"::${type} AS "${name}"`
  );
  const metadata = `{civicsky_table: ${
    literal(table.folder)
  }, civicsky_schema_version: '${table.version}'}`;
  const size = rowsAGroup ?? table.rowsAGroup;
  const group = size === undefined ? "" : `ROW_GROUP_SIZE ${size},`;
  try {
    return await replaceFile(path, async (beside) => {
      const written = await database.run(
        `COPY (SELECT ${columns.join(", ")} FROM (${query})) TO ${literal(beside)}
         (FORMAT parquet, COMPRESSION zstd, ${group} KV_METADATA ${metadata})`,
      );
      return written.rowsChanged;
    });
  } catch (cause) {
    if (isReadOnly(cause)) {
      throw new UserError(`write ${path}`, "the file system is read-only", READ_ONLY, { cause });
    }
    if (
      !/no space left|disk full|quota exceeded|could not write|ENOSPC/i.test(describeError(cause))
    ) {
      throw cause;
    }
    throw new UserError(
      `write ${path}`,
      "the disk is full",
      "Free some space and run the task again; nothing that was collected is lost",
      { cause },
    );
  }
}

/**
 * Give an SQL relation over Parquet files with the columns of a table.
 *
 * Columns that older files lack are null; no files give no rows. `extra` names columns that files
 * have beyond the table's.
 */
export function relation(table: Table, files: string[], extra: string[] = []): string {
  const columns = Object.entries(table.columns);
  const typed = columns.map(([name, type]) => `NULL::${type} AS "${name}"`);
  const none = `SELECT ${typed.join(", ")} LIMIT 0`;
  if (files.length === 0) return `(${none})`;
  const names = [...columns.map(([name]) => name), ...extra].map((name) => `"${name}"`).join(", ");
  return `(SELECT ${names} FROM ((${none}) UNION ALL BY NAME
    SELECT * FROM read_parquet(${
    literal(files)
  }, union_by_name = true, hive_partitioning = false)))`;
}

/** Give the table named in a Parquet file's metadata, with the file's real columns. */
export async function tableOf(database: Database, path: string): Promise<Table> {
  const metadata = await rows<{ key: string; value: string }>(
    database,
    `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata(${literal(path)})`,
  );
  const said = Object.fromEntries(metadata.map(({ key, value }) => [key, value]));
  const columns = await rows<{ column_name: string; column_type: string }>(
    database,
    `DESCRIBE SELECT * FROM read_parquet(${literal(path)}, hive_partitioning = false)`,
  );
  return {
    folder: said.civicsky_table ?? "",
    version: Number(said.civicsky_schema_version ?? 0),
    columns: Object.fromEntries(columns.map((column) => [column.column_name, column.column_type])),
  };
}

/**
 * Write a Parquet file again with the rows that a query makes of it; without a row it is removed.
 *
 * The query reads the file as `old`. Gives how many rows fewer there are.
 */
export async function rewriteParquet(
  database: Database,
  path: string,
  query: string,
): Promise<number> {
  const table = await tableOf(database, path);
  const old = `WITH old AS (SELECT * FROM read_parquet(${
    literal(path)
  }, hive_partitioning = false))`;
  const { before } = await row<{ before: number }>(
    database,
    `${old} SELECT count(*) AS before FROM old`,
  );
  const { size } = await row<{ size: number | null }>(
    database,
    `SELECT CASE WHEN max(row_group_id) > 0 THEN max(row_group_num_rows) END AS size
     FROM parquet_metadata(${literal(path)})`,
  );
  const after = await writeParquet(database, table, `${old} ${query}`, path, size ?? undefined);
  if (after === 0) await Deno.remove(path);
  return before - after;
}
