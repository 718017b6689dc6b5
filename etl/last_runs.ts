import { basename } from "node:path";
import { bootId, startTicks } from "./run/process.ts";
import { type Database, rows } from "./store/duckdb.ts";
import { relation } from "./store/parquet.ts";
import type { PartitionFile } from "./store/paths.ts";
import { RUNS } from "./store/tables.ts";

/** How many runs are shown. */
const LAST_RUNS = 8;

/** A run, as the screen shows it. */
export interface RunRow {
  run_id: string;
  task: string;
  status: string;
  started_at: string;
  seconds: number | null;
  error: string | null;
  [key: string]: unknown;
}

/** Give the newest runs; one that says it is running but whose process is gone has died. */
export async function lastRuns(database: Database, files: PartitionFile[]): Promise<RunRow[]> {
  // The names begin with the time of the start, so that the newest need not be searched for.
  const newest = files.map((file) => file.path).sort((a, b) => basename(a) < basename(b) ? -1 : 1)
    .slice(-LAST_RUNS);
  const found = await rows<RunRow>(
    database,
    `SELECT run_id, task, status, exit_status, started_at, ended_at, seconds, peak_rss_mb, host, pid,
       boot_id, start_ticks, warnings, error
     FROM ${relation(RUNS, newest)} ORDER BY started_at DESC, run_id DESC`,
  );
  return found.map(({ host, pid, boot_id, start_ticks, ...run }) => ({
    ...run,
    status: hasDied({ status: run.status, host, pid, boot_id, start_ticks }) ? "died" : run.status,
  }));
}

/** Tell whether a run of this machine says that it is running, and its process is gone. */
export function hasDied({ status, host, pid, boot_id, start_ticks }: Record<string, unknown>) {
  const here = host === Deno.hostname() && bootId() !== undefined;
  const alive = boot_id === bootId() && startTicks(Number(pid)) === start_ticks;
  return status === "running" && here && !alive;
}
