/** Faults of a request to the demo's Comment Analyzer: 503, no answer, half an answer, a reset connection. */
export const FAULTS = ["unavailable", "silent", "broken", "reset"] as const;
/** A fault of the demo's Comment Analyzer. */
export type Fault = typeof FAULTS[number];
/** The share of requests to the demo's Comment Analyzer that meet each fault. */
export type FaultShares = Partial<Record<Fault, number>>;

/** Draws faults of a service on loopback by their shares, in the same order for the same seed. */
export class Faults<Fault extends string> {
  #state: number;

  constructor(
    readonly faults: readonly Fault[],
    readonly shares: Partial<Record<Fault, number>>,
    seed: number,
  ) {
    this.#state = seed >>> 0;
  }

  /** Give the fault of the next request, undefined where it goes well. */
  draw(): Fault | undefined {
    let at = this.#uniform();
    for (const fault of this.faults) {
      at -= this.shares[fault] ?? 0;
      if (at < 0) return fault;
    }
    return undefined;
  }

  /** Mulberry32, a generator of 32 bits of state. */
  #uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
