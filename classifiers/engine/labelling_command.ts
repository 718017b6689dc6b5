import { enterLabelSet, labelSetId } from "../../etl/label_set.ts";
import { now, utcDay } from "../../etl/run/clock.ts";
import type { Command, Context, Outcome } from "../../etl/run/command.ts";
import { UserError } from "../../etl/run/error.ts";
import { day, positiveInteger, positiveNumber } from "../../etl/run/option.ts";
import { peakMegabytes } from "../../etl/run/process.ts";
import { isOutOfMemory } from "../../etl/store/duckdb.ts";
import type { PostContexts } from "../../etl/post_context.ts";
import { lock } from "../../etl/store/lock.ts";
import { duration } from "../../etl/run/duration.ts";
import { AnswerSegment } from "./answer_segment.ts";
import { compactAnswers, type Compacted } from "./compaction.ts";
import { Labeller } from "./labeller.ts";
import { LabellingCounts } from "./labelling_counts.ts";
import { describePlan, planLabelling } from "./labelling_plan.ts";
import { LabellingProgress } from "./labelling_progress.ts";
import { LabellingQueue, type Survey } from "./labelling_queue.ts";
import { type LabellingSettings, quotas, samplePlan, workersFor } from "./labelling_settings.ts";
import { LabellingStop } from "./labelling_stop.ts";
import { describeSummary, type LabellingSummary } from "./labelling_summary.ts";
import { Pacer } from "./pacer.ts";
import type { PaidClassifier } from "./paid_classifier.ts";
import { QuotaLease, usedOfDay } from "./quota_lease.ts";
import { allowance, Budget, recordSpending } from "./spending.ts";
import { WaitingAnswers } from "./waiting_answers.ts";

/** What makes a paid classifier a task. */
export interface LabellingTask {
  task: string;
  description: string;
  examples: string[];
  options?: Command["options"];
  /** Give the classifier with the study's settings. */
  open(context: Context, options: LabellingOptions): OpenedTask | Promise<OpenedTask>;
}

/** A classifier that is ready to label. */
export interface OpenedTask {
  classifier: PaidClassifier;
  settings: LabellingSettings;
  /** Gives the contexts of posts, where the classifier needs them. */
  contexts?: PostContexts | undefined;
  /** Called before the first request; throws a UserError where none can be answered. */
  check?(): Promise<void>;
}

/**
 * For DuckDB, beside what JavaScript holds. What does not fit it spills, but not all that it pins: where
 * the little is not enough, compaction takes more.
 */
