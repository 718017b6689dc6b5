import { literal } from "../store/duckdb.ts";
import { RAW } from "../store/tables.ts";

/**
 * Give an SQL relation over raw parts: the columns of the table, `file` (its path) and `row` (its
 * place in the file, from 0).
 */
export function rawRows(files: string[]): string {
  const typed = Object.entries(RAW.columns).map(([name, type]) => `NULL::${type} AS "${name}"`);
  const none = `SELECT ${typed.join(", ")}, NULL::VARCHAR AS filename,
    NULL::BIGINT AS file_row_number LIMIT 0`;
  const some = files.length === 0
    ? none
    : `SELECT * FROM read_parquet(${
      literal(files)
    }, union_by_name = true, hive_partitioning = false, filename = true, file_row_number = true)`;
  return `(SELECT * EXCLUDE (filename, file_row_number), filename AS file, file_row_number AS row
    FROM ((${none}) UNION ALL BY NAME (${some})))`;
}
