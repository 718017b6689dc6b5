import { now } from "../run/clock.ts";
import { EXIT } from "../run/error.ts";
import { bootId, startTicks } from "../run/process.ts";
import { type Database, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { RUNS } from "../store/tables.ts";
import { basename } from "node:path";

const DAY_MS = 86_400_000;
/** Days, and files of them at most, that are looked through for failures. */
const [FAILURE_DAYS, FAILURE_FILES] = [7, 1500];
/** How many failures are shown. */
const FAILURES = 5;

/** A run, as the ledger has it. */
export interface RunRow {
  run_id: string;
  task: string;
  status: string;
  exit_status: number | null;
  started_at: string;
  seconds: number | null;
  error: string | null;
  [key: string]: unknown;
}

/** A run that failed or died, and how often its task did so in a week for the same reason. */
export interface Failure {
  task: string;
  started_at: string;
  status: string;
  error: string | null;
  times: number;
}

/** How many runs of any task are given as the newest. */
const LAST_RUNS = 8;
/** Runs of a task that are searched for its last complete one. */
const RUNS_A_TASK = 20;

/** Files of the ledger: the newest runs, and those of each task. */
export interface LedgerFiles {
  newest: string[];
  /** The newest of each task. */
  ofTasks: string[];
  week: string[];
  /** The newest twenty of each task, for their warnings. */
  warned: string[];
}

/** Choose files of the ledger by their names, which begin with the start time; a year's ledger is long. */
export function ledgerFiles(files: string[]): LedgerFiles {
  const sorted = files.toSorted((a, b) => basename(a) < basename(b) ? 1 : -1);
  const byTask = Map.groupBy(sorted, (path) => runName(path)?.task);
  byTask.delete(undefined);
  const since = now().getTime() - FAILURE_DAYS * DAY_MS;
  return {
    newest: sorted.slice(0, LAST_RUNS),
    ofTasks: [...byTask.values()].map((paths) => paths[0]!),
    warned: [...byTask.values()].flatMap((paths) => paths.slice(0, RUNS_A_TASK)),
    week: sorted.filter((path) => (runName(path)?.started.getTime() ?? 0) >= since)
      .slice(0, FAILURE_FILES),
  };
}

/** Give runs of the ledger, the newest first; a running one whose process is gone has died. */
export async function lastRuns(database: Database, files: string[]): Promise<RunRow[]> {
  const found = await rows<RunRow>(
    database,
    `SELECT run_id, task, status, exit_status, started_at, ended_at, seconds, peak_rss_mb, host, pid,
       boot_id, start_ticks, summary, warnings, error
     FROM ${relation(RUNS, files)} ORDER BY started_at DESC, run_id DESC`,
  );
  return found.map(({ host, pid, boot_id, start_ticks, ...run }) => ({
    ...run,
    status: hasDied({ status: run.status, host, pid, boot_id, start_ticks }) ? "died" : run.status,
  }));
}

/**
 * Give the failed and dead ones of some runs of the ledger, the newest first, each task and reason once.
 *
 * A `daily` that reached its end is left out: its failed steps are listed themselves. So is a wrong
 * call, which did nothing, and what a later run of the task has done.
 */
export function failuresOf(runs: RunRow[]): Failure[] {
  const failures = new Map<string, Failure>();
  const done = new Set<string>();
  for (const { task, started_at, status, exit_status, error, summary } of runs) {
    if (status === "done") done.add(task);
    if (done.has(task)) continue;
    if (status !== "failed" && status !== "died" || exit_status === EXIT.usage) continue;
    if (task === "daily" && status === "failed" && summary !== "null") continue;
    const key = JSON.stringify([task, status, error]);
    const known = failures.get(key);
    if (known) known.times++;
    else failures.set(key, { task, started_at, status, error, times: 1 });
  }
  return [...failures.values()].slice(0, FAILURES);
}

/** Tell whether a run of this machine is recorded in the ledger as running while its process is gone. */
export function hasDied({ status, host, pid, boot_id, start_ticks }: Record<string, unknown>) {
  if (status !== "running" || host !== Deno.hostname()) return false;
  const [boot, pids] = bootId()?.split(" ") ?? [];
  if (boot === undefined) return false;
  const [its, itsPids] = String(boot_id ?? "").split(" ");
  // Pids of another container say nothing here.
  if (its === boot && itsPids !== pids) return false;
  return its !== boot || startTicks(Number(pid)) !== start_ticks;
}

/** The parts of a run's file name in the ledger (`LedgerRow`). */
export interface RunName {
  /** The task, with a dash for its colon. */
  task: string;
  started: Date;
}

/** Read the name of a run's file; undefined where it is none. Those of earlier versions end at seconds. */
export function runName(path: string): RunName | undefined {
  const [, year, month, day, hour, minute, second, task] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(?:\d{3})?-(.+)-[0-9a-f]{8}\.parquet$/.exec(
      basename(path),
    ) ?? [];
  if (task === undefined) return undefined;
  return { task, started: new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) };
}
