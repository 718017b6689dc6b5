import { enterLabelSet, labelSetId } from "../../etl/labels/label_set.ts";
import type { Command, Context, Outcome } from "../../etl/command/command.ts";
import { UserError } from "../../etl/run/error.ts";
import { DAYS, positiveInteger, positiveNumber } from "../../etl/run/option.ts";
import { peakMegabytes } from "../../etl/run/process.ts";
import { lock } from "../../etl/store/lock.ts";
import { duration } from "../../etl/run/duration.ts";
import { AnswerSegment } from "../../etl/answers/answer_segment.ts";
import type { QueuedPost } from "./asked_post.ts";
import { mergeAnswers } from "../../etl/answers/answer_merge.ts";
import { LIMIT_MEMORY } from "../../etl/store/duckdb.ts";
import { Labeller, workersFor } from "./labeller.ts";
import { LabellingCounts } from "./labelling_counts.ts";
import { describePlan, planLabelling } from "./labelling_plan.ts";
import {
  describeSummary,
  LabellingProgress,
  type LabellingSummary,
  withReplicates,
} from "./labelling_summary.ts";
import { LabellingQueue } from "./labelling_queue.ts";
import type { LabellingOptions, OpenedTask, Run } from "./labelling_run.ts";
import { samplePlan } from "../../etl/sampling/sample.ts";
import { type Quota, quotas } from "../../etl/quota/quota.ts";
import { LabellingStop } from "./labelling_stop.ts";
import { Pacer } from "../../etl/quota/pacer.ts";
import { DayUse, usedOfDay } from "../../etl/quota/day_use.ts";
import { ReplicateRound } from "./replicate_round.ts";
import { allowance, Budget } from "./budget.ts";
import { waitingPosts } from "../../etl/answers/answer_reader.ts";

export type { LabellingOptions, OpenedTask } from "./labelling_run.ts";

/** What the engine makes the task of a paid classifier from. */
export interface LabellingTask {
  task: string;
  description: string;
  examples: string[];
  options?: Command["options"];
  /** Give the classifier with the study's settings. */
  open(context: Context, options: LabellingOptions): OpenedTask | Promise<OpenedTask>;
}

/** Posts of one pass, and the segment for their answers. */
interface Work {
  posts: AsyncGenerator<QueuedPost, void>;
  pending: number;
  counts: LabellingCounts;
  limit: number | undefined;
  segment: AnswerSegment;
}

/** Declare the labelling run of a paid classifier as a task. */
export function labellingCommand(
  { task, description, examples, options = [], open }: LabellingTask,
): Command {
  return {
    task,
    description,
    options: [
      ...DAYS,
      { flags: "--limit <n>", description: "stop after n posts", parse: positiveInteger },
      {
        flags: "--max-cost <usd>",
        description: "stop before the run costs more",
        parse: positiveNumber,
      },
      {
        flags: "--dry-run",
        description: "show what would be asked, its cost and its time, and ask nothing",
      },
      { flags: "--all", description: "label every post, not the sample that study.yaml asks for" },
      { flags: "--retry-failed", description: "also try again posts that failed for good" },
      ...options,
    ],
    examples,
    holdsFiles: false,
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
      const round = new ReplicateRound(database, paths, classifier, {
        anchors: settings.anchors,
        contexts,
        isAsked: !options.dryRun,
      });
      const id = labelSetId(classifier.labelSet);
      const { check } = opened;
      const run = {
        context,
        task,
        options,
        ...opened,
        contexts,
        check,
        queue,
        round,
        labelSetId: id,
      };
      // A batch does not use the quotas of live requests.
      if (options.dryRun) return await dryRun(run, opened.labelBatches ? [] : quotas(settings));
      return await (opened.labelBatches?.(run) ?? label(run));
    },
  };
}

async function dryRun(run: Run, limits: Quota[]): Promise<Outcome> {
  const { context, options, classifier, settings, queue, round, labelSetId } = run;
  const { paths } = context;
  const survey = await queue.survey();
  const errors = [...queue.errors, ...await round.open()];
  const perDay = limits.length > 0 ? settings.quota.requests_per_day ?? Infinity : Infinity;
  const { requests } = await usedOfDay(paths.quotas(classifier.service));
  const plan = await planLabelling(survey, queue.posts(), classifier, limits, {
    posts: options.limit ?? Infinity,
    requests: perDay - requests,
    cost: await allowance(paths, classifier.name, settings.budget, options.maxCost),
  }, {
    anchors: round.posts(),
    waiting: await waitingPosts(paths, classifier.name, labelSetId),
  });
  return {
    summary: { dry_run: true, ...plan },
    text: describePlan(plan, classifier.name),
    errors,
  };
}

