import { type Database, literal, rows, utc } from "../store/duckdb.ts";
import { BEGINNING } from "../raw/journal_line.ts";
import { newestCoverage } from "../raw/newest_coverage.ts";
import { now, utcDay } from "../run/clock.ts";
import { queryWhole } from "../store/damage.ts";
import { relation, writeParquet } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { holdFiles } from "../store/reading.ts";
import { COVERAGE, WINDOWS } from "../store/tables.ts";
import { mergeSpans, type Span, subtractSpans } from "./span.ts";
import { type Window, type Windows, windowsOfDay } from "../study/window.ts";

const HOUR_MS = 3_600_000;

/**
 * How far back the public hosts of streams replay, in milliseconds: older hours are lost. It is
 * theirs to change.
 */
export const LOOK_BACK_MS = { firehose: 72 * HOUR_MS, jetstream: 36 * HOUR_MS } as const;

const DAY_MS = 86_400_000;
/** How far back missed hours are reported. */
const TOLD_MS = 7 * DAY_MS;

/** A window with its uncollected spans. */
export interface OpenWindow extends Window {
  open: Span[];
}

/** The windows of a stream that are not collected yet. */
export interface Owed {
  /** Still within the replay range of a host, oldest first. */
  owed: OpenWindow[];
  /** Open spans of these can no longer be collected. */
  missed: OpenWindow[];
  /** The spans that all windows make together, whether or not they are collected. */
  asked: Span[];
}

/**
 * Lay down the windows of every day from the last one that has them to today.
 *
 * Laid-down windows stay, even if `study.yaml` changes: windows are a commitment about time
 * that had not come yet. On a source's first day, windows that had closed before are left out.
 */
export async function layWindows(
  database: Database,
  paths: DataPaths,
  source: string,
  windows: Windows,
): Promise<void> {
  for (const [day, ofDay] of unlaidWindows(paths, source, windows)) {
    const selects = ofDay.map(({ from, until, window_prob }) =>
      `SELECT ${literal(source)} AS source, ${literal(from)} AS opens_at,
         ${literal(until)} AS closes_at, ${literal(window_prob)} AS window_prob,
         ${literal(JSON.stringify(windows))} AS setting`
    );
    const query = selects.join(" UNION ALL ") || `SELECT * FROM ${relation(WINDOWS, [])}`;
    await writeParquet(database, WINDOWS, query, paths.windows(source, day));
  }
}

/** Give the windows that are not laid down yet, by the day on which they open, to today. */
export function unlaidWindows(
  paths: DataPaths,
  source: string,
  windows: Windows,
  present = now(),
): Map<string, Window[]> {
  const today = utcDay(present);
  const laid = windowFiles(paths, source).map((file) => file.day!).sort();
  const first = laid.at(-1) ?? today;
  const unlaid = new Map<string, Window[]>();
  for (let time = Date.parse(first); time <= Date.parse(today); time += DAY_MS) {
    const day = utcDay(new Date(time));
    if (laid.includes(day)) continue;
    const ofDay = windowsOfDay(windows, day);
    unlaid.set(day, ofDay.filter((window) => laid.length > 0 || window.until > present));
  }
  return unlaid;
}

/**
 * Find the owed time of a source: the past time of each window that no host covers.
 *
 * `replayMs` is how far back hosts say that they replay; what came after the last time that was read
 * is owed all the same, until it was requested. Spans that a host reported as gone are missed. Nothing
 * is owed of the future. Missed spans are reported for the last seven days: looking at everything
 * collected would take longer with each run. `unlaid` are windows that no run has laid down yet.
 */
export async function readOwed(
  database: Database,
  paths: DataPaths,
  source: string,
  replayMs: number,
  unlaid: Window[] = [],
  present = now(),
): Promise<Owed> {
  const read = await lastCovered(database, paths, source);
  const horizon = Math.min(present.getTime() - replayMs, read?.getTime() ?? Infinity);
  const since = utcDay(new Date(Math.min(horizon, present.getTime() - TOLD_MS)));
  const files = windowFiles(paths, source).filter(({ day }) => day! >= since)
    .map((file) => file.path);
  const laid = await rows<{ from: string; until: string; window_prob: number | null }>(
    database,
    `SELECT opens_at AS from, closes_at AS until, window_prob FROM ${relation(WINDOWS, files)}
     ORDER BY opens_at`,
  );
  const { spans, refused } = await readCoverage(database, paths, source, since);
  const windows = [
    ...laid.map((window) => ({ ...window, from: utc(window.from), until: utc(window.until) })),
    ...unlaid,
  ];
  const owed: Owed = { owed: [], missed: [], asked: mergeSpans(windows) };
  for (const window of windows) {
    const passed = { from: window.from, until: window.until < present ? window.until : present };
    const open = passed.from < passed.until ? subtractSpans(passed, spans) : [];
    const isRefused = ({ until }: Span) => {
      const next = spans.find(({ from }) => from >= until);
      return next !== undefined && refused.has(secondOf(next.from));
    };
    const isGone = (span: Span) => span.until.getTime() <= horizon || isRefused(span);
    const { gone = [], left = [] } = Object.groupBy(open, (span) => isGone(span) ? "gone" : "left");
    if (left.length > 0) owed.owed.push({ ...window, open: left });
    if (gone.length > 0) owed.missed.push({ ...window, open: gone });
  }
  return owed;
}

/** Give up to when a source was read, from any host. */
async function lastCovered(
  database: Database,
  paths: DataPaths,
  source: string,
): Promise<Date | undefined> {
  const last = await newestCoverage<{ until: string | null }>(
    database,
    paths,
    (files) =>
      `SELECT max(covered_until) AS until FROM ${relation(COVERAGE, files)}
       WHERE source = ${literal(source)}`,
    ({ until }) => until !== null,
  );
  return last && utc(last.until!);
}

/**
 * Give the time for which a source was read without a gap, from any host; merged.
 *
 * `since` is the UTC day from which on it is looked at. Damaged files are left out.
 */
export async function coveredSpans(
  database: Database,
  paths: DataPaths,
  source: string,
  since: string,
): Promise<Span[]> {
  return (await readCoverage(database, paths, source, since)).spans;
}

/** Also give the seconds since 1970 at which hosts without earlier events began. */
async function readCoverage(
  database: Database,
  paths: DataPaths,
  source: string,
  since: string,
): Promise<{ spans: Span[]; refused: Set<number> }> {
  // Coverage of a day's first minutes may stand with the last minute of the day before.
  const first = utcDay(new Date(Date.parse(since) - DAY_MS));
  await using _files = await holdFiles(paths);
  const files = paths.files("coverage").filter(({ day }) => day! >= first).map(({ path }) => path);
  const found = await queryWhole<{ from: string; until: string; is_refused: boolean }>(
    database,
    files,
    (files) =>
      `SELECT covered_from AS from, covered_until AS until,
         coalesce(list_has_any(notes, ${literal(["OutdatedCursor", BEGINNING])}), false)
           AS is_refused
       FROM ${relation(COVERAGE, files)}
       WHERE source = ${literal(source)} AND covered_from IS NOT NULL`,
  );
  const spans = found.map(({ from, until }) => ({ from: utc(from), until: utc(until) }));
  const refused = spans.filter((_, index) => found[index]!.is_refused);
  return {
    refused: new Set(refused.map(({ from }) => secondOf(from))),
    spans: mergeSpans(spans),
  };
}

function secondOf(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

function windowFiles(paths: DataPaths, source: string) {
  return paths.files("windows").filter((file) => file.path === paths.windows(source, file.day!));
}
