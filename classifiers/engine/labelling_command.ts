import type { Command, Context, Outcome } from "../../etl/run/command.ts";
import { day, positiveInteger, positiveNumber } from "../../etl/run/option.ts";
import { enterLabelSet, labelSetId } from "../../etl/label_set.ts";
import { UserError } from "../../etl/run/error.ts";
import { firstDamage } from "../../etl/store/damage.ts";
import { lock } from "../../etl/store/lock.ts";
import { duration } from "../../etl/stream_progress.ts";
import { AnswerSegment } from "./answer_segment.ts";
import { compactAnswers } from "./compaction.ts";
import { Labeller, type LabellerCounts, type QueuedPost } from "./labeller.ts";
import { describePlan, LabellingPlanner } from "./labelling_plan.ts";
import { LabellingProgress } from "./labelling_progress.ts";
import { type LabellingSettings, quotas, samplePlan } from "./labelling_settings.ts";
import { Pacer } from "./pacer.ts";
import type { PaidClassifier } from "./paid_classifier.ts";
import { findPending, pendingPages, storedAnswers } from "./pending.ts";
import { QuotaLease } from "./quota_lease.ts";
import { type Sample, sampleOfDay } from "./sample.ts";
import { spentThisMonth } from "./spending.ts";
import { createHash } from "node:crypto";

/** Seconds that a request takes at most for the quota to be used up: latency, time-outs and syncs. */
const LATENCY_S = 3;
const [FEWEST_WORKERS, MOST_WORKERS] = [4, 1000];

/** What makes a paid classifier a task. */
export interface LabellingTask {
  task: string;
  description: string;
  examples: string[];
  /** Give the classifier with the study's settings; `dryRun` needs no key. */
  open(
    context: Context,
    dryRun: boolean,
  ): Promise<{ classifier: PaidClassifier; settings: LabellingSettings }>;
}

interface Options {
  since?: string;
  until?: string;
  limit?: number;
  maxCost?: number;
  dryRun?: boolean;
  all?: boolean;
  retryFailed?: boolean;
}

/** Declare the task of a paid classifier. */
export function labellingCommand(task: LabellingTask): Command {
  return {
    task: task.task,
    description: task.description,
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
    ],
    examples: task.examples,
    run: (context, options: Options) => run(context, task, options),
  };
}

async function run(context: Context, task: LabellingTask, options: Options): Promise<Outcome> {
  const { paths, database, study } = context;
  const { classifier, settings } = await task.open(context, !!options.dryRun);
  const id = labelSetId(classifier.labelSet);
  const samples = new Samples(context, settings, !!options.all);
  const errors: UserError[] = [];
  const spent = await spentThisMonth(database, paths, task.task);
  const left = Math.min(
    options.maxCost ?? Infinity,
    Math.max(0, (settings.budget?.per_month ?? Infinity) - spent),
  );
  if (options.dryRun) return await dryRun(context, classifier, settings, samples, options, left);
  await using _lock = await lock(paths.locks(), `classify-${id}`, `run ${task.task}`);
  const reader = {
    labelSet: classifier.labelSet,
    columns: { ...classifier.columns },
    readAnswer: (answer: string) => classifier.read(answer),
  };
  const sampleOf = (date: string) => samples.of(date);
  const before = await compactAnswers(database, paths, reader, sampleOf);
  errors.push(...before.errors);
  const labelledBefore = await countLabels(context, classifier, options, samples);
  const service = classifier.labelSet.classifier;
  await using lease = await QuotaLease.open(paths.quotas(service));
  const pacer = new Pacer(quotas(settings), { strict: settings.quota.strict, lease });
  const segment = await AnswerSegment.create(paths, classifier.name, id);
  const posts = queue(context, classifier, samples, options, errors);
  const said = new LabellingProgress(labelledBefore.pending, pacer);
  const labeller = new Labeller({
    classifier,
    posts,
    pacer,
    segment,
    runId: context.runId,
    workers: workersFor(settings),
    limit: options.limit,
    maxCost: left === Infinity ? undefined : left,
    signal: context.signal,
    onProgress: (counts) => context.progress.update(() => said.line(counts)),
    onPause: (ms, reason) => context.progress.say(`${reason}; waiting ${duration(ms)}`),
  });
  let failure: unknown;
  try {
    await labeller.run();
  } catch (error) {
    failure = error;
  } finally {
    await segment.close();
  }
  // What was paid for lands also when the run fails.
  const after = await compactAnswers(database, paths, reader, sampleOf);
  errors.push(...after.errors);
  if (failure !== undefined && !(failure instanceof UserError)) throw failure;
  if (failure instanceof UserError) errors.push(failure);
  if (paths.files("posts").length > 0) {
    await enterLabelSet(database, paths, study, classifier.labelSet);
  }
  const { counts, stop } = labeller;
  const summary = {
    label_set_id: id,
    ...counts,
    cost: Math.round(counts.cost * 1e6) / 1e6,
    recovered: before.answers,
    labelled_before: labelledBefore.labelled,
    labelled_after: labelledBefore.labelled + counts.labelled,
    pending: Math.max(0, labelledBefore.pending - counts.done),
    stopped_by: stop ?? null,
    peak_rss_mb: Math.round(Deno.memoryUsage().rss / 1e5) / 10,
  };
  return { summary, text: describe(classifier, summary), stopped: stop !== undefined, errors };
}

/** The samples of days, each drawn once a run. */
class Samples {
  readonly #days = new Map<string, Promise<Sample>>();

