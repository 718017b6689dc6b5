import type { AttributeMean } from "../charts/group_means.ts";
import { attributeColumns } from "../measures/attribute_columns.ts";
import type { Data } from "../query/data.ts";
import { identifier } from "../query/identifier.ts";
import {
  knownWeights,
  measureParts,
  NOT_POLITICAL,
  POLITICAL,
  type Selection,
} from "../measures/measure.ts";

type Row = Record<string, number | null> & { lean: string | null; is_unsampled: boolean };

/**
 * Give the mean of each `prob_…` or `score_…` column of a view over the posts that passed the filters,
 * as one group, weighted by 1 / (`label_prob` × `window_prob`).
 */
export async function attributeMeans(
  data: Data,
  view: string,
  group: string,
  selection: Selection = {},
): Promise<AttributeMean[]> {
  const { since, until, source, inSource } = measureParts({ view, column: "" }, selection);
  const table = await data.sql`
    SELECT ${group}::VARCHAR AS lean, label_prob IS NULL AS is_unsampled,
      count(COLUMNS('^(prob|score)_')),
      sum(CASE WHEN COLUMNS('^(prob|score)_') IS NOT NULL
        THEN coalesce(1 / (label_prob * coalesce(window_prob, 1)), 1) END),
      sum(coalesce(1 / (label_prob * coalesce(window_prob, 1)), 1) * COLUMNS('^(prob|score)_'))
    FROM ${identifier(view)} LEFT JOIN drawn_hours
      ON source = ${source} AND opens_at = date_trunc('hour', reference_time)
    WHERE was_successfully_labeled AND passed_filters
      AND date BETWEEN ${since}::DATE AND ${until}::DATE AND (${source} = 'all' OR ${inSource})
    GROUP BY 2`;
  return means(table.objects() as Row[], await attributeColumns(data, view));
}

/**
 * Give the means by the lean that a labeller finds, over the posts that both labelled; posts that are
 * not political are a group too.
 *
 * A post weighs 1 / (the smaller of its two `label_prob` × `window_prob`), as in `agreementOf`.
 */
export async function attributeMeansByLean(
  data: Data,
  view: string,
  selection: Selection = {},
  labeller: "sociopolitical" | "human" = "sociopolitical",
): Promise<AttributeMean[]> {
  const { since, until, source, inSource } = measureParts({ view, column: "" }, selection);
  const leaning = measureParts(POLITICAL[labeller], selection);
  const table = await data.sql`
    WITH leaning AS (
      SELECT date, uri, label_prob AS lean_prob,
        CASE WHEN ${leaning.column} THEN coalesce(lean, 'no lean') ELSE ${NOT_POLITICAL} END AS lean
      FROM ${leaning.view}
      WHERE was_successfully_labeled AND ${leaning.column} IS NOT NULL AND passed_filters
        AND date BETWEEN ${since}::DATE AND ${until}::DATE
    ),
    scored AS (
      SELECT date, uri, reference_time, label_prob, COLUMNS('^(prob|score)_')
      FROM ${identifier(view)}
      WHERE was_successfully_labeled AND passed_filters
        AND date BETWEEN ${since}::DATE AND ${until}::DATE AND (${source} = 'all' OR ${inSource})
    ),
    joined AS (
      SELECT lean, label_prob IS NULL OR lean_prob IS NULL AS is_unsampled,
        CASE WHEN label_prob IS NULL OR lean_prob IS NULL THEN 1
          ELSE 1 / (least(label_prob, lean_prob) * coalesce(window_prob, 1)) END AS weight,
        COLUMNS('^(prob|score)_')
      FROM scored JOIN leaning ON scored.date = leaning.date AND scored.uri = leaning.uri
        LEFT JOIN drawn_hours
          ON source = ${source} AND opens_at = date_trunc('hour', reference_time)
    )
    SELECT lean, is_unsampled, count(COLUMNS('^(prob|score)_')),
      sum(CASE WHEN COLUMNS('^(prob|score)_') IS NOT NULL THEN weight END),
      sum(weight * COLUMNS('^(prob|score)_'))
    FROM joined GROUP BY lean, is_unsampled ORDER BY lean`;
  return means(table.objects() as Row[], await attributeColumns(data, view));
}

/** Columns come by their place: first the counts, then the weights, then the weighted sums. */
function means(rows: Row[], columns: string[]): AttributeMean[] {
  const groups = [...Map.groupBy(knownWeights(rows), ({ lean }) => lean!)];
  return groups.flatMap(([group, among]) =>
    columns.map((column, index) => {
      const sum = (part: number) =>
        among.reduce(
          (sum, row) => sum + Number(Object.values(row)[2 + part * columns.length + index] ?? 0),
          0,
        );
      return { group, column, n: sum(0), mean: sum(2) / sum(1) };
    })
  ).filter(({ n }) => n > 0);
}
