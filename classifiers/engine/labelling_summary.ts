import { dollars } from "../../etl/run/amount.ts";
import { PASSING_REASONS } from "../../etl/labels/label_reason.ts";
import { duration } from "../../etl/run/duration.ts";
import type { LabellingCounts } from "./labelling_counts.ts";
import type { StopReason } from "./labelling_stop.ts";
import type { Pacer } from "../../etl/quota/pacer.ts";

/** Repeated requests about anchors in a labelling run. */
export interface ReplicateCounts {
  round: number;
  done: number;
  labelled: number;
  failed: Record<string, number>;
  /** US dollars. */
  cost: number;
}

/** What a labelling run did: the summary of its ledger row. */
export interface LabellingSummary {
  label_set_id: string;
  /** Posts that got an answer or a reason. */
  done: number;
  labelled: number;
  failed: Record<string, number>;
  /** Includes anchors, as do retries and cost. */
  requests: number;
  retries: number;
  reused: number;
  /** US dollars. */
  cost: number;
  /** null where no round was due. */
  replicates: ReplicateCounts | null;
  /** Answers of a run that died, which this one brought into the labels. */
  recovered: number;
  labelled_before: number;
  labelled_after: number;
  pending: number;
  /** Posts that belong to a batch under way. */
  in_batch: number;
  stopped_by: StopReason | null;
  seconds: number;
  peak_rss_mb: number;
}

/** Permanent reasons that the service may later change. */
const WORTH_ANOTHER_TRY = ["rejected", "refused", "cut_short", "retired_model"] as const;

/** Sum up the use of posts and anchors, and give the anchors' part; round 0 means none. */
export function withReplicates(
  posts: LabellingCounts,
  anchors: LabellingCounts,
  round: number,
): Pick<LabellingSummary, "requests" | "retries" | "cost" | "replicates"> {
  const { done, labelled, failed, cost } = anchors;
  const rounded = (dollars: number) => Math.round(dollars * 1e6) / 1e6;
  return {
    requests: posts.requests + anchors.requests,
    retries: posts.retries + anchors.retries,
    cost: rounded(posts.cost + cost),
    replicates: round === 0
      ? null
      : { round, done, labelled, failed: { ...failed }, cost: rounded(cost) },
  };
}

/** Why a labelling run stopped early, in words. */
export const STOPS: Record<StopReason, string> = {
  signal: "stopped by a signal",
  limit: "stopped at --limit",
  cost: "stopped before exceeding its budget (--max-cost, budget.per_month)",
  quota: "stopped because the quota is used up for now",
};

/** Describe the summary of a labelling run for people; `name` is the classifier's. */
export function describeSummary(summary: LabellingSummary, name: string): string {
  const number = (count: number) => count.toLocaleString("en");
  const failed = Object.entries(summary.failed).map(([reason, n]) => `${reason} ${number(n)}`);
  const { cost, recovered, replicates, stopped_by, seconds } = summary;
  const passing = PASSING_REASONS.reduce((sum, reason) => sum + (summary.failed[reason] ?? 0), 0);
  return [
    `Labelled ${number(summary.labelled)} posts with ${name} in ${duration(seconds * 1000)}`,
    `  label set ${summary.label_set_id}`,
    `  not labelled: ${failed.join(", ") || "none"}`,
    `  ${number(summary.requests)} requests, ${number(summary.retries)} of them retries; ` +
    `${number(summary.reused)} posts reuse the answer to the same text`,
    ...replicates
      ? [
        `  anchors: ${number(replicates.labelled)} labelled again (round ${replicates.round}, ` +
        `${replicates.cost > 0 ? dollars(replicates.cost) : "free of charge"}); deno task status ` +
        "shows whether the labels drift",
      ]
      : [],
    ...recovered > 0 ? [`  ${number(recovered)} answers of a run that died were kept`] : [],
    `  labels: ${number(summary.labelled_before)} before, ${number(summary.labelled_after)} now; ` +
    `pending: ${number(summary.pending)}`,
    `  ${cost > 0 ? dollars(cost) : "free of charge"}; at most ${
      number(Math.round(summary.peak_rss_mb))
    } MB of memory`,
    ...describeInBatch(summary.in_batch, name),
    ...stopped_by
      ? [`  ${STOPS[stopped_by]}: run it again for the rest`]
      : passing > 0
      ? [`  ${number(passing)} posts failed for temporary reasons: the next run tries them again`]
      : [],
    ...WORTH_ANOTHER_TRY.some((reason) => reason in summary.failed)
      ? ["  posts that the service refused are asked about again only with --retry-failed"]
      : [],
  ].join("\n");
}

/** Describe the posts that a run leaves to batches; nothing where there are none. */
export function describeInBatch(posts: number, name: string): string[] {
  if (posts === 0) return [];
  return [
    `  ${
      posts.toLocaleString("en")
    } posts are in a batch that is under way and were not asked about: ` +
    `deno task classify:${name} --batch lands ready answers (--batch-files DIR for a batch ` +
    "in a folder)",
  ];
}

/** Shows the progress of labelling in one line. */
export class LabellingProgress {
  readonly #started = performance.now();

  constructor(readonly pending: number, readonly counts: LabellingCounts, readonly pacer: Pacer) {}

  /** Give the line. */
  line(): string {
    const { counts, pending } = this;
    const { waiting } = this.pacer;
    const perSecond = counts.done / (performance.now() - this.#started) * 1000;
    const number = (count: number) => count.toLocaleString("en");
    const failed = Object.entries(counts.failed).map(([reason, n]) => `${reason} ${number(n)}`);
    const parts = [
      `${number(counts.done)} of ${number(pending)} posts ` +
      `(${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s)`,
      `${Math.round(100 * this.pacer.share())}% of the quota`,
    ];
    if (failed.length > 0) parts.push(`not labelled: ${failed.join(", ")}`);
    if (counts.cost > 0) parts.push(dollars(counts.cost));
    if (counts.done > 0) {
      parts.push(`about ${duration((pending - counts.done) / perSecond * 1000)} left`);
    }
    if (waiting) {
      const ms = waiting.untilMs - performance.now();
      parts.push(`waiting ${ms === Infinity ? "" : `${duration(ms)} `}because ${waiting.reason}`);
    }
    return parts.join(", ");
  }
}
