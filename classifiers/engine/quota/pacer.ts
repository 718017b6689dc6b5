import { utcDay } from "../../../etl/run/clock.ts";
import { DayQuota } from "./day_quota.ts";
import { DayUse } from "./day_use.ts";
import { PACING_CLOCK, type PacingClock } from "./pacing_clock.ts";
import { checkQuota, checkWeight, DAY_MS, describeQuota, UNITS } from "./quota.ts";
import type { AskedWeight, Quota, Weight } from "./quota.ts";
import type { QuotaLease } from "./quota_lease.ts";
import { likelyWeight, Rates } from "./rates.ts";
import { RecentUse } from "./recent_use.ts";
import { headerNumber, ServerAllowance } from "./server_allowance.ts";

/** The longest sleep: a timer does not know of clocks that are set and machines that slept. */
const LONGEST_SLEEP_MS = 60_000;
/** The same where others share the quota and may come and go. */
const LEASED_SLEEP_MS = 500;
/** Waits below this are pacing, and nothing to speak of. */
const WORTH_SAYING_MS = 1000;
const PAUSE_JITTER = 0.1;
const LEAST_PAUSE_JITTER_MS = 250;

interface Waiter {
  weight: AskedWeight;
  settle: (outcome: boolean | Error) => void;
}

/** Why and until when nothing is taken; `again` where it is worth looking before. */
interface Obstacle {
  at: number;
  reason: string;
  again?: number;
}

export interface PacerOptions {
  /** Never more than the amount in any window, as the service may see it, at 5% less throughput. */
  strict?: boolean;
  /** Where several processes share the quotas; one pacer a lease. */
  lease?: QuotaLease;
  clock?: PacingClock;
}

/**
 * Lets requests go at the pace that several quotas admit together.
 *
 * A request goes when all quotas admit it, and counts against all or none; requests go in the order
 * in which they asked. Quotas of a UTC day are counted, all others are rates (rates.ts). A strict
 * quota is not divided: of the processes of a lease the oldest has it, and the others wait.
 */
export class Pacer {
  readonly #quotas: Quota[];
  readonly #rates: Rates;
  readonly #days: DayQuota[];
  readonly #allowances = { requests: new ServerAllowance(), tokens: new ServerAllowance() };
  readonly #strict: boolean;
  readonly #lease: QuotaLease | undefined;
  readonly #clock: PacingClock;
  readonly #dayUse: DayUse;
  readonly #recent = new RecentUse();
  readonly #queue = new Set<Waiter>();
  #pause = { at: -Infinity, reason: "" };
  #obstacle: Obstacle | undefined;
  #share: number;
  #callOff: (() => void) | undefined;
  #asking = false;

