import { askedSpans, type WeekOfCoverage } from "./coverage.ts";
import { coveredSpans, unlaidWindows } from "./owed.ts";
import { utcDay } from "../run/clock.ts";
import type { Study } from "../study/study.ts";
import { mergeSpans, type Span, subtractSpans, totalLength } from "./span.ts";
import type { Database } from "../store/duckdb.ts";
import type { DataPaths } from "../store/paths.ts";
import { isStream } from "../store/source.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 7;
/** Shorter spans are no gap: the present is always a little ahead, and hosts reconnect. */
const ENOUGH_MS = 60_000;

/** The state of an hour, as far as it has passed. */
export type HourState = "whole" | "partly" | "open" | "unasked" | "to_come";

/** The hours of the last seven UTC days of a source, today's last. */
export interface WeekStrip {
  source: string;
  days: { day: string; hours: HourState[] }[];
}

/**
 * Find which hours of the last seven days each source collected.
 *
 * An hour is `whole` where all of its windows were read without a gap, also by hand; `open` where
 * nothing was. Windows that no run has laid down yet count.
 */
export async function weekStrips(
  database: Database,
  paths: DataPaths,
  study: Study,
  weeks: WeekOfCoverage[],
  windows: string[],
  present: Date,
): Promise<WeekStrip[]> {
  const from = Date.parse(utcDay(present)) - (DAYS - 1) * DAY_MS;
  const week = { from: new Date(from), until: present };
  const strips: WeekStrip[] = [];
  for (const { source, hours_asked } of weeks) {
    const covered = await coveredSpans(database, paths, source, utcDay(week.from));
    const laid = await askedSpans(database, windows, source, week);
    const unlaid = hours_asked !== null && isStream(source)
      ? [...unlaidWindows(paths, source, study.sources[source].windows, present).values()].flat()
      : [];
    const asked = mergeSpans([...laid, ...unlaid.map(({ from, until }) => ({ from, until }))]);
    const days = Array.from({ length: DAYS }, (_, index) => {
      const start = from + index * DAY_MS;
      const hours = Array.from({ length: 24 }, (_, hour) =>
        hourState(
          { from: new Date(start + hour * HOUR_MS), until: new Date(start + (hour + 1) * HOUR_MS) },
          asked,
          covered,
          present,
        ));
      return { day: utcDay(new Date(start)), hours };
    });
    strips.push({ source, days });
  }
  return strips;
}

function hourState(hour: Span, asked: Span[], covered: Span[], present: Date): HourState {
  if (hour.from >= present) return "to_come";
  const passed = { from: hour.from, until: hour.until < present ? hour.until : present };
  const wanted = within(passed, asked);
  const read = within(passed, covered);
  if (read.length === 0) {
    return totalLength(wanted) < ENOUGH_MS ? "unasked" : "open";
  }
  // Unasked hours count by the hour.
  const goal = wanted.length > 0 ? wanted : [passed];
  const left = goal.flatMap((span) => subtractSpans(span, covered));
  return totalLength(left) < ENOUGH_MS ? "whole" : "partly";
}

/** Give the parts of merged spans that lie within one. */
function within(span: Span, spans: Span[]): Span[] {
  return spans.filter(({ from, until }) => from < span.until && until > span.from)
    .map(({ from, until }) => ({
      from: from > span.from ? from : span.from,
      until: until < span.until ? until : span.until,
    }));
}