async function label(run: Run): Promise<Outcome> {
  const { context, task, classifier, settings, options, queue, round, labelSetId } = run;
  const { paths, database, study } = context;
  const started = performance.now();
  await using _lock = await lock(paths.locks(), `classify-${labelSetId}`, `run ${task}`);
  const before = await mergeAnswers(database, paths, classifier, (day) => queue.sampleOf(day));
  const survey = await queue.survey();
  const [counts, again] = [new LabellingCounts(), new LabellingCounts()];
  const stop = new LabellingStop();
  const errors = [...before.errors, ...queue.errors, ...await round.open()];
  if (survey.pending + round.left > 0) {
    const { service } = classifier;
    const held = `another run uses the quota of ${service}`;
    await using _quota = await lock(paths.locks(), `quota-${service}`, `run ${task}`, held);
    await run.check?.();
    const dayUse = await DayUse.open(paths.quotas(service));
    const pacer = new Pacer(quotas(settings), { dayUse });
    try {
      const budget = new Budget(
        await allowance(paths, classifier.name, settings.budget, options.maxCost),
      );
      if (round.left > 0) {
        context.progress.say(`asking about ${round.left} anchors again (round ${round.number})`);
        const segment = await round.segment();
        const posts = round.posts();
        const work = { posts, pending: round.left, counts: again, limit: undefined, segment };
        errors.push(...await ask(run, work, pacer, budget, stop));
      }
      if (survey.pending > 0 && !stop.isSet) {
        const { limit } = options;
        const segment = await AnswerSegment.create(paths.answers(classifier.name, labelSetId));
        const work = { posts: queue.posts(), pending: survey.pending, counts, limit, segment };
        errors.push(...await ask(run, work, pacer, budget, stop));
      }
    } finally {
      await run.contexts?.close();
      // With a full disk, claimed quota of a day counts as used.
      await dayUse[Symbol.asyncDispose]().catch(() => {});
    }
    const after = await mergeAnswers(database, paths, classifier, (day) => queue.sampleOf(day));
    const { doubted } = after;
    if (doubted) counts.doubt(doubted);
    // A run that ended for it has said so.
    if (doubted && errors.length === 0) errors.push(doubted.error);
    errors.push(...run.contexts?.errors ?? [], ...after.errors);
    if (!stop.isSet) await queue.settle();
    if (counts.cut_prompts > 0) {
      context.warn(
        `for ${counts.cut_prompts} of ${counts.requests} requests the server counts less than a third ` +
          "of the tokens that it was sent (tokens_prompt): it cuts prompts in silence, and those " +
          "labels are of something else. Give it a larger context",
      );
    }
  }
  // Also when nothing was pending: a study that goes back to an earlier label set shows its labels.
  if (survey.days > 0) await enterLabelSet(database, paths, study, classifier.labelSet);
  const pending = survey.pending - counts.done + counts.passing;
  const isLeft = pending > 0 || again.done - again.passing < round.left;
  const summary: LabellingSummary = {
    label_set_id: labelSetId,
    ...counts,
    failed: { ...counts.failed },
    ...withReplicates(counts, again, round.number),
    recovered: before.answers,
    labelled_before: survey.labelled,
    labelled_after: survey.labelled + counts.labelled,
    pending,
    in_batch: survey.in_batch,
    stopped_by: isLeft ? stop.reason ?? null : null,
    seconds: Math.round(performance.now() - started) / 1000,
    peak_rss_mb: peakMegabytes(),
  };
  const text = survey.days > 0 || errors.length > 0
    ? describeSummary(summary, classifier.name)
    : "Nothing to label: there are no posts of these days; sync or import some, then preprocess";
  return { summary: { ...summary }, text, stopped: summary.stopped_by !== null, errors };
}

/** Ask until the run ends; gives the error that ended it. Received answers still land afterwards. */
async function ask(
  { context, classifier, settings }: Run,
  { pending, segment, ...work }: Work,
  pacer: Pacer,
  budget: Budget,
  stop: LabellingStop,
): Promise<UserError[]> {
  const { progress, signal, runId } = context;
  const said = new LabellingProgress(pending, work.counts, pacer);
  const labeller = new Labeller({
    ...work,
    classifier,
    pacer,
    segment,
    runId,
    budget,
    stop,
    workers: workersFor(settings) * classifier.postsPerRequest,
    signal,
    onProgress: () => progress.update(() => said.line()),
    onPause: (ms, reason) => progress.say(`${reason}: waiting ${duration(ms)}`),
  });
  const failures: unknown[] = [];
  await labeller.run().catch((error) => failures.push(error));
  // Answers that wait in memory after a full disk are tried once more.
  await segment.close().catch((error) => failures.push(error));
  const [failure] = failures;
  if (failure !== undefined && !(failure instanceof UserError)) throw failure;
  return failure === undefined ? [] : [failure];
}
