import { spentThisMonth } from "../../etl/answers/spending.ts";
import { allOpenBatches, isUnderWay } from "../../etl/batches/open_batch.ts";
import type { DataPaths } from "../../etl/store/paths.ts";

/** Sums of hundredths have rounding errors. */
const ROUNDING = 1e-9;

/** Do the US dollars of a budget cover a price, up to rounding? */
export function isEnough(dollars: number, price: number): boolean {
  return price <= dollars + ROUNDING;
}

/** The remaining budget of a labelling run; the price of requests in flight is reserved. */
export class Budget {
  #reserved = 0;
  #waiting: (() => void)[] = [];

  /** In US dollars; infinite where nothing limits it. */
  constructor(public left: number) {}

  /** Reserve the price of a request; gives false where too little is left. */
  reserve(price: number): boolean {
    if (!isEnough(this.left - this.#reserved, price)) return false;
    this.#reserved += price;
    return true;
  }

  /** Release a reserved price, and count what was spent. */
  settle(price: number, spent: number): void {
    this.#reserved -= price;
    this.left -= spent;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /**
   * Reserve the price of a request as soon as reservations that others do not use leave room.
   *
   * Gives false where there will never be room.
   */
  async reserveInTurn(price: number): Promise<boolean> {
    while (!this.reserve(price)) {
      // A rounding error is not a request.
      if (price > this.left || this.#reserved < 1e-9) return false;
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
    return true;
  }
}

/** Give what a labelling run may spend in US dollars: the rest of the month's budget, at most `maxCost`. */
export async function allowance(
  paths: DataPaths,
  classifier: string,
  budget: { per_month: number } | undefined,
  maxCost = Infinity,
): Promise<number> {
  if (budget === undefined) return maxCost;
  const spent = await spentThisMonth(paths, classifier);
  // Batches under way count as spent.
  const left = budget.per_month - spent - costUnderWay(paths, classifier);
  return Math.max(0, Math.min(maxCost, left));
}

/** Give the expected cost in US dollars of a classifier's batches under way. */
function costUnderWay(paths: DataPaths, classifier: string): number {
  const batches = allOpenBatches(paths, classifier).filter(isUnderWay);
  return batches.reduce((sum, { cost }) => sum + cost, 0);
}
