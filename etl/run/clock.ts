import { variable } from "./environment.ts";
import { EXIT, UserError } from "./error.ts";
import { instant } from "./option.ts";

const COARSE_MS = 100;

/**
 * Give the present moment.
 *
 * All times in tables come from here. `CIVICSKY_CLOCK` (an ISO 8601 instant)
 * stops the clock at that instant, in this process and in those it starts, so that the demo and the
 * tests give the same rows each time. Durations are measured with `performance.now()`.
 */
export function now(): Date {
  const set = variable("CIVICSKY_CLOCK");
  if (set === undefined) return new Date();
  try {
    return instant(set);
  } catch (cause) {
    throw new UserError(
      "read the clock",
      `CIVICSKY_CLOCK is ${JSON.stringify(set)}, which is not an instant`,
      "Unset it, or write it like 2026-06-01T00:00:00Z",
      { exitCode: EXIT.usage, cause },
    );
  }
}

/** Make a clock that gives the present moment to a tenth of a second, for who asks very often. */
export function coarseClock(): () => Date {
  let read = NaN;
  let present = new Date(0);
  return () => {
    const tenth = Math.floor(Date.now() / COARSE_MS);
    if (tenth !== read) [read, present] = [tenth, now()];
    return present;
  };
}

/** The last second that was written. */
let second = { number: NaN, text: "" };

/** Give milliseconds since 1970 as `toISOString` does, at a fraction of its cost where many are of one second. */
export function isoTime(milliseconds: number): string {
  const number = Math.floor(milliseconds / 1000);
  if (number !== second.number) {
    second = { number, text: new Date(number * 1000).toISOString().slice(0, -"000Z".length) };
  }
  return `${second.text}${String(milliseconds - number * 1000).padStart(3, "0")}Z`;
}

/** Give the UTC day of an instant as `YYYY-MM-DD`. */
export function utcDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** Give an instant to the minute, as people read it; UTC. */
export function minute(time: Date): string {
  return time.toISOString().slice(0, 16).replace("T", " ");
}
