import { join } from "node:path";
import { allOpenBatches, isUnderWay } from "../../../etl/labels/open_batch.ts";
import { now } from "../../../etl/run/clock.ts";
import {
  paidSegments,
  recordOf,
  spendingFile,
  spendingOf,
  spentThisMonth,
} from "../../../etl/sampling/spending.ts";
import type { DataPaths } from "../../../etl/store/paths.ts";

/** Hundredths add up to a little more or less than they should. */
const ROUNDING = 1e-9;

/** Do so many US dollars pay a price, both sums of many? */
export function isEnough(dollars: number, price: number): boolean {
  return price <= dollars + ROUNDING;
}

/** What a run may still spend; what is in flight is put aside. */
export class Budget {
  #reserved = 0;
  #waiting: (() => void)[] = [];

  /** In US dollars; infinite where nothing limits it. */
  constructor(public left: number) {}

  /** Put the price of a request aside; gives false where that is not left. */
  reserve(price: number): boolean {
    if (!isEnough(this.left - this.#reserved, price)) return false;
    this.#reserved += price;
    return true;
  }

  /** Give back what was put aside, and take what was spent of it. */
  settle(price: number, spent: number): void {
    this.#reserved -= price;
    this.left -= spent;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /**
   * Put the price of a request aside, as soon as what others put aside and do not use leaves room.
   *
   * Gives false where there will be none, however little they use.
   */
  async reserveInTurn(price: number): Promise<boolean> {
    while (!this.reserve(price)) {
      // A rest of rounding is nobody's request.
      if (price > this.left || this.#reserved < 1e-9) return false;
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
    return true;
  }
}

/**
 * Write down what the answers in segments of a label set cost, before they are merged.
 *
 * One file a segment, which says the same however often it is written: so a run that died counts too,
 * and none counts twice. What was in flight when it died is not known.
 */
export async function recordSpending(
  paths: DataPaths,
  classifier: string,
  labelSetId: string,
): Promise<void> {
  for (const segment of paidSegments(paths, classifier, labelSetId)) {
    const spending = await spendingOf(segment);
    if (Object.keys(spending).length === 0) continue;
    await spendingFile(recordOf(paths, classifier, segment)).write(spending);
  }
}

/** Write down, under a name, US dollars that were spent on what no answer is kept of. */
export async function recordLost(
  paths: DataPaths,
  classifier: string,
  name: string,
  dollars: number,
): Promise<void> {
  const month = now().toISOString().slice(0, 7);
  await spendingFile(join(paths.spending(classifier), `${name}.json`)).write({ [month]: dollars });
}

/** Give what a run may spend, in US dollars: of the month's budget, and no more than `maxCost`. */
export async function allowance(
  paths: DataPaths,
  classifier: string,
  budget: { per_month: number } | undefined,
  maxCost = Infinity,
): Promise<number> {
  if (budget === undefined) return maxCost;
  const spent = await spentThisMonth(paths, classifier);
  // What is under way is as good as spent.
  const left = budget.per_month - spent - costUnderWay(paths, classifier);
  return Math.max(0, Math.min(maxCost, left));
}

/** Give what the batches of a classifier that are under way probably cost, in US dollars. */
function costUnderWay(paths: DataPaths, classifier: string): number {
  const batches = allOpenBatches(paths, classifier).filter(isUnderWay);
  return batches.reduce((sum, { cost }) => sum + cost, 0);
}
