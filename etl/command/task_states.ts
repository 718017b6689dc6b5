import { basename } from "node:path";
import { hasDied, runName } from "./last_runs.ts";
import type { UserError } from "../run/error.ts";
import { type Database, rows, utc } from "../store/duckdb.ts";
import { wholeFiles } from "../store/damage.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { RUNS } from "../store/tables.ts";

/** Runs of a task that are read at once, and that are looked through for one that ended well. */
const [AT_ONCE, AT_MOST] = [50, 3200];

/** The state of a run, from the ledger. */
export interface RunState {
  status: string;
  started_at: Date;
  ended_at: Date | null;
}

/** The state of a task's runs, from the ledger. */
export interface TaskState {
  task: string;
  /** When it was first started. */
  first: Date;
  /** The newest run, without those that found the same work running. */
  latest: RunState | null;
  /** When a complete run last ended; null where none did. */
  good: Date | null;
  /** Is the row of a run since then damaged? Then nobody knows whether it ended well. */
  isUnsure: boolean;
}

/** What the ledger says of all tasks. */
export interface TaskStates {
  states: Map<string, TaskState>;
  /** The errors of rows that were looked for and are damaged. */
  damaged: UserError[];
}

/** The status of a run whose row is damaged; only its name says something of it. */
const UNKNOWN = "unknown";

interface Row extends Record<string, unknown> {
  task: string;
  status: string;
  arguments: string;
  started_at: string;
  ended_at: string | null;
  has_summary: boolean;
}

/**
 * Find the state of each task's runs, from the names of files and the newest of each task.
 *
 * A `daily` is complete where it reached its end, whatever its steps did: it reports them itself.
 * Of a run whose row is damaged its task and its start are known, and not how it ended.
 */
export async function taskStates(database: Database, paths: DataPaths): Promise<TaskStates> {
  const files = paths.files("runs").map(({ path }) => path)
    .sort((a, b) => basename(a) < basename(b) ? 1 : -1);
  const byName = Object.groupBy(files, (path) => runName(path)?.task ?? "");
  delete byName[""];
  const states = new Map<string, TaskState>();
  const damaged: UserError[] = [];
  let open = Object.values(byName) as string[][];
  for (let from = 0, until = AT_ONCE; open.length > 0; from = until, until *= 4) {
    const found = await readRuns(database, open.flatMap((paths) => paths.slice(from, until)));
    damaged.push(...found.errors);
    for (const run of found.runs) addRun(states, run);
    const done = new Set([...states.values()].filter(({ good }) => good).map(({ task }) => task));
    open = open.filter((paths) =>
      paths.length > until && until < AT_MOST && !done.has(taskOf(paths, states))
    );
  }
  for (const paths of Object.values(byName)) {
    const state = states.get(taskOf(paths!, states));
    if (state) state.first = runName(paths!.at(-1)!)!.started;
  }
  return { states, damaged };
}

/** Add a run to the state of its task; newer ones were added before. */
function addRun(states: Map<string, TaskState>, run: Row): void {
  const [started_at, ended_at] = [
    utc(run.started_at),
    run.ended_at === null ? null : utc(run.ended_at),
  ];
  const state = states.get(run.task) ??
    { task: run.task, first: started_at, latest: null, good: null, isUnsure: false };
  states.set(run.task, state);
  if (run.status === "busy") return;
  state.latest ??= { status: hasDied(run) ? "died" : run.status, started_at, ended_at };
  if (run.status === UNKNOWN && state.good === null) state.isUnsure = true;
  if (isGood(run)) state.good ??= ended_at;
}

function isGood({ task, status, arguments: given, has_summary }: Row): boolean {
  if (task !== "daily") return ["done", "stopped"].includes(status);
  return has_summary && !(JSON.parse(given) as string[]).includes("--date");
}

async function readRuns(
  database: Database,
  files: string[],
): Promise<{ runs: Row[]; errors: UserError[] }> {
  const read = (files: string[]) =>
    rows<Row>(
      database,
      `SELECT task, status, arguments, started_at, ended_at, host, pid, boot_id, start_ticks,
         coalesce(summary, 'null') <> 'null' AS has_summary
       FROM ${relation(RUNS, files)} ORDER BY started_at DESC, run_id DESC`,
    );
  try {
    return { runs: await read(files), errors: [] };
  } catch (error) {
    // Which ones are damaged is looked for only where reading failed.
    const { whole, errors } = await wholeFiles(database, files, "read the ledger of runs");
    if (errors.length === 0) throw error;
    const lost = files.filter((path) => !whole.includes(path)).map(unknownRun);
    const runs = [...await read(whole), ...lost]
      .sort((a, b) => a.started_at < b.started_at ? 1 : -1);
    return { runs, errors };
  }
}

/** Give what the name of a file of the ledger says of its run. */
function unknownRun(path: string): Row {
  const { task, started } = runName(path)!;
  return {
    task: task.replace(/^(sync|classify)-/, "$1:"),
    status: UNKNOWN,
    arguments: "[]",
    started_at: started.toISOString().slice(0, -1).replace("T", " "),
    ended_at: null,
    has_summary: false,
  };
}

/** The name of a task in file names has a dash where the task has a colon. */
function taskOf(paths: string[], states: Map<string, TaskState>): string {
  const name = runName(paths[0]!)!.task;
  return [...states.keys()].find((task) => task.replace(":", "-") === name) ?? name;
}
