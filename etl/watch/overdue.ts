import { LOOK_BACK_MS } from "../coverage/owed.ts";
import type { Study } from "../study/study.ts";
import { type Span, totalLength } from "../coverage/span.ts";
import { firstDamage } from "../store/damage.ts";
import type { Database } from "../store/duckdb.ts";
import { type StreamStanding, streamStandings } from "../coverage/stream_standing.ts";
import { minute } from "../run/clock.ts";
import { type TaskState, taskStates } from "../command/task_states.ts";
import { join } from "node:path";
import { describeError, type UserError } from "../run/error.ts";
import type { DataPaths } from "../store/paths.ts";
import type { Incident } from "./incidents.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A daily task this late is overdue: a day, and two hours for its run. */
const LATE_MS = 26 * HOUR_MS;
/** Hours that leave the hosts' replay this soon need a person now: one night. */
const SOON_MS = 8 * HOUR_MS;

const LOOK = "See how the last runs ended (deno task status) and whether cron starts them " +
  "(deno task schedule)";

/** Regularly repeated tasks; a person who starts other tasks sees their failures. */
const EVERY_DAY = /^(daily|sync:.+|preprocess|classify:.+|aggregate|render)$/;

/**
 * Find overdue work, with remedies.
 *
 * If `daily` was ever run, it must end every day, and reports its steps itself; otherwise
 * `preprocess` and the streams must. A data folder where no task ever ran is overdue at once: a user who checks
 * expects runs.
 */
export async function overdue(
  database: Database,
  paths: DataPaths,
  study: Study,
  present: Date,
): Promise<Incident[]> {
  const { states: tasks, damaged } = await taskStates(database, paths);
  const late = lateTasks(tasks, present);
  return [
    ...await writing(paths),
    ...damagedLedger(damaged),
    ...late,
    ...diedTasks(tasks, study),
    ...late.length > 0 ? [] : lateFeed(tasks, paths, present),
    ...await lateStreams(database, paths, study, present),
  ];
}

/** Without its rows nobody knows whether a run ended well, and silence would say that it did. */
function damagedLedger(damaged: UserError[]): Incident[] {
  const [first] = damaged;
  if (first === undefined) return [];
  const title = damaged.length === 1
    ? first.message
    : `${damaged.length} files of the ledger of runs are damaged; of the first, ${first.found}`;
  return [{ key: "overdue/ledger", title, remedy: first.remedy }];
}

function lateTasks(tasks: Map<string, TaskState>, present: Date): Incident[] {
  if (tasks.size === 0) {
    return [{
      key: "overdue/daily",
      title: "no task ever ran in this data folder",
      remedy: "Run deno task daily, or let deno task schedule print the lines for cron",
    }];
  }
  const began = new Date(Math.min(...[...tasks.values()].map(({ first }) => first.getTime())));
  const daily = tasks.get("daily");
  if (daily) return lateTask("daily", daily, began, present);
  const streams = [...tasks.keys()].filter((task) => /^sync:(firehose|jetstream)$/.test(task));
  const failing = [...tasks.values()].filter(({ task, latest }) =>
    EVERY_DAY.test(task) && latest?.status === "failed"
  );
  const must = new Set(["preprocess", ...streams.length > 1 ? [] : streams]);
  return [...must.union(new Set(failing.map(({ task }) => task)))]
    .flatMap((task) => lateTask(task, tasks.get(task), began, present));
}

/** Streams that run for days on end are seen by the hours that they owe. */
function lateTask(
  task: string,
  state: TaskState | undefined,
  began: Date,
  present: Date,
): Incident[] {
  const isLate = (since: Date) => present.getTime() - since.getTime() > LATE_MS;
  const { good = null, latest = null } = state ?? {};
  const key = `overdue/${task}`;
  // Its death is reported separately.
  if (latest?.status === "died") return [];
  if (latest?.status === "running") {
    if (task.startsWith("sync:") || !isLate(latest.started_at)) return [];
    const title = `deno task ${task} has been running since ${minute(latest.started_at)} UTC`;
    return [{ key, title, remedy: "Read its output, or end it and run it again: it goes on" }];
  }
  if (!isLate(good ?? began)) return [];
  const title = state?.isUnsure
    ? `whether deno task ${task} ended well since ${minute(good ?? state.first)} UTC is unknown: ` +
      "rows of its runs are damaged"
    : good
    ? `deno task ${task} last ended well at ${minute(good)} UTC`
    : state
    ? `deno task ${task} never ended well, first started at ${minute(state.first)} UTC`
    : `deno task ${task} never ran, though others did since ${minute(began)} UTC`;
  return [{ key, title, remedy: `${LOOK}, then run deno task ${task}` }];
}

