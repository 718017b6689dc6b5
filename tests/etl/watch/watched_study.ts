/** A data folder with a ledger, windows and coverage, as runs would have left it, and its study file. */
import { join } from "node:path";
import { bootId, startTicks } from "../../../etl/run/process.ts";
import { readStudy, type Study } from "../../../etl/study/study.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { COVERAGE, RUNS, WINDOWS } from "../../../etl/store/tables.ts";
import { overdue } from "../../../etl/watch/overdue.ts";
import { runTask, type TaskResult } from "../../task.ts";
import { withDatabase } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

const HOUR_MS = 3_600_000;

export interface WatchedStudy {
  paths: DataPaths;
  studyPath: string;
  /** Write the row of a run; times such as `2026-06-09T00:30`. */
  run(task: string, started: string, row?: Record<string, unknown>): Promise<void>;
  /** Lay down windows of every hour of a day. */
  windows(source: string, day: string): Promise<void>;
  /** Write that a source was read without a gap. */
  covered(
    source: string,
    from: string,
    until: string,
    row?: Record<string, unknown>,
  ): Promise<void>;
  /** Let `daily` read another stream from now on. */
  daily(stream: Study["daily"]["stream"]): void;
  /** Give the keys of what is overdue at an instant. */
  overdue(at: string): Promise<string[]>;
  /** Run `status --check` at an instant. */
  check(at: string): Promise<TaskResult>;
}

/** Begin one in a folder, with the study of this repository but for some settings. */
export async function watchedStudy(data: string, settings: Partial<Study>): Promise<WatchedStudy> {
  const paths = new DataPaths(data);
  const studyPath = join(data, "study.yaml");
  const study = { ...readStudy(SHIPPED_STUDY), ...settings };
  await Deno.writeTextFile(studyPath, JSON.stringify(study));
  let parts = 0;
  return {
    paths,
    studyPath,
    async run(task, started, row = {}) {
      const id = `${started.replace(/[-:]/g, "")}00-${task.replace(":", "-")}-0000000${
        parts++ % 10
      }`;
      await writeRows(RUNS, [{
        run_id: id,
        task,
        arguments: "[]",
        status: "done",
        started_at: started,
        ended_at: started,
        host: Deno.hostname(),
        pid: Deno.pid,
        boot_id: bootId(),
        start_ticks: startTicks(Deno.pid),
        summary: "{}",
        warnings: [],
        ...row,
      }], paths.run(started.slice(0, 10), id));
    },
    async windows(source, day) {
      const start = Date.parse(day);
      const rows = Array.from({ length: 24 }, (_, hour) => ({
        source,
        opens_at: new Date(start + hour * HOUR_MS),
        closes_at: new Date(start + (hour + 1) * HOUR_MS),
        window_prob: 1,
        setting: '"all"',
      }));
      await writeRows(WINDOWS, rows, paths.windows(source, day));
    },
    async covered(source, from, until, row = {}) {
      await writeRows(COVERAGE, [{
        source,
        host: "host",
        minute: from,
        events: 5,
        posts: 1,
        covered_from: from,
        covered_until: until,
        ...row,
      }], paths.coveragePart(from.slice(0, 10), `part${parts++}`));
    },
    daily(stream) {
      study.daily = { ...study.daily, stream };
    },
    async overdue(at) {
      const found = await withDatabase((database) =>
        overdue(database, paths, study, new Date(`${at}Z`))
      );
      return found.map(({ key }) => key.replace(/^overdue\//, ""));
    },
    check: (at) =>
      runTask(["status", "--check", "--data", data, "--study", studyPath], {
        CIVICSKY_CLOCK: `${at}:00Z`,
      }),
  };
}

/** What a row says of a run whose process is gone. */
export const DIED = { status: "running", ended_at: null, summary: null, start_ticks: "1" };
export const RUNNING = { status: "running", ended_at: null, summary: null };
export const FAILED = { status: "failed", exit_status: 1 };
