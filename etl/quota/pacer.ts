import { utcDay } from "../run/clock.ts";
import { DayUse } from "./day_use.ts";
import {
  type AskedWeight,
  checkQuota,
  checkWeight,
  DAY_MS,
  describeQuota,
  type Quota,
  UNITS,
  type Weight,
} from "./quota.ts";
import { Rates } from "./rates.ts";
import { headerNumber, ServerAllowance } from "./server_allowance.ts";

/** The longest sleep: a timer ignores changed clocks and sleeping machines. */
const LONGEST_SLEEP_MS = 60_000;
/** How long after midnight an answer may belong to a request of the day before. */
const OVERLAP_MS = 600_000;
/** Waits below this are pacing and not reported. */
const WORTH_SAYING_MS = 1000;
const PAUSE_JITTER = 0.1;
const LEAST_PAUSE_JITTER_MS = 250;

/** The clock for pacing; tests pass one that they set by hand. */
export interface PacingClock {
  /** Milliseconds on a clock that nobody sets. */
  now(): number;
  /** The machine's time of day, not `CIVICSKY_CLOCK`: services use real days. */
  utc(): Date;
  /** Call something after some milliseconds; gives a function that cancels it. */
  after(ms: number, wake: () => void): () => void;
}

const MACHINE_CLOCK: PacingClock = {
  now: () => performance.now(),
  utc: () => new Date(),
  after(ms, wake) {
    const timer = setTimeout(wake, ms);
    return () => clearTimeout(timer);
  },
};

interface Waiter {
  weight: AskedWeight;
  settle: (outcome: boolean | Error) => void;
}

/** Why and until when nothing is taken. */
interface Obstacle {
  at: number;
  reason: string;
}

/** What pacing goes by. */
export interface PacerOptions {
  /** Where daily use is recorded; only in memory if left out. */
  dayUse?: DayUse;
  clock?: PacingClock;
}

/**
 * Lets requests go at the pace that all quotas admit together.
 *
 * A request goes when all quotas admit it, and counts against all or none. Requests go in the order
 * in which they asked. Quotas of a UTC day are counted (day_use.ts), all others are rates (rates.ts).
 */
export class Pacer {
  readonly #quotas: Quota[];
  readonly #rates: Rates;
  readonly #days: Quota[];
  readonly #allowances = { requests: new ServerAllowance(), tokens: new ServerAllowance() };
  readonly #clock: PacingClock;
  readonly #dayUse: DayUse;
  readonly #queue = new Set<Waiter>();
  #pause = { at: -Infinity, reason: "" };
  #obstacle: Obstacle | undefined;
  #callOff: (() => void) | undefined;
  #isClaiming = false;

  /** Throws a usage error where a quota is invalid. */
  constructor(quotas: Quota[], { clock = MACHINE_CLOCK, dayUse }: PacerOptions = {}) {
    for (const quota of quotas) checkQuota(quota);
    this.#clock = clock;
    this.#dayUse = dayUse ?? DayUse.unrecorded();
    this.#quotas = quotas.map((quota) => ({ ...quota }));
    this.#rates = new Rates(this.#quotas);
    this.#days = this.#quotas.filter((quota) => quota.perMs === DAY_MS);
  }