/** The next `daily` repeats the steps of a dead one. */
function diedTasks(tasks: Map<string, TaskState>, study: Study): Incident[] {
  const daily = tasks.get("daily")?.latest;
  return [...tasks.values()].flatMap(({ task, latest }) => {
    const classifier = /^classify:(.+)$/.exec(task)?.[1];
    const isWatched = EVERY_DAY.test(task) &&
      (classifier === undefined || study.classifiers[classifier] !== undefined);
    if (!isWatched || latest?.status !== "died") return [];
    const isPart = task !== "daily" && daily?.status === "died" &&
      latest.started_at >= daily.started_at;
    return isPart ? [] : [{
      key: `overdue/died:${task}`,
      title: `deno task ${task}, started at ${minute(latest.started_at)} UTC, died`,
      remedy: `Run deno task ${task} again: it goes on where it died`,
    }];
  });
}

function lateFeed(
  tasks: Map<string, TaskState>,
  paths: DataPaths,
  present: Date,
): Incident[] {
  const feed = tasks.get("sync:most-liked");
  // A `daily` has already reported it.
  const isTold = tasks.has("daily") && feed?.latest?.status === "failed";
  if (feed === undefined || isTold) return [];
  const late = lateTask(feed.task, feed, feed.first, present);
  return late.length > 0 ? late : silentFeed(paths, present);
}

/** A feed generator that died is read without an error, and gives nothing. */
function silentFeed(paths: DataPaths, present: Date): Incident[] {
  const last = paths.files("raw/most_liked").map(({ day }) => day ?? "").sort().at(-1);
  const end = last ? Date.parse(last) + DAY_MS : Infinity;
  if (present.getTime() - end < LATE_MS) return [];
  return [{
    key: "overdue/feed",
    title: `the feeds were read but have given no post since ${last} (UTC)`,
    remedy: "See in the app whether the feed is still there, or name another one in study.yaml",
  }];
}

async function lateStreams(
  database: Database,
  paths: DataPaths,
  study: Study,
  present: Date,
): Promise<Incident[]> {
  try {
    const standings = await streamStandings(database, paths, study, present);
    return standings.flatMap((standing) => lateHours(standing, present));
  } catch (error) {
    const windows = paths.files("windows").map(({ path }) => path);
    const damaged = await firstDamage(database, windows, "see which hours are owed");
    if (damaged === undefined) throw error;
    return [{ key: "overdue/windows", title: damaged.message, remedy: damaged.remedy }];
  }
}

function lateHours(
  { source, owed, leaves_at, is_late, lost }: StreamStanding,
  present: Date,
): Incident[] {
  const incidents: Incident[] = [];
  if (owed.length > 0 && leaves_at!.getTime() - present.getTime() < SOON_MS) {
    incidents.push({
      key: `overdue/hours:${source}`,
      title: `hours of ${source} since ${minute(owed[0]!.from)} UTC are not collected; the first ${
        is_late ? "left" : "leaves"
      } what hosts replay at ${minute(leaves_at!)} UTC`,
      remedy: `Run deno task sync:${source} now, and see why it did not run or failed`,
    });
  }
  const reach = present.getTime() - LOOK_BACK_MS[source] - LATE_MS;
  const recent = lost.flatMap(byDay).filter(({ until }) => until.getTime() > reach);
  for (const [day, spans] of Map.groupBy(recent, ({ from }) => from.toISOString().slice(0, 10))) {
    incidents.push({
      key: `overdue/lost:${source}:${day}`,
      title: `${inHours(spans)} h of ${source} on ${day} were not collected, and no host has them`,
      remedy: "They cannot be recovered; deno task methods reports them. See why they were " +
        "not collected (deno task status)",
      isFinal: true,
    });
  }
  return incidents;
}

/** Part a span at the midnights (UTC) in it, so that each day is told of its own hours. */
function byDay({ from, until }: Span): Span[] {
  const midnight = new Date(Math.floor(from.getTime() / DAY_MS) * DAY_MS + DAY_MS);
  if (until <= midnight) return [{ from, until }];
  return [{ from, until: midnight }, ...byDay({ from: midnight, until })];
}

function inHours(spans: Span[]): number {
  return Math.round(totalLength(spans) / HOUR_MS * 100) / 100;
}

/** Less than this is no room for a run: a row of the ledger, a lock and a journal. */
const ROOM_BYTES = 1024 * 1024;

/**
 * Check that a run could write: with a full disk or a read-only folder, none can even record its
 * start in the ledger, or notify anybody.
 */
async function writing(paths: DataPaths): Promise<Incident[]> {
  const path = join(paths.root, `.writing-${Deno.pid}`);
  try {
    await Deno.writeFile(path, new Uint8Array(ROOM_BYTES), { createNew: true });
    return [];
  } catch (error) {
    // A study that never ran has no folder, which is reported elsewhere.
    if (error instanceof Deno.errors.NotFound) return [];
    return [{
      key: "overdue/writing",
      title: `nothing can be written to the data folder: ${describeError(error)}`,
      remedy:
        "Free space or mend the permissions of the folder (deno task doctor), then run deno task daily",
    }];
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}
