import type { Data } from "../query/data.ts";
import { measureParts, type Selection } from "./measure.ts";
import type { ShareOfTime } from "./measured_shares.ts";
import { dayEstimate } from "./estimate.ts";

/** The measure that hourly cells are kept of (`deno task aggregate`). */
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
 * in two hours of a day count as two authors'; intervals of ranges are clustered by day as ever. Labels
 * without a probability are in no share. Cells of an earlier version take failures to weigh as labelled
 * posts do on average, and what is labelled for a small part of its day.
 */
export async function aggregatedSharesByDay(
  data: Data,
  measure: AggregatedMeasure,
  selection: Selection = {},
): Promise<ShareOfTime[]> {
  const { source, since, until } = measureParts({ view: "aggregates", column: "" }, selection);
  const table = await data.sql`
    WITH cells AS (
      SELECT date_trunc('day', local_time(hour)) AS time, cell.*,
        1 / coalesce(window_prob, 1) AS w
      FROM aggregates cell LEFT JOIN drawn_hours
        ON drawn_hours.source = cell.source AND opens_at = hour
      WHERE cell.source = ${source} AND passed_filters
        AND date BETWEEN ${since}::DATE AND ${until}::DATE
        AND (label = 'posts' OR (label = ${measure.label} AND classifier = ${measure.classifier}
          AND label_set_id IN (SELECT label_set_id FROM label_sets WHERE is_shown)))
    )
    SELECT time,
      coalesce(sum(n_posts) FILTER (label = 'posts'), 0) AS n_posts,
      coalesce(sum(n_labeled) FILTER (label <> 'posts'), 0) AS n_labeled,
      coalesce(sum(n_failed) FILTER (label <> 'posts'), 0) AS n_failed,
      coalesce(sum(coalesce(n_authors_labeled, n_authors))
        FILTER (label <> 'posts' AND sum_n > 0), 0) AS clusters,
      coalesce(sum(sum_n) FILTER (label <> 'posts'), 0) AS sum_label,
      coalesce(sum(w * sum_y) FILTER (label <> 'posts'), 0) AS sum_y,
      coalesce(sum(w * sum_n) FILTER (label <> 'posts'), 0) AS sum_n,
      coalesce(sum(w * w * sum_y_y) FILTER (label <> 'posts'), 0) AS sum_y_y,
      coalesce(sum(w * w * sum_y_n) FILTER (label <> 'posts'), 0) AS sum_y_n,
      coalesce(sum(w * w * sum_n_n) FILTER (label <> 'posts'), 0) AS sum_n_n,
      coalesce(sum(coalesce(sum_w_w, 'Infinity'::DOUBLE)) FILTER (label <> 'posts'), 0) AS label_squared,
      coalesce(sum(w * w * coalesce(sum_w_w, 'Infinity'::DOUBLE)) FILTER (label <> 'posts'), 0)
        AS weight_squared,
      coalesce(sum(w * coalesce(sum_failed, n_failed * coalesce(sum_n / nullif(n_labeled, 0), 1)))
        FILTER (label <> 'posts'), 0) AS sum_failed,
      coalesce(sum(coalesce(n_unsampled, greatest(0, ceil(n_labeled - sum_n - 1e-6))))
        FILTER (label <> 'posts'), 0) AS n_unsampled
    FROM cells GROUP BY time ORDER BY time`;
  const rows = table.objects() as (Record<string, number> & { time: Date })[];
  return rows.map((row) => {
    const sums = {
      clusters: row.clusters!,
      n_labeled: row.sum_n! > 0 ? row.n_labeled! - row.n_unsampled! : row.n_labeled!,
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
      n_unsampled: row.n_unsampled!,
      sum_label: row.sum_label!,
      sum_label_squared: row.label_squared!,
      sum_weight: row.sum_n!,
      sum_weight_squared: row.weight_squared!,
    };
    const outcomes = { sum_y: row.sum_y!, sum_n: row.sum_n!, sum_failed: row.sum_failed! };
    const estimate = dayEstimate(sums, sampling, source);
    return { time: row.time, estimate, sums, sampling, outcomes };
  });
}
