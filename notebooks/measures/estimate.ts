import type { ClusterSums } from "./cluster_sums.ts";
import { type RatioEstimate, ratioEstimate } from "./ratio_estimate.ts";
import { formatNumber, formatShare } from "./number_format.ts";

/** For an estimate, how the labelled posts came to be labelled: sums over posts that add up over days. */
export interface Sampling {
  /** Posts that could have been labelled, whether they were or not. */
  n_posts: number;
  n_labeled: number;
  n_failed: number;
  /** Labelled posts that do not say how likely they were to be drawn. */
  n_unsampled: number;
  /** Sums over labelled posts of 1 / probability and of its square: of the label alone, … */
  sum_label: number;
  sum_label_squared: number;
  /** … and of label and hour together. */
  sum_weight: number;
  sum_weight_squared: number;
}

/**
 * What the labelled posts are of the posts that a figure speaks of: `all` of them, a probability
 * `sample`, a `part` of what is still being labelled, `chosen` (nobody knows how likely each was), or
 * a `feed`, which is no sample of anything but itself.
 */
export type SampleKind = "all" | "sample" | "part" | "chosen" | "feed" | "none";

/** A share or mean with its interval, where it has one, and what that is an interval for. */
export interface Estimate {
  value: number;
  kind: SampleKind;
  interval: RatioEstimate | undefined;
  /** A sentence that says what the interval is for, or why there is none. */
  about: string;
}

/** Say what kind of sample the labelled posts of a source are. */
function sampleKind(sampling: Sampling, source: string): SampleKind {
  if (sampling.n_labeled === 0) return "none";
  if (source === "most_liked") return "feed";
  if (sampling.n_unsampled > 0) return "chosen";
  // Weights are 1 / probability, and sums of them round.
  if (sampling.sum_weight > sampling.n_labeled * (1 + 1e-9)) return "sample";
  return sampling.n_labeled + sampling.n_failed < sampling.n_posts ? "part" : "all";
}

/**
 * Estimate a share or mean within a day, clustered by author.
 *
 * The interval is for the posts of the hours that were collected: where hours were drawn, how others
 * would have differed is not in it, as one hour of each part of a day cannot tell.
 */
export function dayEstimate(sums: ClusterSums, sampling: Sampling, source: string): Estimate {
  const kind = sampleKind(sampling, source);
  const drawn = sampling.sum_label > sampling.n_labeled * (1 + 1e-9);
  if (kind === "sample" && !drawn) {
    return {
      value: valueOf(sums),
      kind,
      interval: undefined,
      about:
        "Every post of the drawn hours is labelled, so a single day has no sampling error about " +
        "those hours. It says nothing about other hours.",
    };
  }
  const unseen = 1 - sampling.sum_label / sampling.sum_label_squared;
  return withInterval(kind, sums, unseen, "the posts of those hours", "author");
}

/**
 * Estimate a share or mean over a range, clustered by day: what the posts of a day have in common,
 * and which hours of it were drawn, is in the interval. `sums` has a cluster a day (`sumsOfParts`).
 */
export function rangeEstimate(sums: ClusterSums, sampling: Sampling, source: string): Estimate {
  const unseen = 1 - sampling.sum_weight / sampling.sum_weight_squared;
  return withInterval(
    sampleKind(sampling, source),
    sums,
    unseen,
    "all posts of the days that have labels",
    "day",
  );
}

function withInterval(
  kind: SampleKind,
  sums: ClusterSums,
  unseen: number,
  of: string,
  cluster: string,
): Estimate {
  const value = valueOf(sums);
  if (kind !== "sample") return { value, kind, interval: undefined, about: REASON[kind] };
  const interval = ratioEstimate(sums, unseen);
  const about = interval === undefined
    ? `There is no interval, because there is only one ${cluster}.`
    : `Intervals (95%) are for ${of}. The labelled posts are a random sample of them. Posts of ` +
      `one ${cluster} count together.`;
  return { value, kind, interval, about };
}

const REASON: Record<Exclude<SampleKind, "sample">, string> = {
  all: "Every post that could be labelled is labelled. There is no sampling error about these " +
    "posts, and no interval.",
  part:
    "Labelling is not finished. The posts labelled so far are no random sample and have no interval.",
  chosen: "The labelled posts are not a probability sample and have no interval.",
  feed: "A most-liked feed is not a probability sample of posts and has no interval.",
  none: "No post is labelled.",
};

function valueOf({ sum_y, sum_n }: ClusterSums): number {
  return sum_n > 0 ? sum_y / sum_n : NaN;
}

/** How the value of an estimate is written; as a share where nothing else is said. */
export type ValueFormat = (value: number) => string;

/** Write a value as a share of posts. */
export const asShare: ValueFormat = (value) => formatShare(value, 1);

/** Write an interval as “1.2–3.4%”, and nothing where there is none. */
export function formatInterval(estimate: Estimate, format = asShare): string {
  const { interval } = estimate;
  if (interval === undefined) return "";
  return `${format(interval.low).replace("%", "")}–${format(interval.high)}`;
}

/** Say all that is known of an estimate in a line, as tooltips and alt texts do. */
export function describeEstimate(estimate: Estimate, n: number, format = asShare): string {
  const { value, interval } = estimate;
  const said = Number.isNaN(value) ? "nothing labelled" : format(value);
  if (interval === undefined) return `${said}, n = ${formatNumber(n)}`;
  return `${said} (95% interval ${formatInterval(estimate, format)}), n = ${formatNumber(n)}, ` +
    `design effect ${interval.design_effect.toFixed(1)}, effective n ` +
    formatNumber(Math.round(interval.effective_n));
}
