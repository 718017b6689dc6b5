import { type Quota, UNITS, type Weight } from "./quota.ts";

const SECONDS = 10;

/** What was taken in the last ten seconds. */
export class RecentUse {
  readonly #slots = Array.from({ length: SECONDS }, () => ({ second: -1, requests: 0, tokens: 0 }));
  #since: number | undefined;

  /** Count what was taken; with a negative weight, what was given back. */
  add(weight: Weight, now: number, sign = 1): void {
    this.#since ??= now;
    const second = Math.floor(now / 1000);
    const slot = this.#slots[second % SECONDS]!;
    if (slot.second !== second) Object.assign(slot, { second, requests: 0, tokens: 0 });
    for (const unit of UNITS) slot[unit] += sign * weight[unit];
  }

  /** Give the use of a quota as a share of its rate: 1 is all of it. */
  share(quota: Quota, now: number): number {
    if (this.#since === undefined) return 0;
    const first = Math.floor(now / 1000) - SECONDS + 1;
    const used = this.#slots.filter((slot) => slot.second >= first)
      .reduce((sum, slot) => sum + slot[quota.unit], 0);
    const span = Math.max(1000, now - Math.max(this.#since, first * 1000));
    return used / span / (quota.amount / quota.perMs);
  }
}
