import type { Quota } from "./quota.ts";

/** With this a request that the machine sends late makes up for it, and few are too many at once. */
const BURST_SHARE = 0.03;
const ROUNDING = 1e-6;

/**
 * Spaces what is taken of one quota evenly, with a small burst.
 *
 * The generic cell rate algorithm (ITU-T I.371): one number, the time at which everything taken so
 * far will have been worked off. In any period at most the amount and the burst is taken, or the
 * amount and one weight where that is more than the burst.
 */
export class Gcra {
  #workedOffAt = -Infinity;

  constructor(readonly quota: Quota) {}

  /** Give the earliest time at which a weight may be taken, at a share of the rate. */
  readyAt(weight: number, now: number, share: number): number {
    if (weight === 0) return now;
    if (share === 0) return Infinity;
    const burst = this.#burst(share);
    // A weight above the burst waits until all is worked off, and then borrows.
    const room = (burst - Math.min(weight, burst)) * this.#interval(share);
    return Math.max(now, Math.max(this.#workedOffAt, now) - room);
  }

  /** Give when a weight fits into the whole amount, beside what is not worked off yet and what is held. */
  fitsAt(weight: number, held: number, now: number, share: number): number {
    if (share === 0) return Infinity;
    const interval = this.#interval(share);
    const taken = Math.max(0, this.#workedOffAt - now) / interval;
    const over = taken + held + weight - Math.max(this.quota.amount * share, weight);
    return over > ROUNDING ? now + over * interval : now;
  }

  take(weight: number, now: number, share: number): void {
    if (weight === 0) return;
    this.#workedOffAt = Math.max(this.#workedOffAt, now) + weight * this.#interval(share);
  }

  /** Give back what was taken and not used; what was worked off long ago brings no credit. */
  refund(weight: number, share: number): void {
    if (share > 0) this.#workedOffAt -= weight * this.#interval(share);
  }

  #interval(share: number): number {
    return this.quota.perMs / (this.quota.amount * share);
  }

  #burst(share: number): number {
    return Math.max(1, (this.quota.burst ?? this.quota.amount * BURST_SHARE) * share);
  }
}
