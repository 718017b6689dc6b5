import type { LabellingSettings } from "../study/labelling_settings.ts";
import { EXIT, UserError } from "../run/error.ts";

/**
 * The quota of a service: `amount` of a unit in `perMs` milliseconds.
 *
 * `burst` is how much of it may go at once after a pause; 3% of the amount where it is not given.
 * A quota of a day is counted by UTC days and has no burst.
 */
export interface Quota {
  unit: "requests" | "tokens";
  amount: number;
  perMs: number;
  burst?: number;
}

/** The weight of a request in the quotas of a service. */
export interface Weight {
  requests: number;
  tokens: number;
}

/** The maximum and the expected weight of a request. */
export interface AskedWeight extends Weight {
  /** Of its tokens; all of them if left out. */
  likely?: number;
}

/** Give the tokens of a request that are held for it and will probably not be used. */
export function heldTokens({ tokens, likely = tokens }: AskedWeight): number {
  return tokens - likely;
}

/** What quotas count. */
export const UNITS = ["requests", "tokens"] as const;
/** The period of a day's quota, in milliseconds. */
export const DAY_MS = 86_400_000;

const PERIODS: Record<number, string> = {
  1_000: "second",
  60_000: "minute",
  3_600_000: "hour",
  [DAY_MS]: "day",
};

/** Describe a quota in words: `100 requests a second`. */
export function describeQuota(quota: Quota): string {
  const period = PERIODS[quota.perMs];
  const noun = quota.amount === 1 ? quota.unit.slice(0, -1) : quota.unit;
  return `${quota.amount} ${noun} ${period ? `a ${period}` : `in ${quota.perMs / 1000} s`}`;
}

/** Throw a usage error where a quota is invalid. */
export function checkQuota(quota: Quota): void {
  const numbers = [quota.amount, quota.perMs, quota.burst ?? 1];
  if (numbers.every((value) => Number.isFinite(value) && value > 0) && quota.perMs <= DAY_MS) {
    return;
  }
  throw new UserError(
    "pace requests",
    `${JSON.stringify(quota)} is not a quota`,
    "Give an amount above 0, and a period of at most a day",
    { exitCode: EXIT.usage },
  );
}

/** Throw where a weight is invalid, or more than a quota ever admits. */
export function checkWeight(weight: Weight, quotas: Quota[]): void {
  for (const unit of UNITS) {
    if (!(Number.isFinite(weight[unit]) && weight[unit] >= 0)) {
      throw new RangeError(`a weight of ${weight[unit]} ${unit}`);
    }
  }
  const quota = quotas.find(({ unit, amount }) => weight[unit] > amount);
  if (quota === undefined) return;
  throw new UserError(
    "pace requests",
    `one request needs ${weight[quota.unit]} ${quota.unit}, and the quota is ${
      describeQuota(quota)
    }`,
    "Make requests smaller, or get a larger quota",
  );
}

const [SECOND, MINUTE, DAY] = [1000, 60_000, DAY_MS];

/** Give the quotas that the settings of a classifier name. */
export function quotas({ quota }: LabellingSettings): Quota[] {
  const { requests_per_second: perSecond = Infinity } = quota;
  const found: [Quota["unit"], number | undefined, number][] = [
    // A quota admits one request at least.
    perSecond < 1 ? ["requests", 1, SECOND / perSecond] : ["requests", perSecond, SECOND],
    ["requests", quota.requests_per_minute, MINUTE],
    ["requests", quota.requests_per_day, DAY],
    ["tokens", quota.tokens_per_minute, MINUTE],
    ["tokens", quota.tokens_per_day, DAY],
  ];
  return found.flatMap(([unit, amount, perMs]) =>
    amount === undefined || amount === Infinity
      ? []
      : [{ unit, amount, perMs, ...quota.strict ? { burst: 1 } : {} }]
  );
}

/**
 * Give how long so many requests take at the quotas, in milliseconds; 0 without any.
 *
 * A day's quota may go at once: it delays only the posts left for later days.
 */
export function durationAt(quotas: Quota[], requests: number, tokens: number): number {
  const needed = ({ unit }: Quota) => unit === "requests" ? requests : tokens;
  const daily = quotas.filter(({ perMs }) => perMs === DAY);
  const days = Math.max(0, ...daily.map((it) => Math.ceil(needed(it) / it.amount) - 1));
  const done = Math.min(1, ...daily.map((it) => days * it.amount / Math.max(1, needed(it))));
  const paced = Math.max(
    0,
    ...quotas.filter(({ perMs }) => perMs < DAY).map((it) => needed(it) / it.amount * it.perMs),
  );
  const left = daily.length === 0 ? 1 : 1 - done;
  return Math.max(paced, days * DAY + left * paced);
}
