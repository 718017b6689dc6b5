import type { Weight } from "./quota.ts";

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DAY_MS = 86_400_000;
/** From here on, a number is a time in seconds, or in milliseconds, since 1970: of September 2001. */
const [EPOCH_S, EPOCH_MS] = [1e9, 1e12];
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;

/**
 * The amount of one unit that a service still admits, according to its answers.
 *
 * It holds until the named time: a later answer may lower it and never
 * raise it, as answers come in any order and ignore requests on their way.
 */
export class ServerAllowance {
  #remaining = Infinity;
  #until = -Infinity;

  /** Read `x-ratelimit-remaining-<unit>` and `x-ratelimit-reset-<unit>`; ignore values that are not numbers. */
  learn(headers: Headers, unit: keyof Weight, now: number): void {
    const remaining = headerNumber(headers.get(`x-ratelimit-remaining-${unit}`));
    const resetMs = parseDuration(headers.get(`x-ratelimit-reset-${unit}`));
    if (remaining === undefined || resetMs === undefined) return;
    if (now >= this.#until) this.#remaining = Infinity;
    if (remaining >= this.#remaining) return;
    this.#remaining = remaining;
    this.#until = Math.max(this.#until, now + resetMs);
  }

  /** Give the earliest time at which a weight may be taken. */
  readyAt(weight: number, now: number): number {
    return weight === 0 || now >= this.#until || weight <= this.#remaining ? now : this.#until;
  }

  /** Take a weight; a negative one gives back what an answer did not use. */
  take(weight: number): void {
    this.#remaining -= weight;
  }
}

/** Read a header with a number that is not negative; undefined where there is none. */
export function headerNumber(text: string | null): number | undefined {
  return text !== null && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}

/**
 * Read a header with a duration, `172ms`, `7.66s`, `2m59.56s`, a number of seconds, or the time of its
 * end in seconds or milliseconds since 1970, as milliseconds; at most a day, as no limit is longer.
 */
export function parseDuration(text: string | null): number | undefined {
  const ms = durationMs(text);
  return ms === undefined ? undefined : Math.min(Math.max(ms, 0), DAY_MS);
}

function durationMs(text: string | null): number | undefined {
  const number = headerNumber(text);
  if (number !== undefined && number >= EPOCH_MS) return number - Date.now();
  if (number !== undefined && number >= EPOCH_S) return number * 1000 - Date.now();
  if (number !== undefined) return number * 1000;
  if (text === null || !DURATION.test(text.trim())) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g);
  return [...parts].reduce((sum, [, number, unit]) => sum + Number(number) * UNIT_MS[unit!]!, 0);
}

/** The longest wait that a server may ask for. */
export const LONGEST_WAIT_MS = 15 * 60_000;

/** Read a Retry-After header (RFC 9110, section 10.2.3): seconds or a date; at most 15 minutes. */
export function retryAfterMs(
  header: string | null,
  longestMs = LONGEST_WAIT_MS,
): number | undefined {
  if (header === null || header.trim() === "") return undefined;
  // Some servers write fractions of a second.
  const seconds = headerNumber(header);
  const ms = seconds === undefined ? Date.parse(header) - Date.now() : seconds * 1000;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longestMs) : undefined;
}
