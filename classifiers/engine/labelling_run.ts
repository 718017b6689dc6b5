import type { Context, Outcome } from "../../etl/run/command.ts";
import { allOpenBatches, isUnderWay } from "../../etl/open_batch.ts";
import type { PostContexts } from "../../etl/post_context.ts";
import { isOutOfMemory } from "../../etl/store/duckdb.ts";
import type { DataPaths } from "../../etl/store/paths.ts";
import { compactAnswers, type Compacted } from "./compaction.ts";
import type { LabellingQueue } from "./labelling_queue.ts";
import type { LabellingSettings } from "./labelling_settings.ts";
import type { PaidClassifier } from "./paid_classifier.ts";
import { recordSpending, spentThisMonth } from "./spending.ts";

/** A classifier that is ready to label. */
export interface OpenedTask {
  classifier: PaidClassifier;
  settings: LabellingSettings;
  /** Gives the contexts of posts, where the classifier needs them. */
  contexts?: PostContexts | undefined;
  /** Called before the first request; throws a UserError where none can be answered. */
  check?(): Promise<void>;
  /** Label in place of the engine, which asks live. */
  labelBatches?(run: Run): Promise<Outcome>;
}

/**
 * For DuckDB, beside what JavaScript holds. What does not fit it spills, but not all that it pins: where
 * the little is not enough, compaction takes more.
 */
export const [LIMIT_MEMORY, LIMIT_MEMORY_LATE] = ["110MB", "600MB"].map((limit) =>
  `SET memory_limit = '${limit}'`
) as [string, string];

/** What a run is asked for. */
export interface LabellingOptions {
  since?: string;
  until?: string;
  limit?: number;
  maxCost?: number;
  dryRun?: boolean;
  all?: boolean;
  retryFailed?: boolean;
}

/** A run with what it works on. */
export interface Run {
  context: Context;
  task: string;
  options: LabellingOptions;
  classifier: PaidClassifier;
  settings: LabellingSettings;
  contexts: PostContexts | undefined;
  check: (() => Promise<void>) | undefined;
  queue: LabellingQueue;
  labelSetId: string;
}

/** Give what a run may spend, in US dollars: of the month's budget, and by `--max-cost`. */
export async function allowance(
  { paths }: Context,
  classifier: PaidClassifier,
  { budget }: LabellingSettings,
  { maxCost = Infinity }: LabellingOptions,
): Promise<number> {
  if (budget === undefined) return maxCost;
  const spent = await spentThisMonth(paths, classifier.name);
  // What is under way is as good as spent.
  const left = budget.per_month - spent - await costUnderWay(paths, classifier.name);
  return Math.max(0, Math.min(maxCost, left));
}

/** Give what the batches of a classifier that are under way probably cost, in US dollars. */
async function costUnderWay(paths: DataPaths, classifier: string): Promise<number> {
  const batches = (await allOpenBatches(paths, classifier)).filter(isUnderWay);
  return batches.reduce((sum, { cost }) => sum + cost, 0);
}

/** Bring what is in segments into the labels; what it cost is written down before. */
export async function compact({ context, classifier, queue, labelSetId }: Run): Promise<Compacted> {
  const { database, paths } = context;
  await recordSpending(paths, classifier.name, labelSetId);
  const reader = {
    labelSet: classifier.labelSet,
    columns: { ...classifier.columns },
    ...classifier.part ? { part: classifier.part.bind(classifier) } : {},
    readAnswer: (answer: string) => classifier.read(answer),
  };
  const merge = () => compactAnswers(database, paths, reader, (date) => queue.sampleOf(date));
  await database.run("SET threads = 1");
  try {
    return await merge();
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    await database.run(LIMIT_MEMORY_LATE);
    return await merge();
  } finally {
    await database.run("RESET threads");
    await database.run(LIMIT_MEMORY);
  }
}