  /**
   * Wait until a request of some weight may go, and count it.
   *
   * Gives false where the signal aborts first; nothing is counted then. Throws where the weight is
   * more than a quota ever admits, and where the use of a day cannot be recorded.
   */
  async take(weight: AskedWeight, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    checkWeight(weight, this.#quotas);
    const outcome = await new Promise<boolean | Error>((resolve) => {
      const leave = () => {
        waiter.settle(false);
        this.#admit();
      };
      const waiter: Waiter = {
        weight,
        settle: (outcome) => {
          this.#queue.delete(waiter);
          signal.removeEventListener("abort", leave);
          resolve(outcome);
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#queue.add(waiter);
      if (this.#queue.size === 1) this.#admit();
    });
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  /** Whether a request of some weight would ever go. */
  fits(weight: Weight): boolean {
    return this.#quotas.every(({ unit, amount }) => weight[unit] <= amount);
  }

  /** Give back tokens that an answer did not use, and those that were held for it (`heldTokens`). */
  refund(unused: Weight, held = 0): void {
    const utc = this.#clock.utc();
    this.#rates.settle({ ...unused, tokens: unused.tokens - held }, held, this.#clock.now());
    for (const unit of UNITS) this.#allowances[unit].take(-unused[unit]);
    if (utc.getTime() % DAY_MS >= OVERLAP_MS) this.#dayUse.refund(utcDay(utc), unused);
    this.#admit();
  }

  /** Let nothing go for some milliseconds and a little more; never shortens a pause. */
  pause(ms: number, reason: string): void {
    const jitter = Math.random() * Math.max(LEAST_PAUSE_JITTER_MS, ms * PAUSE_JITTER);
    const at = this.#clock.now() + ms + jitter;
    if (at > this.#pause.at) this.#pause = { at, reason };
  }

  /**
   * Learn from `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`; narrows, never widens.
   *
   * The remaining amount holds until its reset. A limit replaces no daily quota, which `remaining` guards.
   */
  learn(headers: Headers): void {
    const now = this.#clock.now();
    for (const unit of UNITS) {
      this.#allowances[unit].learn(headers, unit, now);
      const limit = headerNumber(headers.get(`x-ratelimit-limit-${unit}`));
      if (limit) this.#rates.narrow(unit, limit);
    }
    for (const waiter of this.#queue) {
      try {
        checkWeight(waiter.weight, this.#quotas);
      } catch (error) {
        waiter.settle(error as Error);
      }
    }
    this.#admit();
  }

  /**
   * Why nothing goes, and until when on the clock of `performance.now()`; undefined while requests go
   * or wait less than a second.
   */
  get waiting(): { untilMs: number; reason: string } | undefined {
    const now = this.#clock.now();
    if (this.#pause.at > now) return { untilMs: this.#pause.at, reason: this.#pause.reason };
    const obstacle = this.#obstacle;
    if (!obstacle || obstacle.at - now < WORTH_SAYING_MS) return undefined;
    return { untilMs: obstacle.at, reason: obstacle.reason };
  }

  /** Give the share of the tightest quota's rate that was used in the last ten seconds. */
  share(): number {
    const { quotas } = this.#rates;
    return this.#rates.share(quotas.length > 0 ? quotas : this.#days, this.#clock.now());
  }

  /** Let go all requests that may, and sleep until the next one may. */
  #admit(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#obstacle = undefined;
    if (this.#isClaiming) return;
    for (const { weight, settle } of this.#queue) {
      const now = this.#clock.now();
      const today = utcDay(this.#clock.utc());
      const obstacle = this.#obstacleOf(weight, now, today);
      if (obstacle) return this.#sleep(obstacle, now);
      const quota = this.#days.find(({ unit }) => weight[unit] > this.#dayUse.claimed(today, unit));
      if (quota) return void this.#claim(quota, today, weight);
      this.#rates.take(weight, now);
      for (const unit of UNITS) this.#allowances[unit].take(weight[unit]);
      this.#dayUse.take(today, weight);
      settle(true);
    }
  }

  #sleep(obstacle: Obstacle, now: number): void {
    this.#obstacle = obstacle;
    const ms = Math.min(Math.max(Math.ceil(obstacle.at - now), 1), LONGEST_SLEEP_MS);
    this.#callOff = this.#clock.after(ms, () => this.#admit());
  }

  /** Claim a part of a day's quota, and continue; all waiting requests fail where it cannot be recorded. */
  async #claim(quota: Quota, day: string, weight: Weight): Promise<void> {
    this.#isClaiming = true;
    try {
      await this.#dayUse.claim(quota, day, weight[quota.unit]);
    } catch (error) {
      for (const waiter of this.#queue) waiter.settle(error as Error);
    } finally {
      this.#isClaiming = false;
    }
    this.#admit();
  }

  /** Give the longest obstacle for a weight; undefined for none. */
  #obstacleOf(weight: AskedWeight, now: number, today: string): Obstacle | undefined {
    if (this.#pause.at > now) return this.#pause;
    const obstacles: Obstacle[] = [];
    for (const { quota, at } of this.#rates.readyAt(weight, now)) {
      obstacles.push({ at, reason: `the quota is ${describeQuota(quota)}` });
    }
    for (const unit of UNITS) {
      const at = this.#allowances[unit].readyAt(weight[unit], now);
      obstacles.push({ at, reason: `the service has no ${unit} left` });
    }
    for (const quota of this.#days) {
      if (weight[quota.unit] <= this.#dayUse.left(quota, today)) continue;
      const at = now + DAY_MS - this.#clock.utc().getTime() % DAY_MS;
      obstacles.push({ at, reason: `the quota of ${describeQuota(quota)} is used up` });
    }
    const last = obstacles.reduce((a, b) => b.at > a.at ? b : a, { at: now, reason: "" });
    return last.at > now ? last : undefined;
  }
}
