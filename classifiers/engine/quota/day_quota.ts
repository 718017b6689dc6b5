import { utcDay } from "../../../etl/run/clock.ts";
import { DayUse } from "./day_use.ts";
import type { PacingClock } from "./pacing_clock.ts";
import { DAY_MS, describeQuota, type Quota } from "./quota.ts";
import type { QuotaLease } from "./quota_lease.ts";

/** How often one looks whether another run gave back what it did not use. */
const AGAIN_MS = 10_000;
/** How long after midnight an answer may still be to a request of the day before. */
const OVERLAP_MS = 600_000;

/** Admits what the quota of a UTC day has left, for all processes of a lease together. */
export class DayQuota {
  readonly #use: DayUse;
  /** Until when a day is known to be used up; a smaller weight may find room before. */
  #refused = { day: "", weight: Infinity, again: -Infinity };

  constructor(
    readonly quota: Quota,
    readonly clock: PacingClock,
    readonly lease: QuotaLease | undefined,
    use: DayUse,
  ) {
    this.#use = use;
  }

  /** Whether so much is claimed already. */
  has(weight: number): boolean {
    return weight <= this.#use.left(utcDay(this.clock.utc()), this.quota.unit);
  }

  /** Give when to go on where the day is used up, and undefined where it is worth a claim. */
  refusal(weight: number): { at: number; again: number; reason: string } | undefined {
    if (this.has(weight)) return undefined;
    const { day, weight: refused, again } = this.#refused;
    const [now, utc] = [this.clock.now(), this.clock.utc()];
    if (utcDay(utc) !== day || weight < refused || now >= again) return undefined;
    const at = now + DAY_MS - utc.getTime() % DAY_MS;
    return { at, again, reason: `the quota of ${describeQuota(this.quota)} is used up` };
  }

  /** Claim what a weight needs; where that is too much, it is refused for a while. */
  async claim(weight: number): Promise<void> {
    const day = utcDay(this.clock.utc());
    const { quota } = this;
    const atLeast = weight - this.#use.left(day, quota.unit);
    const alone = { amount: quota.amount, usedByOthers: 0, processes: 1 };
    const claimed = this.lease
      ? await this.lease.claim(quota, day, atLeast)
      : this.#use.claim(day, quota.unit, atLeast, alone, this.clock.now());
    if (!claimed) this.#refused = { day, weight, again: this.clock.now() + AGAIN_MS };
  }

  /** Whether what an answer did not use counts for today. */
  get refundable(): boolean {
    return this.clock.utc().getTime() % DAY_MS >= OVERLAP_MS;
  }
}
