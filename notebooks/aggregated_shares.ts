import type { Data } from "./data.ts";
import { measureParts, type Selection } from "./measure.ts";
import type { ShareOfTime } from "./measured_shares.ts";
import { dayEstimate } from "./sampling.ts";

/** What cells are kept of (`deno task aggregate`). */
export interface AggregatedMeasure {
  classifier: string;
  /** Such as `is_political`. */
  label: string;
}

/**
 * Give the shares by day that `sharesByDay` gives, from the hourly cells of `aggregates`: quickly over
 * years, and as old as the last `deno task aggregate`.
 *
 * Days are those of the cells' hours. Cells know authors within an hour only, so that posts of an author
 * in two hours of a day count as two authors', and nothing of a day's size, so that intervals of a day
 * are for a sample that is small beside it; those of ranges are clustered by day as ever. Failures weigh
 * as labelled posts do on average.
 */
export async function aggregatedSharesByDay(
  data: Data,
  measure: AggregatedMeasure,
  selection: Selection = {},
): Promise<ShareOfTime[]> {
  const { source, since, until } = measureParts({ view: "aggregates", column: "" }, selection);
  const table = await data.sql`
    WITH drawn AS (
      SELECT opens_at, max(window_prob) AS window_prob FROM windows
      WHERE source = ${source} GROUP BY opens_at
    ),
    cells AS (
      SELECT date_trunc('day', local_time(hour)) AS time, cell.*,
        1 / coalesce(window_prob, 1) AS w
      FROM aggregates cell LEFT JOIN drawn ON opens_at = hour
      WHERE source = ${source} AND passed_filters
        AND date BETWEEN ${since}::DATE AND ${until}::DATE
        AND (label = 'posts' OR (label = ${measure.label} AND classifier = ${measure.classifier}
          AND label_set_id IN (SELECT label_set_id FROM label_sets WHERE is_shown)))
    )
    SELECT time,
      coalesce(sum(n_posts) FILTER (label = 'posts'), 0) AS n_posts,
      coalesce(sum(n_labeled) FILTER (label <> 'posts'), 0) AS n_labeled,
      coalesce(sum(n_failed) FILTER (label <> 'posts'), 0) AS n_failed,
      coalesce(sum(n_authors) FILTER (label <> 'posts' AND sum_n > 0), 0) AS clusters,
      coalesce(sum(sum_n) FILTER (label <> 'posts'), 0) AS sum_label,
      coalesce(sum(w * sum_y) FILTER (label <> 'posts'), 0) AS sum_y,
      coalesce(sum(w * sum_n) FILTER (label <> 'posts'), 0) AS sum_n,
      coalesce(sum(w * w * sum_y_y) FILTER (label <> 'posts'), 0) AS sum_y_y,
      coalesce(sum(w * w * sum_y_n) FILTER (label <> 'posts'), 0) AS sum_y_n,
      coalesce(sum(w * w * sum_n_n) FILTER (label <> 'posts'), 0) AS sum_n_n
    FROM cells GROUP BY time ORDER BY time`;
  const rows = table.objects() as (Record<string, number> & { time: Date })[];
  return rows.map((row) => {
    const sums = {
      clusters: row.clusters!,
      n_labeled: row.n_labeled!,
      sum_y: row.sum_y!,
      sum_n: row.sum_n!,
      sum_y_y: row.sum_y_y!,
      sum_y_n: row.sum_y_n!,
      sum_n_n: row.sum_n_n!,
      // Of yes and no, which are all that cells are kept of, a square is the value.
      sum_squares: row.sum_y!,
    };
    const sampling = {
      n_posts: row.n_posts!,
      n_labeled: row.n_labeled!,
      n_failed: row.n_failed!,
      // A post that has a probability weighs one or more.
      n_unsampled: Math.max(0, Math.ceil(row.n_labeled! - row.sum_label! - 1e-6)),
      sum_label: row.sum_label!,
      sum_label_squared: Infinity,
      sum_weight: row.sum_n!,
      sum_weight_squared: Infinity,
    };
    const weight = row.n_labeled! > 0 ? row.sum_n! / row.n_labeled! : 1;
    const outcomes = {
      sum_y: row.sum_y!,
      sum_n: row.sum_n!,
      sum_failed: row.n_failed! * weight,
    };
    const estimate = dayEstimate(sums, sampling, source);
    return { time: row.time, estimate, sums, sampling, outcomes };
  });
}
