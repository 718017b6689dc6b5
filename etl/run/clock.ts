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
  let read = -Infinity;
  let present = new Date(0);
  return () => {
    const passed = performance.now();
    if (passed - read > COARSE_MS) [read, present] = [passed, now()];
    return present;
  };
}

/** Give the UTC day of an instant as `YYYY-MM-DD`. */
export function utcDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** Give an instant to the minute, as people read it; UTC. */
export function minute(time: Date): string {
  return time.toISOString().slice(0, 16).replace("T", " ");
}
