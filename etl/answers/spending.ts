import { join } from "node:path";
import { allOpenBatches, isUnderWay } from "./open_batch.ts";
import { now } from "../run/clock.ts";
import { paidSegments, recordOf, spendingFile, spendingOf, spentThisMonth } from "./spent_month.ts";
import type { DataPaths } from "../store/paths.ts";

/**
 * Record the cost of the answers in segments of a label set, before they are merged.
 *
 * One file per segment, the same however often it is written: a run that died counts too,
 * and none counts twice. The cost of requests in flight at its death is unknown.
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

/** Record, under a name, US dollars spent on answers that are not kept. */
export async function recordLost(
  paths: DataPaths,
  classifier: string,
  name: string,
  dollars: number,
): Promise<void> {
  const month = now().toISOString().slice(0, 7);
  await spendingFile(join(paths.spending(classifier), `${name}.json`)).write({ [month]: dollars });
}

/** Give what a run may spend in US dollars: the rest of the month's budget, at most `maxCost`. */
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
