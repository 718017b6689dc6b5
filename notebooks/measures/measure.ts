import type { ColumnTable } from "arquero";
import type { Source } from "../../etl/store/source.ts";
import type { Data } from "../query/data.ts";
import { type Identifier, identifier } from "../query/identifier.ts";

/** What is measured of each post. */
export interface Measure {
  /** A view of posts with what a classifier says of them, such as `posts_perspective`. */
  view: string;
  /** A column of it that is true or false, or a number from 0 to 1. */
  column: string;
  /** The share of posts with this much or more; the mean where it is left out. */
  threshold?: number;
}

/** Which posts are measured. */
export interface Selection {
  /** Days of `posts`, inclusive: `YYYY-MM-DD`. */
  since?: string;
  until?: string;
  /** Of one source; of all where it is left out. */
  source?: Source;
}

/** Who may say that a post is political. */
export type Labeller = "dictionary" | "sociopolitical" | "human";

/** What labellers are called in figures. */
export const LABELLERS: Record<Labeller, string> = {
  dictionary: "dictionary",
  sociopolitical: "language model",
  human: "people",
};

/** What says that a post is political, by labeller; of people once `keepAnswers` has kept it. */
export const POLITICAL: Record<Labeller, Measure> = {
  dictionary: { view: "posts_dictionary", column: "is_political" },
  sociopolitical: { view: "posts_sociopolitical", column: "is_sociopolitical" },
  human: { view: "posts_human", column: "is_political" },
};

/** What posts that are not political are called among leans. */
export const NOT_POLITICAL = "not political";

/** What stands in every query over a measure. */
export interface MeasureParts {
  view: Identifier;
  column: Identifier;
  threshold: number | null;
  since: string;
  until: string;
  source: string;
  inSource: Identifier;
}

/**
 * Give the parts of a query over a measure; every day is between the bounds where none is named.
 *
 * Throws a `RangeError` where the last day is before the first.
 */
export function measureParts(measure: Measure, selection: Selection): MeasureParts {
  const { since, until } = selection;
  if (since !== undefined && until !== undefined && since > until) {
    throw new RangeError(`The days end (until ${until}) before they begin (since ${since})`);
  }
  return {
    view: identifier(measure.view),
    column: identifier(measure.column),
    threshold: measure.threshold ?? null,
    since: since ?? "0001-01-01",
    until: until ?? "9999-12-31",
    source: selection.source ?? "all",
    inSource: identifier(`in_${selection.source ?? "firehose"}`),
  };
}

/**
 * Give the rows by `day` and `hour` of the study's time zone, with the sums that estimates need.
 *
 * Of the posts that passed the filters. A post weighs 1 / (`label_prob` × `window_prob` of its hour);
 * the columns `plain_…` are the same sums without weights, for labels that have no probability. A post
 * of an hour that nobody drew counts for itself.
 */
export async function measuredByAuthor(
  data: Data,
  measure: Measure,
  selection: Selection,
  by: "day" | "hour",
): Promise<ColumnTable> {
  const { view, column, threshold, since, until, source, inSource } = measureParts(
    measure,
    selection,
  );
  return await data.sql`
    WITH measured AS (
      SELECT did, date_trunc(${by}, local_time(CASE WHEN created_at_suspect THEN reference_time
          ELSE coalesce(created_at, reference_time) END)) AS time,
        coalesce(was_successfully_labeled AND ${column} IS NOT NULL, false) AS is_labelled,
        coalesce(NOT was_successfully_labeled, false) AS is_failed,
        CASE WHEN ${threshold}::DOUBLE IS NULL THEN ${column}::DOUBLE
          WHEN ${column}::DOUBLE >= ${threshold}::DOUBLE THEN 1 ELSE 0 END AS y,
        1 / label_prob AS label_weight,
        1 / (label_prob * coalesce(window_prob, 1)) AS weight
      FROM ${view} LEFT JOIN drawn_hours
        ON source = ${source} AND opens_at = date_trunc('hour', reference_time)
      WHERE passed_filters AND date BETWEEN ${since}::DATE AND ${until}::DATE
        AND (${source} = 'all' OR ${inSource})
    ),
    by_author AS (
      SELECT time, did, count(*) AS n_posts, count(*) FILTER (is_labelled) AS n_labeled,
        count(*) FILTER (is_failed) AS n_failed,
        count(*) FILTER (is_labelled AND weight IS NULL) AS n_unsampled,
        coalesce(sum(weight * y) FILTER (is_labelled), 0) AS y,
        coalesce(sum(weight) FILTER (is_labelled), 0) AS n,
        coalesce(sum(weight * y * y) FILTER (is_labelled), 0) AS squares,
        coalesce(sum(y) FILTER (is_labelled), 0) AS plain_y,
        coalesce(sum(y * y) FILTER (is_labelled), 0) AS plain_squares,
        coalesce(sum(weight) FILTER (is_failed), 0) AS failed,
        coalesce(sum(label_weight) FILTER (is_labelled), 0) AS label,
        coalesce(sum(label_weight ** 2) FILTER (is_labelled), 0) AS label_squared,
        coalesce(sum(weight ** 2) FILTER (is_labelled), 0) AS weight_squared
      FROM measured GROUP BY time, did
    )
    SELECT time, sum(n_posts) AS n_posts, sum(n_labeled) AS n_labeled, sum(n_failed) AS n_failed,
      sum(n_unsampled) AS n_unsampled, count(*) FILTER (n > 0) AS clusters,
      sum(y) AS sum_y, sum(n) AS sum_n, sum(y * y) AS sum_y_y, sum(y * n) AS sum_y_n,
      sum(n * n) AS sum_n_n, sum(squares) AS sum_squares,
      count(*) FILTER (n_labeled > 0) AS plain_clusters, sum(plain_y) AS plain_y,
      sum(plain_y * plain_y) AS plain_y_y, sum(plain_y * n_labeled) AS plain_y_n,
      sum(n_labeled * n_labeled) AS plain_n_n, sum(plain_squares) AS plain_squares,
      sum(failed) AS sum_failed, sum(label) AS sum_label, sum(label_squared) AS sum_label_squared,
      sum(n) AS sum_weight, sum(weight_squared) AS sum_weight_squared
    FROM by_author GROUP BY time ORDER BY time`;
}

/**
 * Give the rows that shares are made of: where some posts say how likely they were to be drawn, only
 * those; where none does, all, which then count alike. The rule of `sharesByDay`.
 */
export function knownWeights<Row extends { is_unsampled: boolean }>(rows: Row[]): Row[] {
  const known = rows.filter(({ is_unsampled }) => !is_unsampled);
  return known.length > 0 ? known : rows;
}
