import { type Database, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { RUNS } from "../store/tables.ts";

/** A warning of a task's last run. */
export interface LastWarning extends Record<string, unknown> {
  task: string;
  started_at: string;
  warning: string;
}

/** Give the warnings of each task's last finished run, from files of `runs`. */
export async function lastWarnings(database: Database, files: string[]): Promise<LastWarning[]> {
  return await rows<LastWarning>(
    database,
    `SELECT task, started_at, unnest(warnings) AS warning FROM (
       SELECT task, started_at, run_id, warnings FROM ${relation(RUNS, files)}
       WHERE status IN ('done', 'failed', 'stopped')
       QUALIFY row_number() OVER (PARTITION BY task ORDER BY started_at DESC, run_id DESC) = 1)
     ORDER BY task, warning`,
  );
}
