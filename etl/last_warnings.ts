import { basename } from "node:path";
import { type Database, rows } from "./store/duckdb.ts";
import { relation } from "./store/parquet.ts";
import { RUNS } from "./store/tables.ts";

/** Runs of a task that are looked through for its last one that did its whole work. */
const RUNS_A_TASK = 20;

/** What the last run of a task warned of. */
export interface LastWarning extends Record<string, unknown> {
  task: string;
  started_at: string;
  warning: string;
}

/**
 * Give what each task warned of when it last ran to an end, from the files of `runs`.
 *
 * A run that only counted posts again read no feed: it takes no feed's warning back.
 */
export async function lastWarnings(database: Database, files: string[]): Promise<LastWarning[]> {
  const byTask = Object.groupBy(
    files.toSorted((a, b) => basename(a) < basename(b) ? 1 : -1),
    (path) => /^\d{8}T\d{6}-(.+)-[0-9a-f]{8}\.parquet$/.exec(basename(path))?.[1] ?? "",
  );
  const newest = Object.values(byTask).flatMap((paths) => paths!.slice(0, RUNS_A_TASK));
  return await rows<LastWarning>(
    database,
    `SELECT task, started_at, unnest(warnings) AS warning FROM (
       SELECT task, started_at, run_id, warnings FROM ${relation(RUNS, newest)}
       WHERE status IN ('done', 'failed', 'stopped')
         AND NOT coalesce(list_contains(arguments::JSON::VARCHAR[], '--counts-only'), false)
       QUALIFY row_number() OVER (PARTITION BY task ORDER BY started_at DESC, run_id DESC) = 1)
     ORDER BY task, warning`,
  );
}