  /** Throws a usage error where a quota is not one. */
  constructor(quotas: Quota[], options: PacerOptions = {}) {
    for (const quota of quotas) checkQuota(quota);
    this.#strict = options.strict ?? false;
    this.#lease = options.lease;
    this.#clock = options.clock ?? PACING_CLOCK;
    this.#dayUse = options.lease?.use ?? new DayUse();
    this.#quotas = quotas.map((quota) => ({ ...quota }));
    this.#rates = new Rates(this.#quotas, this.#strict);
    this.#days = this.#quotas.filter((quota) => quota.perMs === DAY_MS)
      .map((quota) => new DayQuota(quota, this.#clock, this.#lease, this.#dayUse));
    const window = Math.max(0, ...this.#rates.quotas.map(({ perMs }) => perMs));
    this.#share = this.#lease?.sharedWithin(window) ? 0 : 1;
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

  /**
   * Give back tokens that an answer did not use, and those that were held for it (`heldTokens`).
   *
   * A strict quota stays as the service saw it.
   */
  refund(unused: Weight, held = 0): void {
    const now = this.#clock.now();
    const spare = { ...unused, tokens: unused.tokens - held };
    this.#rates.settle(spare, held, now, this.#share);
    for (const unit of UNITS) this.#allowances[unit].take(-unused[unit]);
    if (this.#days.every((day) => day.refundable)) {
      this.#dayUse.refund(utcDay(this.#clock.utc()), unused);
    }
    this.#recent.add(spare, now, -1);
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
   * What remains holds until its reset. A limit replaces no quota of a day, which `remaining` guards.
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

  /** Give the share of the tightest quota's rate that this process used in the last ten seconds. */
  share(): number {
    const { quotas } = this.#rates;
    const rated = quotas.length > 0 ? quotas : this.#days.map(({ quota }) => quota);
    const now = this.#clock.now();
    return Math.max(0, ...rated.map((quota) => this.#recent.share(quota, now)));
  }

  /** Let go who may, and sleep until the next one may. */
  #admit(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#obstacle = undefined;
    if (this.#asking) return;
    for (const waiter of this.#queue) {
      const { weight } = waiter;
      const now = this.#clock.now();
      if (this.#lease?.readyAt(now) === Infinity) return void this.#ask(this.#lease.refresh());
      const obstacle = this.#obstacleOf(weight, now);
      if (obstacle) return this.#sleep(obstacle, now);
      const day = this.#days.find((day) => !day.has(weight[day.quota.unit]));
      if (day) return void this.#ask(day.claim(weight[day.quota.unit]));
      this.#count(weight, now);
      waiter.settle(true);
    }
  }

  #count(weight: AskedWeight, now: number): void {
    this.#rates.take(weight, now, this.#share);
    for (const unit of UNITS) this.#allowances[unit].take(weight[unit]);
    this.#dayUse.take(utcDay(this.#clock.utc()), weight);
    this.#recent.add(likelyWeight(weight), now);
  }

  #sleep(obstacle: Obstacle, now: number): void {
    this.#obstacle = obstacle;
    const longest = this.#lease ? LEASED_SLEEP_MS : LONGEST_SLEEP_MS;
    const ms = Math.ceil((obstacle.again ?? obstacle.at) - now);
    this.#callOff = this.#clock.after(Math.min(Math.max(ms, 1), longest), () => this.#admit());
  }

  /** Go on when something outside has answered; everybody hears of it where that fails. */
  async #ask(answer: Promise<void>): Promise<void> {
    this.#asking = true;
    try {
      await answer;
    } catch (error) {
      for (const waiter of this.#queue) waiter.settle(error as Error);
    } finally {
      this.#asking = false;
    }
    this.#admit();
  }

  /** Give what stands in the way of a weight for longest; undefined where nothing does. */
  #obstacleOf(weight: AskedWeight, now: number): Obstacle | undefined {
    if (this.#pause.at > now) return this.#pause;
    const leasedAt = this.#lease?.readyAt(now) ?? now;
    if (leasedAt > now) return { at: leasedAt, reason: "other runs share the quota" };
    this.#shareAnew(now);
    if (this.#share === 0) return { at: Infinity, reason: "an older run has the quota" };
    const obstacles: Obstacle[] = [];
    for (const { quota, at } of this.#rates.readyAt(weight, now, this.#share)) {
      obstacles.push({ at, reason: `the quota is ${describeQuota(quota)}` });
    }
    for (const unit of UNITS) {
      const at = this.#allowances[unit].readyAt(weight[unit], now);
      obstacles.push({ at, reason: `the service has no ${unit} left` });
    }
    for (const day of this.#days) {
      const refusal = day.refusal(weight[day.quota.unit]);
      if (refusal) obstacles.push(refusal);
    }
    const last = obstacles.reduce((a, b) => b.at > a.at ? b : a, { at: now, reason: "" });
    return last.at > now ? last : undefined;
  }

  /** Look what this process's share is; what others took just now counts where it grows. */
  #shareAnew(now: number): void {
    const share = this.#lease?.share(this.#strict) ?? 1;
    if (share > this.#share) this.#rates.fill(now);
    this.#share = share;
  }
}