const [LIMIT_MEMORY, LIMIT_MEMORY_LATE] = ["110MB", "600MB"].map((limit) =>
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
interface Run {
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

/** Declare the task of a paid classifier. */
export function labellingCommand(
  { task, description, examples, options = [], open }: LabellingTask,
): Command {
  return {
    task,
    description,
    options: [
      { flags: "--since <day>", description: "first day of posts", parse: day },
      { flags: "--until <day>", description: "last day of posts", parse: day },
      { flags: "--limit <n>", description: "stop after n posts", parse: positiveInteger },
      {
        flags: "--max-cost <usd>",
        description: "stop before it costs more",
        parse: positiveNumber,
      },
      {
        flags: "--dry-run",
        description: "say what would be asked, what it costs and how long it takes",
      },
      { flags: "--all", description: "label every post, not the sample that study.yaml asks for" },
      { flags: "--retry-failed", description: "try again also what failed for good" },
      ...options,
    ],
    examples,
    async run(context, options: LabellingOptions) {
      const opened = await open(context, options);
      const { classifier, settings, contexts } = opened;
      const { database, paths } = context;
      await database.run(LIMIT_MEMORY);
      await database.run("SET preserve_insertion_order = false");
      const plan = samplePlan(settings, !!options.all);
      const queue = new LabellingQueue(database, paths, classifier, plan, {
        ...options,
        contexts,
        fetchesContexts: !options.dryRun,
        records: !options.dryRun,
        warn: context.warn,
      });
      const id = labelSetId(classifier.labelSet);
      const run = {
        context,
        task,
        options,
        ...opened,
        contexts,
        check: opened.check,
        queue,
        labelSetId: id,
      };
      return options.dryRun ? await dryRun(run) : await label(run);
    },
  };
}

async function dryRun(
  { context, options, classifier, settings, queue, labelSetId }: Run,
): Promise<Outcome> {
  const survey = await queue.survey();
  const { paths } = context;
  const { requests_per_day: perDay = Infinity } = settings.quota;
  const { requests } = await usedOfDay(paths.quotas(classifier.account), utcDay(now()));
  const plan = await planLabelling(survey, queue.posts(), classifier, quotas(settings), {
    posts: options.limit ?? Infinity,
    requests: perDay - requests,
    cost: await allowance(paths, classifier.name, settings.budget, options.maxCost),
  }, await WaitingAnswers.read(paths, classifier.name, labelSetId));
  return {
    summary: { dry_run: true, ...plan },
    text: describePlan(plan, classifier.name),
    errors: queue.errors,
  };
}

async function label(run: Run): Promise<Outcome> {
  const { context, task, classifier, settings, queue, labelSetId } = run;
  const { paths, database, study } = context;
  const started = performance.now();
  await using _lock = await lock(paths.locks(), `classify-${labelSetId}`, `run ${task}`);
  const before = await compact(run);
  const survey = await queue.survey();
  const counts = new LabellingCounts();
  const stop = new LabellingStop();
  const errors = [...before.errors, ...queue.errors];
  if (survey.pending > 0) {
    await run.check?.();
    const lease = await QuotaLease.open(paths.quotas(classifier.account));
    const pacer = new Pacer(quotas(settings), { strict: settings.quota.strict, lease });
    try {
      errors.push(...await ask(run, survey, pacer, counts, stop));
    } finally {
      await run.contexts?.close();
      // Where the disk is full, what was claimed of a day and not taken counts as taken.
      await lease[Symbol.asyncDispose]().catch(() => {});
    }
    errors.push(...run.contexts?.errors ?? [], ...(await compact(run)).errors);
    if (!stop.isSet) await queue.settle();
  }
  // Also when nothing was pending: whoever goes back to an earlier label set wants to see its labels.
  if (survey.days > 0) await enterLabelSet(database, paths, study, classifier.labelSet);
  const pending = survey.pending - counts.done + counts.passing;
  const summary: LabellingSummary = {
    label_set_id: labelSetId,
    ...counts,
    failed: { ...counts.failed },
    cost: Math.round(counts.cost * 1e6) / 1e6,
    recovered: before.answers,
    labelled_before: survey.labelled,
    labelled_after: survey.labelled + counts.labelled,
    pending,
    stopped_by: pending > 0 ? stop.reason ?? null : null,
    seconds: Math.round(performance.now() - started) / 1000,
    peak_rss_mb: peakMegabytes(),
  };
  const text = survey.days > 0 || errors.length > 0
    ? describeSummary(summary, classifier.name)
    : "Nothing to label: there are no posts of these days; sync or import some, then preprocess";
  return { summary: { ...summary }, text, stopped: summary.stopped_by !== null, errors };
}

/** Ask until the run ends; gives what it ended of, after which what was answered still lands. */
async function ask(
  run: Run,
  survey: Survey,
  pacer: Pacer,
  counts: LabellingCounts,
  stop: LabellingStop,
): Promise<UserError[]> {
  const { context, options, classifier, settings, queue, labelSetId } = run;
  const { paths, progress, signal, runId } = context;
  const left = await allowance(paths, classifier.name, settings.budget, options.maxCost);
  const segment = await AnswerSegment.create(paths, classifier.name, labelSetId);
  const said = new LabellingProgress(survey.pending, counts, pacer);
  const labeller = new Labeller({
    classifier,
    posts: queue.posts(),
    pacer,
    segment,
    runId,
    budget: new Budget(left),
    counts,
    stop,
    workers: workersFor(settings) * classifier.postsPerRequest,
    hasLabels: survey.labelled > 0,
    limit: options.limit,
    signal,
    onProgress: () => progress.update(() => said.line()),
    onPause: (ms, reason) => progress.say(`${reason}: waiting ${duration(ms)}`),
  });
  const failures: unknown[] = [];
  await labeller.run().catch((error) => failures.push(error));
  // What waits in memory because the disk was full is tried once more.
  await segment.close().catch((error) => failures.push(error));
  const [failure] = failures;
  if (failure !== undefined && !(failure instanceof UserError)) throw failure;
  return failure === undefined ? [] : [failure];
}

/** Bring what is in segments into the labels; what it cost is written down before. */
async function compact({ context, classifier, queue, labelSetId }: Run): Promise<Compacted> {
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
