import { now, utcDay } from "../run/clock.ts";
import type { DataPaths } from "../store/paths.ts";

/** A run of so many days ago confirms that the clock which says so was not set ahead since. */
const SLOW_DAYS = 7;
const DAY_MS = 86_400_000;

/**
 * Give the UTC day up to which time has passed for certain, not by our own clock alone: a stream was read
 * of it, or a run was on it that is a week old by now. Undefined where nothing says so.
 *
 * A clock that was set a year ahead would else end every term at once.
 */
export function confirmedDay(paths: DataPaths): string | undefined {
  const present = now();
  const [today, slow] = [utcDay(present), utcDay(new Date(present.getTime() - SLOW_DAYS * DAY_MS))];
  const newest = (table: string, latest: string) =>
    paths.files(table).map(({ day }) => day ?? "").filter((day) => day <= latest).sort().at(-1);
  return [newest("coverage", today), newest("runs", slow)].filter((day) => day !== undefined)
    .sort().at(-1);
}
