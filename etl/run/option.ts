import { type Variable, variable } from "./environment.ts";
import { EXIT, UserError } from "./error.ts";

/** Parsers of option values; each throws a `RangeError` that ends a sentence. */

/** Read the value of an option: a whole number above 0. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value)) {
    throw new RangeError("is not a whole number above zero");
  }
  return value;
}

/** Read the value of an option: a number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0) throw new RangeError("is not a number above zero");
  return value;
}

/** Read the value of an option: an instant such as 2026-06-01T18:00:00Z; without a time zone it is UTC. */
export function instant(text: string): Date {
  const match = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const date = new Date(match && text.includes("T") && !match[4] ? `${text}Z` : text);
  // JavaScript turns February 30 into March.
  if (!match || Number.isNaN(date.getTime()) || !isDay(text.slice(0, 10))) {
    throw new RangeError("is not an instant such as 2026-06-01T18:00:00Z");
  }
  return date;
}

/** Read the value of an option: a UTC day such as 2026-06-01. */
export function day(text: string): string {
  if (!isDay(text)) throw new RangeError("is not a day such as 2026-06-01");
  return text;
}

/** The options of a command line that choose days of posts. */
export const DAYS = [
  { flags: "--since <day>", description: "first UTC day of posts", parse: day },
  { flags: "--until <day>", description: "last UTC day of posts", parse: day },
];

/**
 * Throws a usage error where the last day is before the first: the task would do nothing and say that
 * it is done.
 *
 * `words` say how the two are given.
 */
export function checkDays(
  task: string,
  { since, until }: { since?: string; until?: string },
  words: { since: string; until: string } = { since: "--since", until: "--until" },
): void {
  if (since === undefined || until === undefined || since <= until) return;
  throw new UserError(
    `run ${task}`,
    `${words.until} ${until} is before ${words.since}, ${since}`,
    "Name the first day as since and the last as until",
    { exitCode: EXIT.usage },
  );
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(date.getTime()) &&
    date.toISOString().startsWith(text);
}

/** Timers count no further than 24 days. */
const LONGEST_HOURS = 500;
const UNITS_MS = { h: 3_600_000, m: 60_000, s: 1000 };

/** Read the value of an option: how long one run may last, such as 4h, 10m or 1h30m, in milliseconds. */
export function runTime(text: string): number {
  if (!/^(\d+(\.\d+)?[hms])+$/.test(text)) {
    throw new RangeError("is not a duration such as 4h or 10m");
  }
  const parts = [...text.matchAll(/([\d.]+)([hms])/g)];
  const ms = parts.reduce((sum, [, n, unit]) => sum + Number(n) * UNITS_MS[unit as "h"], 0);
  if (ms <= 0) throw new RangeError("is no time at all");
  if (ms > LONGEST_HOURS * UNITS_MS.h) {
    throw new RangeError(`is more than ${LONGEST_HOURS}h; let cron start the task again`);
  }
  return ms;
}

/**
 * Give the base URL that a variable of the environment names, undefined where it names none.
 *
 * Throws a usage error where it is no URL.
 */
export function urlVariable(name: Variable, ...protocols: string[]): string | undefined {
  const value = variable(name);
  try {
    return value && baseUrl(...protocols)(value);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new UserError(
      `read the environment variable ${name}`,
      `${JSON.stringify(value)} ${cause.message}`,
      "Correct or unset it; it may be set in .env",
      { exitCode: EXIT.usage, cause },
    );
  }
}

/** Give the reader of an option: the base URL of a server, without a path. */
export function baseUrl(...protocols: string[]): (text: string) => string {
  return (text) => {
    if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol)) {
      throw new RangeError(
        `is not a URL that starts with ${protocols.map((p) => `${p}//`).join(" or ")}`,
      );
    }
    return text.replace(/\/+$/, "");
  };
}
