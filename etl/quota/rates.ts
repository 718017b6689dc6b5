import { type AskedWeight, DAY_MS, heldTokens, type Quota, UNITS, type Weight } from "./quota.ts";

/** A burst lets late requests catch up without sending too many at once. */
const BURST_SHARE = 0.03;
const ROUNDING = 1e-6;
/** How far back use is remembered. */
const SECONDS = 10;

/**
 * The quotas of periods below a day, each spaced evenly.
 *
 * Requests take their likely use, corrected later by the actual use. A service reserves what
 * a request may use at most: that is held until its answer, and must fit into the amount with the rest.
 */
export class Rates {
  readonly quotas: Quota[];
  readonly #rates: Gcra[];
  readonly #recent = new RecentUse();
  #held = 0;

  constructor(quotas: Quota[]) {
    this.quotas = quotas.filter((quota) => quota.perMs < DAY_MS);
    this.#rates = this.quotas.map((quota) => new Gcra(quota));
  }

  /** Give, by quota, the earliest time at which a weight may be taken. */
  readyAt(weight: AskedWeight, now: number): { quota: Quota; at: number }[] {
    const likely = likelyWeight(weight);
    return this.#rates.map((rate) => {
      const { unit } = rate.quota;
      const held = unit === "tokens" ? this.#held : 0;
      const fitsAt = rate.fitsAt(weight[unit], held, now);
      return { quota: rate.quota, at: Math.max(rate.readyAt(likely[unit], now), fitsAt) };
    });
  }

  take(weight: AskedWeight, now: number): void {
    const likely = likelyWeight(weight);
    this.#held += heldTokens(weight);
    for (const rate of this.#rates) rate.take(likely[rate.quota.unit], now);
    this.#recent.add(likely, now);
  }

  /** Release the held amount, and give back unused likely use; take it where that is below 0. */
  settle(spare: Weight, held: number, now: number): void {
    this.#held -= held;
    for (const rate of this.#rates) rate.settle(spare[rate.quota.unit], now);
    this.#recent.add(spare, now, -1);
  }

  /** Lower the smallest amount above a limit to it: a service does not name a limit's period. */
  narrow(unit: keyof Weight, limit: number): void {
    const wider = this.quotas.filter((quota) => quota.unit === unit && quota.amount > limit);
    const [quota] = wider.toSorted((a, b) => a.amount - b.amount);
    if (quota) quota.amount = limit;
  }

  /** Give the share of the tightest of some quotas' rates that was used in the last ten seconds. */
  share(quotas: Quota[], now: number): number {
    return Math.max(0, ...quotas.map((quota) => this.#recent.share(quota, now)));
  }
}

/**
 * Spaces the use of one quota evenly, with a small burst.
 *
 * The generic cell rate algorithm (ITU-T I.371): one number, the time at which everything taken so
 * far will have been worked off. In any period at most the amount and the burst is taken, or the
 * amount and one weight where that is more than the burst.
 */
class Gcra {
  #workedOffAt = -Infinity;

  constructor(readonly quota: Quota) {}

  /** Give the earliest time at which a weight may be taken. */
  readyAt(weight: number, now: number): number {
    if (weight === 0) return now;
    const burst = Math.max(1, this.quota.burst ?? this.quota.amount * BURST_SHARE);
    // A weight above the burst waits until all use is worked off, and then borrows.
    const room = (burst - Math.min(weight, burst)) * this.#interval;
    return Math.max(now, Math.max(this.#workedOffAt, now) - room);
  }

  /** Give when a weight fits into the whole amount, with held and remaining use. */
  fitsAt(weight: number, held: number, now: number): number {
    const taken = Math.max(0, this.#workedOffAt - now) / this.#interval;
    const over = taken + held + weight - Math.max(this.quota.amount, weight);
    return over > ROUNDING ? now + over * this.#interval : now;
  }

  take(weight: number, now: number): void {
    if (weight === 0) return;
    this.#workedOffAt = Math.max(this.#workedOffAt, now) + weight * this.#interval;
  }

  /** Give back unused weight, or take it where negative; old use brings no credit. */
  settle(spare: number, now: number): void {
    if (spare < 0) this.take(-spare, now);
    else this.#workedOffAt -= spare * this.#interval;
  }

  get #interval(): number {
    return this.quota.perMs / this.quota.amount;
  }
}

/** The use in the last ten seconds. */
class RecentUse {
  readonly #slots = Array.from({ length: SECONDS }, () => ({ second: -1, requests: 0, tokens: 0 }));
  #since: number | undefined;

  /** Count taken weight; negative weight was given back. */
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

/** Give the expected use of a request. */
function likelyWeight(weight: AskedWeight): Weight {
  return { requests: weight.requests, tokens: weight.tokens - heldTokens(weight) };
}
