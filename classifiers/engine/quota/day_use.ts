import { UNITS, type Weight } from "./quota.ts";

/** A claim that is used up sooner is followed by twice as much: what a crash loses is a second's. */
const SHORT_CLAIM_MS = 500;

interface Counts {
  /** What counts against the quota: taken, or put aside to be taken soon. */
  claimed: Weight;
  taken: Weight;
}

/**
 * What one process has used of the quotas of UTC days.
 *
 * It claims about a second's worth and takes from that, so that a process that dies has recorded
 * more than it took and never less.
 */
export class DayUse {
  readonly #days = new Map<string, Counts>();
  #step: Weight = { requests: 1, tokens: 1 };
  #steppedAt: Weight = { requests: -Infinity, tokens: -Infinity };

  /** Give what is claimed and not taken yet. */
  left(day: string, unit: keyof Weight): number {
    const counts = this.#days.get(day);
    return counts === undefined ? 0 : counts.claimed[unit] - counts.taken[unit];
  }

  take(day: string, weight: Weight): void {
    const { claimed, taken } = this.#counts(day);
    for (const unit of UNITS) {
      taken[unit] += weight[unit];
      // A unit without a quota of a day is counted and never claimed.
      claimed[unit] = Math.max(claimed[unit], taken[unit]);
    }
  }

  refund(day: string, weight: Weight): void {
    const { taken } = this.#counts(day);
    for (const unit of UNITS) taken[unit] = Math.max(0, taken[unit] - weight[unit]);
  }

  /**
   * Claim at least so much of what is left of a day's quota when others have used some of it.
   *
   * More where the last claim did not last, but not what the others will need at the end of the day.
   * Gives false, and claims nothing, where there is not enough.
   */
  claim(
    day: string,
    unit: keyof Weight,
    atLeast: number,
    quota: { amount: number; usedByOthers: number; processes: number },
    now: number,
  ): boolean {
    const { claimed } = this.#counts(day);
    const free = quota.amount - quota.usedByOthers - claimed[unit];
    if (free < atLeast) return false;
    const short = now - this.#steppedAt[unit] < SHORT_CLAIM_MS;
    const step = this.#step[unit];
    this.#step[unit] = short ? 2 * Math.max(step, atLeast) : Math.max(1, step / 2);
    this.#steppedAt[unit] = now;
    const wanted = Math.min(this.#step[unit], free / (2 * quota.processes));
    claimed[unit] += Math.max(atLeast, Math.floor(wanted));
    return true;
  }

  /** Give back what was put aside and not taken. */
  release(day?: string): void {
    for (const [of, counts] of this.#days) {
      if (day === undefined || of === day) counts.claimed = { ...counts.taken };
    }
  }

  /** Give what counts against the quotas, by day; forgets all but the last few days. */
  claimed(): Record<string, Weight> {
    const days = [...this.#days.keys()].sort();
    for (const day of days.slice(0, -3)) this.#days.delete(day);
    return Object.fromEntries([...this.#days].map(([day, counts]) => [day, counts.claimed]));
  }

  #counts(day: string): Counts {
    let counts = this.#days.get(day);
    if (counts === undefined) {
      counts = { claimed: { requests: 0, tokens: 0 }, taken: { requests: 0, tokens: 0 } };
      this.#days.set(day, counts);
    }
    return counts;
  }
}
