import { addSums, type ClusterSums, sumsOfParts } from "./cluster_sums.ts";
import type { Data } from "../query/data.ts";
import type { Outcomes } from "./failure_bounds.ts";
import { type Measure, measuredByAuthor, type Selection } from "./measure.ts";
import { dayEstimate, type Estimate, rangeEstimate, type Sampling } from "./estimate.ts";

/** A share or mean of the posts of a time, with what it rests on. */
export interface MeasuredShare {
  estimate: Estimate;
  /** Sums over authors within a day, over days within a range. */
  sums: ClusterSums;
  sampling: Sampling;
  outcomes: Outcomes;
}

/** A share of a day or an hour of the study's time zone; `time` is its beginning, written as UTC. */
export type ShareOfTime = MeasuredShare & { time: Date };

type Row = Record<string, number> & { time: Date };

/**
 * Measure posts by day, in order; there is no row for a day without posts.
 *
 * Where no label says how likely its post was to be drawn, posts count alike and nothing has an
 * interval; where some say, the others are left out of the share and counted as `n_unsampled`.
 */
export async function sharesByDay(
  data: Data,
  measure: Measure,
  selection: Selection = {},
): Promise<ShareOfTime[]> {
  return await shares(data, measure, selection, "day");
}

/** Measure posts by hour, as `sharesByDay` does by day. */
export async function sharesByHour(
  data: Data,
  measure: Measure,
  selection: Selection = {},
): Promise<ShareOfTime[]> {
  return await shares(data, measure, selection, "hour");
}

/** Put the shares of times together into one of the range, clustered by them. */
export function shareOfRange(times: MeasuredShare[], selection: Selection = {}): MeasuredShare {
  const sums = sumsOfParts(times.map(({ sums }) => sums));
  const sampling = add(times.map(({ sampling }) => sampling), NO_SAMPLING);
  const outcomes = add(times.map(({ outcomes }) => outcomes), NO_OUTCOMES);
  // One day has no spread over days; the estimate uses its authors.
  const estimate = times.length === 1
    ? times[0]!.estimate
    : rangeEstimate(sums, sampling, selection.source ?? "all");
  return { estimate, sums, sampling, outcomes };
}

/** Put shares of parts that share no author together, or whose authors are taken for several. */
export function shareOfParts(parts: MeasuredShare[], selection: Selection = {}): MeasuredShare {
  const sums = addSums(parts.map(({ sums }) => sums));
  const sampling = add(parts.map(({ sampling }) => sampling), NO_SAMPLING);
  const outcomes = add(parts.map(({ outcomes }) => outcomes), NO_OUTCOMES);
  const estimate = dayEstimate(sums, sampling, selection.source ?? "all");
  return { estimate, sums, sampling, outcomes };
}

async function shares(
  data: Data,
  measure: Measure,
  selection: Selection,
  by: "day" | "hour",
): Promise<ShareOfTime[]> {
  const table = await measuredByAuthor(data, measure, selection, by);
  const rows = table.objects() as Row[];
  const isWeighted = rows.some(({ sum_n }) => sum_n! > 0);
  return rows.map((row) => {
    const sums = isWeighted
      ? { ...pick(row, NO_SUMS), n_labeled: row.n_labeled! - row.n_unsampled! }
      : plainSums(row);
    const sampling = pick(row, NO_SAMPLING);
    const outcomes = isWeighted ? pick(row, NO_OUTCOMES) : {
      sum_y: sums.sum_y,
      sum_n: sums.sum_n,
      sum_failed: row.n_failed!,
    };
    const estimate = dayEstimate(sums, sampling, selection.source ?? "all");
    return { time: row.time, estimate, sums, sampling, outcomes };
  });
}

function plainSums(row: Row): ClusterSums {
  return {
    clusters: row.plain_clusters!,
    n_labeled: row.n_labeled!,
    sum_y: row.plain_y!,
    sum_n: row.n_labeled!,
    sum_y_y: row.plain_y_y!,
    sum_y_n: row.plain_y_n!,
    sum_n_n: row.plain_n_n!,
    sum_squares: row.plain_squares!,
  };
}

const NO_SUMS = addSums([]);
const NO_OUTCOMES: Outcomes = { sum_y: 0, sum_n: 0, sum_failed: 0 };
const NO_SAMPLING: Sampling = {
  n_posts: 0,
  n_labeled: 0,
  n_failed: 0,
  n_unsampled: 0,
  sum_label: 0,
  sum_label_squared: 0,
  sum_weight: 0,
  sum_weight_squared: 0,
};

function pick<T extends object>(row: Row, names: T): T {
  return Object.fromEntries(Object.keys(names).map((name) => [name, row[name]])) as T;
}

function add<T extends object>(parts: T[], none: T): T {
  const total: Record<string, number> = { ...none as Record<string, number> };
  for (const part of parts) {
    for (const name of Object.keys(total)) total[name]! += (part as Record<string, number>)[name]!;
  }
  return total as T;
}
