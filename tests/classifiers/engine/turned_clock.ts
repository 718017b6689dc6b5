import { setImmediate } from "node:timers/promises";
import type { Pacer, PacingClock } from "../../../etl/quota/pacer.ts";
import type { Weight } from "../../../etl/quota/quota.ts";

/** A clock that stands still until it is turned. */
export class TurnedClock implements PacingClock {
  #now = 1000;
  /** Set it to have the time of day jump. */
  utcOffset: number;
  readonly #timers = new Map<() => void, number>();
  /** By how much every timer is late. */
  lateMs = 0;

  constructor(utc = "2026-06-01T12:00:00Z") {
    this.utcOffset = Date.parse(utc) - this.#now;
  }

  now(): number {
    return this.#now;
  }

  utc(): Date {
    return new Date(this.#now + this.utcOffset);
  }

  after(ms: number, wake: () => void): () => void {
    // A timer that is called off leaves another function of the same kind alone.
    const own = () => wake();
    this.#timers.set(own, this.#now + ms + this.lateMs);
    return () => this.#timers.delete(own);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Turn by some milliseconds, ringing each timer at its time; what follows of each runs first. */
  async turn(ms: number): Promise<void> {
    const end = this.#now + ms;
    await setImmediate();
    for (;;) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a - b);
      if (!next || next[1] > end) break;
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1]);
      next[0]();
      await setImmediate();
    }
    this.#now = end;
  }

  /** Let time pass that no timer saw, as when a machine sleeps. */
  sleep(ms: number): void {
    this.#now += ms;
  }
}

export const REQUEST: Weight = { requests: 1, tokens: 0 };
export const NEVER: AbortSignal = new AbortController().signal;

/** Start so many workers that take until they are stopped; gives the times of what they took. */
export function work(
  pacer: Pacer,
  clock: PacingClock,
  workers: number,
  weight: Weight = REQUEST,
): { times: number[]; stop: () => Promise<void> } {
  const stop = new AbortController();
  const times: number[] = [];
  const running = Array.from({ length: workers }, async () => {
    while (await pacer.take(weight, stop.signal)) times.push(clock.now());
  });
  return {
    times,
    stop: async () => {
      stop.abort();
      await Promise.all(running);
    },
  };
}

/** Give the most that lies in any window of some milliseconds, its end excluded. */
export function most(times: number[], windowMs: number): number {
  let [first, found] = [0, 0];
  times.forEach((time, last) => {
    while (time - times[first]! >= windowMs) first++;
    found = Math.max(found, last - first + 1);
  });
  return found;
}
