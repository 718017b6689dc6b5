import { enterLabelSet } from "../../etl/labels/label_set.ts";
import { isUnderWay, type OpenBatch } from "../../etl/batches/open_batch.ts";
import type { Outcome } from "../../etl/command/command.ts";
import { UserError } from "../../etl/run/error.ts";
import { peakMegabytes } from "../../etl/run/process.ts";
import { lock } from "../../etl/store/lock.ts";
import { AnswerSegment } from "../../etl/answers/answer_segment.ts";
import { batchedPosts } from "../../etl/batches/batched_posts.ts";
import { LabellingCounts } from "../engine/labelling_counts.ts";
import { mergeAnswers } from "../../etl/answers/answer_merge.ts";
import type { Run } from "../engine/labelling_run.ts";
import { allowance } from "../engine/budget.ts";
import { LabellingStop } from "../engine/labelling_stop.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";
import type { BatchCarrier } from "./batch_carrier.ts";
import { type BatchClassifier, BatchTaking, type Submitted } from "./batch_taking.ts";
import { type BatchSummary, describeBatches } from "./batch_summary.ts";
import { type LookedAfter, OpenBatches } from "./open_batches.ts";

/** Where batches go, and how they are asked. */
export interface BatchRunOptions {
  classifier: BatchClassifier;
  model: string;
  carrier: BatchCarrier;
  /** Give the commands that answer batches without a server. */
  commands(batches: OpenBatch[]): string[];
}

/** Land the batches that are ready, and send what is pending in new ones. */
export async function labelBatches(run: Run, options: BatchRunOptions): Promise<Outcome> {
  const { context, task, labelSetId } = run;
  await using _lock = await lock(context.paths.locks(), `classify-${labelSetId}`, `run ${task}`);
  try {
    return await landAndSend(run, options);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new UserError(
      `run ${task}`,
      error.message,
      "The state of each batch is kept, and nothing is paid twice: run it again later. A server " +
        "without a Batch API takes live requests, or files (--batch-files)",
      { cause: error },
    );
  }
}

async function landAndSend(run: Run, options: BatchRunOptions): Promise<Outcome> {
  const { context, classifier, queue } = run;
  const { database, paths, study } = context;
  const started = performance.now();
  const before = await mergeAnswers(database, paths, classifier, (day) => queue.sampleOf(day));
  const batches = new OpenBatches(run, options.carrier);
  const looked = await batches.lookAfter();
  const survey = await queue.survey();
  const errors = [...before.errors, ...looked.errors, ...queue.errors];
  const counts = new LabellingCounts();
  const stop = new LabellingStop();
  let submitted: Submitted = { batches: 0, posts: 0, requests: 0, cost: 0 };
  if (looked.isLimited) stop.for("quota");
  if (context.signal.aborted) stop.for("signal");
  const mayGoOn = looked.errors.length === 0 && !stop.isSet;
  if (survey.pending > 0 && mayGoOn) {
    try {
      await run.check?.();
      submitted = await take(run, options, batches, counts, stop);
    } finally {
      await run.contexts?.close();
    }
    errors.push(
      ...run.contexts?.errors ?? [],
      ...(await mergeAnswers(database, paths, classifier, (day) => queue.sampleOf(day))).errors,
    );
  }
  if (survey.days > 0) await enterLabelSet(database, paths, study, classifier.labelSet);
  const open = (await batches.list()).filter(isUnderWay);
  const pending = survey.pending - submitted.posts - counts.done + counts.passing;
  const summary = summarize(looked, counts, submitted, open, {
    label_set_id: run.labelSetId,
    recovered: before.answers,
    pending,
    stopped_by: pending > 0 ? stop.reason ?? null : null,
    seconds: Math.round(performance.now() - started) / 1000,
    peak_rss_mb: peakMegabytes(),
  });
  return {
    summary: { ...summary },
    text: describeBatches(summary, classifier.name, options.commands(open)),
    stopped: open.length > 0 || summary.stopped_by !== null,
    errors,
  };
}

/** Send pending posts within the limits; gives what was sent. */
async function take(
  run: Run,
  { classifier, model, carrier }: BatchRunOptions,
  batches: OpenBatches,
  counts: LabellingCounts,
  stop: LabellingStop,
): Promise<Submitted> {
  const { context, options, settings, queue, labelSetId } = run;
  const segment = await AnswerSegment.create(context.paths.answers(classifier.name, labelSetId));
  const taking = new BatchTaking({
    context,
    classifier,
    head: { classifier: classifier.name, label_set_id: labelSetId, model, ...carrier.where },
    posts: queue.posts(),
    segment,
    counts,
    stop,
    limit: options.limit ?? Infinity,
    budget: await allowance(context.paths, classifier.name, settings.budget, options.maxCost),
    underWay: await repeatedUnderWay(run, await batches.list()),
    send: (batch) => batches.send(batch),
  });
  try {
    await taking.run();
  } finally {
    await segment.close();
  }
  return taking.submitted;
}

/** Give day and hash of repeatable requests whose answers are on their way. */
async function repeatedUnderWay({ context }: Run, batches: OpenBatch[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const batch of batches.filter(isUnderWay)) {
    for await (const { is_repeated, date, request_hash } of batchedPosts(context.paths, batch)) {
      if (is_repeated) found.add(`${date} ${request_hash}`);
    }
  }
  return found;
}

function summarize(
  { landed, counts, dropped }: LookedAfter,
  { failed: unscorable, reused }: LabellingCounts,
  submitted: Submitted,
  open: OpenBatch[],
  rest: Pick<
    BatchSummary,
    "label_set_id" | "recovered" | "pending" | "stopped_by" | "seconds" | "peak_rss_mb"
  >,
): BatchSummary {
  const round = (dollars: number) => Math.round(dollars * 1e6) / 1e6;
  return {
    ...rest,
    landed: {
      batches: landed,
      posts: counts.done,
      labelled: counts.labelled,
      failed: { ...counts.failed },
      dropped,
      cost: round(counts.cost),
    },
    unscorable: { ...unscorable },
    reused,
    submitted: { ...submitted, cost: round(submitted.cost) },
    open: {
      batches: open.length,
      posts: open.reduce((sum, { posts }) => sum + posts, 0),
      cost: round(open.reduce((sum, { cost }) => sum + cost, 0)),
      oldest: open[0]?.written_at ?? null,
    },
  };
}