  constructor(
    readonly context: Context,
    readonly settings: LabellingSettings,
    readonly all: boolean,
  ) {}

  of(date: string): Promise<Sample> {
    const { database, paths } = this.context;
    const plan = samplePlan(this.settings, this.all);
    const sample = this.#days.get(date) ?? sampleOfDay(database, paths, plan, date);
    this.#days.set(date, sample);
    return sample;
  }
}

/** Give the days that options ask for, oldest first. */
function days({ paths }: Context, { since = "", until = "9999" }: Options): string[] {
  return paths.files("posts").map((file) => file.day!)
    .filter((day) => day >= since && day <= until).sort();
}

/** Give pending posts of day after day; a day with a damaged file is left out and its error added. */
async function* queue(
  context: Context,
  classifier: PaidClassifier,
  samples: Samples,
  options: Options,
  errors: UserError[],
): AsyncGenerator<QueuedPost, void> {
  const { database, paths } = context;
  for (const date of days(context, options)) {
    const where = await pendingOf(context, classifier, samples, options, date);
    if (where instanceof UserError) {
      errors.push(where);
      continue;
    }
    for await (const page of pendingPages(database, paths, date)) {
      const hashes = new Map(
        page.filter((post) => post.is_repeated).map((post) => [
          post.uri,
          createHash("sha256").update(classifier.request(post)).digest("hex"),
        ]),
      );
      const stored = await storedAnswers(database, paths, where.labels, [
        ...new Set(hashes.values()),
      ]);
      for (const post of page) {
        const found = stored.get(hashes.get(post.uri) ?? "");
        yield { ...post, date, ...found && { stored: found } };
      }
    }
  }
}

async function pendingOf(
  { database, paths }: Context,
  classifier: PaidClassifier,
  samples: Samples,
  { retryFailed }: Options,
  date: string,
) {
  const files = [
    ...paths.files("posts"),
    ...paths.files(`labels/${classifier.name}`),
  ].filter((file) => file.day === date).map((file) => file.path);
  const damaged = await firstDamage(database, files, `label the posts of ${date}`);
  if (damaged) return damaged;
  const labels = {
    classifier: classifier.name,
    labelSetId: labelSetId(classifier.labelSet),
    day: date,
  };
  const sample = await samples.of(date);
  return { labels, counts: await findPending(database, paths, labels, sample, retryFailed) };
}

/** Count what is labelled and what is pending, in all days that are asked for. */
async function countLabels(
  context: Context,
  classifier: PaidClassifier,
  options: Options,
  samples: Samples,
): Promise<{ labelled: number; pending: number }> {
  const total = { labelled: 0, pending: 0 };
  for (const date of days(context, options)) {
    const found = await pendingOf(context, classifier, samples, options, date);
    if (found instanceof UserError) continue;
    total.labelled += found.counts.labelled;
    total.pending += found.counts.pending;
  }
  return total;
}

async function dryRun(
  context: Context,
  classifier: PaidClassifier,
  settings: LabellingSettings,
  samples: Samples,
  options: Options,
  left: number,
): Promise<Outcome> {
  const { database, paths } = context;
  const planner = new LabellingPlanner(classifier, quotas(settings));
  const errors: UserError[] = [];
  for (const date of days(context, options)) {
    const found = await pendingOf(context, classifier, samples, options, date);
    if (found instanceof UserError) {
      errors.push(found);
      continue;
    }
    planner.addDay(found.counts);
    for await (const page of pendingPages(database, paths, date)) {
      for (const post of page) planner.addPost(post);
    }
  }
  const { plan } = planner;
  const summary = { dry_run: true, ...plan, budget_left: left === Infinity ? null : left };
  return {
    summary,
    text: describePlan(plan, classifier.name, { limit: options.limit, left }),
    errors,
  };
}

function workersFor({ quota }: LabellingSettings): number {
  const perSecond = Math.min(
    quota.requests_per_second ?? Infinity,
    (quota.requests_per_minute ?? Infinity) / 60,
  );
  const wanted = perSecond === Infinity ? FEWEST_WORKERS : Math.ceil(perSecond * LATENCY_S);
  return Math.min(MOST_WORKERS, Math.max(FEWEST_WORKERS, wanted));
}

function describe(
  classifier: PaidClassifier,
  summary: LabellerCounts & {
    label_set_id: string;
    recovered: number;
    labelled_before: number;
    labelled_after: number;
    pending: number;
    stopped_by: string | null;
    peak_rss_mb: number;
  },
): string {
  const number = (n: number) => n.toLocaleString("en");
  const failed = Object.entries(summary.failed).map(([reason, n]) => `${reason} ${number(n!)}`);
  return [
    `Labelled ${number(summary.labelled)} posts with ${classifier.name}`,
    `  label set ${summary.label_set_id}`,
    `  failed: ${failed.join(", ") || "none"}`,
    `  ${number(summary.requests)} requests, ${number(summary.retries)} of them again; ` +
    `${number(summary.reused)} posts took the answer to the same text`,
    ...summary.recovered > 0
      ? [`  ${number(summary.recovered)} answers of a run that died kept`]
      : [],
    `  labels: ${number(summary.labelled_before)} before, ${number(summary.labelled_after)} now; ` +
    `pending: ${number(summary.pending)}`,
    `  cost: $${summary.cost.toFixed(2)}; memory: ${summary.peak_rss_mb} MB`,
    ...summary.stopped_by ? [`  stopped by ${summary.stopped_by}: run it again for the rest`] : [],
  ].join("\n");
}
