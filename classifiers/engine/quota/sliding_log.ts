import type { Quota } from "./quota.ts";

/** By how much the network may bring two requests closer together than they were sent. */
export const JITTER_MS = 50;
/** Into how many slots a period is cut, so that the log of a large quota stays small. */
const SLOTS = 1000;

interface Slot {
  opened: number;
  /** Of the last thing in it, so that nothing leaves the log too early. */
  at: number;
  weight: number;
}

/**
 * Remembers what was taken in the last period, so that no window of it ever holds more than the
 * amount. What is taken is never given back: the service has seen it.
 */
export class SlidingLog {
  #slots: Slot[] = [];
  #sum = 0;
  readonly #periodMs: number;

  constructor(readonly quota: Quota) {
    this.#periodMs = quota.perMs + JITTER_MS;
  }

  /** Give the earliest time at which a weight fits in. */
  readyAt(weight: number, now: number): number {
    while (this.#slots.length > 0 && this.#slots[0]!.at + this.#periodMs <= now) {
      this.#sum -= this.#slots.shift()!.weight;
    }
    if (this.#slots.length === 0) this.#sum = 0;
    let excess = this.#sum + weight - this.quota.amount;
    for (const slot of this.#slots) {
      if (excess <= 0) return now;
      excess -= slot.weight;
      if (excess <= 0) return slot.at + this.#periodMs;
    }
    return now;
  }

  take(weight: number, now: number): void {
    if (weight === 0) return;
    const last = this.#slots.at(-1);
    if (last && now - last.opened < this.#periodMs / SLOTS) {
      last.at = now;
      last.weight += weight;
    } else {
      this.#slots.push({ opened: now, at: now, weight });
    }
    this.#sum += weight;
  }

  /** Take it that others have used the whole amount just now. */
  fill(now: number): void {
    this.#slots = [];
    this.#sum = 0;
    this.take(this.quota.amount, now);
  }
}
