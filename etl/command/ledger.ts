import { type Database, literal } from "../store/duckdb.ts";
import { writeParquet } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { RUNS } from "../store/tables.ts";
import { now, utcDay } from "../run/clock.ts";
import type { ExitStatus } from "../run/error.ts";
import { bootId, peakMegabytes, startTicks } from "../run/process.ts";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** How a run of the ledger stands or ended. */
export type RunStatus = "running" | "done" | "failed" | "busy" | "stopped";

/** How a run ended, for its row in the ledger. */
export interface RunEnd {
  status: RunStatus;
  exit_status: ExitStatus;
  /** Counts of the run; no text of any post. */
  summary: unknown;
  warnings: string[];
  error: string | undefined;
}

/** The row of one run in the table `runs`: written at its start, replaced at its end. */
export class LedgerRow {
  readonly runId: string;
  readonly #started = now();
  readonly #clock = performance.now();

  constructor(
    readonly paths: DataPaths,
    readonly task: string,
    readonly args: string[],
    readonly studyHash: string,
  ) {
    // To the millisecond: files are sorted by name, and two runs may start within a second.
    const stamp = this.#started.toISOString().replace(/[-:.Z]/g, "");
    this.runId = `${stamp}-${task.replace(":", "-")}-${crypto.randomUUID().slice(0, 8)}`;
  }

  /** Write the row, as running or as ended. */
  async write(database: Database, end?: RunEnd): Promise<void> {
    const columns: Record<string, unknown> = {
      run_id: this.runId,
      task: this.task,
      arguments: JSON.stringify(this.args),
      status: end?.status ?? "running",
      exit_status: end?.exit_status,
      started_at: this.#started,
      ended_at: end && now(),
      seconds: end && Math.round(performance.now() - this.#clock) / 1000,
      peak_rss_mb: end && peakMegabytes(),
      host: Deno.hostname(),
      pid: Deno.pid,
      boot_id: bootId(),
      start_ticks: startTicks(Deno.pid),
      study_hash: this.studyHash,
      deno_version: Deno.version.deno,
      code_version: codeVersion(),
      summary: end && JSON.stringify(end.summary),
      warnings: end?.warnings ?? [],
      error: end?.error,
    };
    const select = Object.entries(columns).map(([name, value]) => `${literal(value)} AS ${name}`);
    const path = this.paths.run(utcDay(this.#started), this.runId);
    await writeParquet(database, RUNS, `SELECT ${select.join(", ")}`, path);
  }
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Give the commit of the running code for the ledger, undefined outside of git.
 *
 * It does not show changes since that commit.
 */
export function codeVersion(root = ROOT): string | undefined {
  const git = folderOf(root);
  const head = git && read(join(git, "HEAD"));
  const ref = /^ref: (.+)$/.exec(head ?? "")?.[1];
  if (git === undefined || ref === undefined) return commit(head);
  // A second worktree keeps its branches with the first.
  const common = join(git, read(join(git, "commondir")) ?? ".");
  const packed = read(join(common, "packed-refs"))?.split("\n")
    .find((line) => line.endsWith(` ${ref}`));
  return commit(read(join(common, ref)) ?? packed?.split(" ")[0]);
}

function folderOf(root: string): string | undefined {
  const path = join(root, ".git");
  const pointer = read(path);
  if (pointer !== undefined) return /^gitdir: (.+)$/.exec(pointer)?.[1];
  return read(join(path, "HEAD")) === undefined ? undefined : path;
}

function commit(text: string | undefined): string | undefined {
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.exec(text ?? "")?.[0];
}

/** Give the text of a file, undefined where there is none or it may not be read. */
function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return undefined;
  }
}
