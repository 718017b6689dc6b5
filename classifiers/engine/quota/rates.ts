import { Gcra } from "./gcra.ts";
import { type AskedWeight, DAY_MS, heldTokens, type Quota, type Weight } from "./quota.ts";
import { SlidingLog } from "./sliding_log.ts";

/**
 * The quotas of periods below a day, each spaced (gcra.ts) and with `strict` logged too (sliding_log.ts).
 *
 * They are spent by what requests likely use, and corrected by what they used. A service puts aside what
 * a request may use at most: that is held until its answer, and must fit into the amount beside the rest.
 */
export class Rates {
  readonly quotas: Quota[];
  readonly #rates: Gcra[];
  readonly #logs: SlidingLog[];
  #held = 0;

  constructor(quotas: Quota[], strict: boolean) {
    this.quotas = quotas.filter((quota) => quota.perMs < DAY_MS);
    this.#rates = this.quotas.map((quota) => new Gcra(quota));
    this.#logs = strict ? this.quotas.map((quota) => new SlidingLog(quota)) : [];
  }

  /** Give, by quota, the earliest time at which a weight may be taken, at a share of the rates. */
  readyAt(weight: AskedWeight, now: number, share: number): { quota: Quota; at: number }[] {
    const likely = likelyWeight(weight);
    const rates = this.#rates.map((rate) => {
      const { unit } = rate.quota;
      const held = unit === "tokens" ? this.#held : 0;
      const fitsAt = rate.fitsAt(weight[unit], held, now, share);
      return { quota: rate.quota, at: Math.max(rate.readyAt(likely[unit], now, share), fitsAt) };
    });
    const logs = this.#logs.map((log) => ({
      quota: log.quota,
      at: log.readyAt(weight[log.quota.unit], now),
    }));
    return [...rates, ...logs];
  }

  take(weight: AskedWeight, now: number, share: number): void {
    const likely = likelyWeight(weight);
    this.#held += heldTokens(weight);
    for (const rate of this.#rates) rate.take(likely[rate.quota.unit], now, share);
    for (const log of this.#logs) log.take(weight[log.quota.unit], now);
  }

  /** Let go what was held, and give back what of the likely was not used; take it where that is below 0. */
  settle(spare: Weight, held: number, now: number, share: number): void {
    this.#held -= held;
    for (const rate of this.#rates) {
      const back = spare[rate.quota.unit];
      if (back >= 0) rate.refund(back, share);
      else rate.take(-back, now, share);
    }
  }

  /** Lower the smallest amount above a limit to it: a service does not say of what period a limit is. */
  narrow(unit: keyof Weight, limit: number): void {
    const wider = this.quotas.filter((quota) => quota.unit === unit && quota.amount > limit);
    const [quota] = wider.toSorted((a, b) => a.amount - b.amount);
    if (quota) quota.amount = limit;
  }

  /** Take it that others have used all of the strict quotas just now. */
  fill(now: number): void {
    for (const log of this.#logs) log.fill(now);
  }
}

/** Give what a request probably takes. */
export function likelyWeight(weight: AskedWeight): Weight {
  return { requests: weight.requests, tokens: weight.tokens - heldTokens(weight) };
}
