import { type CoveredHour, coveredHours } from "./covered_hours.ts";
import type { Data } from "../query/data.ts";
import type { Selection } from "./measure.ts";
import { formatCount, formatNumber } from "./number_format.ts";
import { dayIn, everyDay, formatDay } from "./days.ts";

/** What of the range of a figure was collected. */
export interface Coverage {
  /** Covered hours and all hours of the days of the range. */
  hours: number;
  of_hours: number;
  /**
   * For a title: “posts written 18–22 UTC”, or on how many days all hours; empty where days with
   * posts have 23 covered hours or more.
   */
  written: string;
}

/** Fewer covered hours than this are no day. */
const WHOLE_DAY = 23;

/**
 * Sum up the covered hours of one source from the first to the last of days of a time zone, undefined where
 * none are known.
 */
export function coverageOf(
  hours: CoveredHour[],
  days: Date[],
  timeZone: string,
): Coverage | undefined {
  if (hours.length === 0 || days.length === 0) return undefined;
  const dayOf = dayIn(timeZone);
  const every = everyDay(days);
  const wanted = new Set(every.map((day) => day.getTime()));
  const inRange = hours.filter(({ hour }) => wanted.has(dayOf(hour).getTime()));
  const sum = inRange.reduce((sum, { covered }) => sum + covered, 0);
  const received = Map.groupBy(
    inRange.filter(({ covered }) => covered > 0),
    ({ hour }) => formatDay(dayOf(hour)),
  );
  // A day between with neither posts nor covered hours is a gap in the figure already.
  const shown = new Set([...days.map(formatDay), ...received.keys()]);
  const byDay = [...shown].map((day) =>
    (received.get(day) ?? []).filter(({ covered }) => covered >= 0.5)
  );
  const isWhole = byDay.every((ofDay) => ofDay.length >= WHOLE_DAY);
  return {
    hours: sum,
    of_hours: every.length * 24,
    written: isWhole ? "" : writtenWhen(byDay, sum),
  };
}

/** Sum up the covered hours of a source between the first and the last day that has posts. */
export async function coverageOfPosts(
  data: Data,
  { since = "", until = "9999", source }: Selection,
): Promise<Coverage | undefined> {
  const hours = (await coveredHours(data)).filter((hour) => hour.source === source);
  const days = data.tables.find(({ view }) => view === "posts")?.days ?? [];
  const chosen = days.filter((day) => day >= since && day <= until).map((day) => new Date(day));
  return coverageOf(hours, chosen, data.study.time_zone);
}

function writtenWhen(days: CoveredHour[][], received: number): string {
  const sets = days.map((ofDay) => new Set(ofDay.map(({ hour }) => hour.getUTCHours())))
    .sort((a, b) => b.size - a.size);
  const largest = sets[0]!;
  if (largest.size === 0) return `posts of ${formatDuration(received)}`;
  // Of fixed hours some days miss one; of drawn hours each day has others.
  // A few hours that one day lacks do not make the others less than days.
  if (largest.size === 24) {
    const whole = sets.filter(({ size }) => size >= WHOLE_DAY).length;
    return `all hours on ${whole} of ${sets.length} days`;
  }
  if (sets.every((hours) => hours.isSubsetOf(largest))) {
    const some = sets.filter(({ size }) => size > 0).length;
    return `posts written ${formatHours([...largest].sort((a, b) => a - b))} UTC` +
      (some < sets.length ? ` on ${some} of ${sets.length} days` : "");
  }
  const [most, least] = [largest.size, sets.at(-1)!.size];
  return `posts written in ${least === most ? most : `${least} to ${most}`} hours of each day`;
}

/** Write how long was received where that fills no hour. */
function formatDuration(hours: number): string {
  if (hours >= 1) return `${formatNumber(Math.round(hours * 10) / 10)} hours`;
  const minutes = Math.round(hours * 60);
  return hours === 0 ? "no covered minute" : formatCount(Math.max(1, minutes), "minute");
}

/** Write hours of the day as stretches: 18, 19, 20, 21 as “18–22”; over midnight as “22–2”. */
function formatHours(hours: number[]): string {
  const known = new Set(hours);
  const starts = hours.filter((hour) => !known.has((hour + 23) % 24));
  return starts.map((start) => {
    let end = start;
    while (known.has(end % 24)) end++;
    return `${start}–${end > 24 ? end - 24 : end}`;
  }).join(", ");
}
