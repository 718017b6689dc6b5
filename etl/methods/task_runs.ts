import { type Database, literal, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { RUNS } from "../store/tables.ts";

/** What a data statement says of the runs of a task: how they ended, and their code and study. */
export interface TaskRuns extends Record<string, unknown> {
  task: string;
  runs: number;
  done: number;
  failed: number;
  stopped: number;
  /** Without an end in the ledger: still running, or dead. */
  without_end: number;
  first: string;
  last: string;
  /** Commits; null where the ledger has none. */
  code_versions: (string | null)[];
  deno_versions: string[];
  study_hashes: string[];
}

/**
 * Sum up files of the ledger for the data statement by task, in the order in which they first ran.
 *
 * Without the run that asks, and without calls that did nothing: dry runs, and calls that were refused as
 * wrong (exit status 2).
 */
export async function taskRuns(
  database: Database,
  files: string[],
  runId: string,
): Promise<TaskRuns[]> {
  return await rows<TaskRuns>(
    database,
    `SELECT task, count(*) AS runs, count(*) FILTER (status = 'done') AS done,
       count(*) FILTER (status IN ('failed', 'busy')) AS failed,
       count(*) FILTER (status = 'stopped') AS stopped,
       count(*) FILTER (status = 'running') AS without_end,
       min(started_at)::VARCHAR AS first, max(started_at)::VARCHAR AS last,
       list(DISTINCT code_version ORDER BY code_version) AS code_versions,
       list(DISTINCT deno_version ORDER BY deno_version) AS deno_versions,
       list(DISTINCT study_hash ORDER BY study_hash) AS study_hashes
     FROM ${relation(RUNS, files)} WHERE run_id <> ${
      literal(runId)
    } AND coalesce(exit_status <> 2, true)
       AND NOT coalesce(contains(arguments, '"--dry-run"'), false)
     GROUP BY task ORDER BY first, task`,
  );
}
