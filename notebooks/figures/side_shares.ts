import { BarTable } from "../charts/bar_table.ts";
import { type Note, nothingToDraw } from "../charts/note.ts";
import type { MeasuredFigure } from "../measures/measured_figure.ts";
import type { Data } from "../query/data.ts";
import { type Measure, measureParts, type Selection } from "../measures/measure.ts";

/**
 * What the table of side shares puts beside a share of posts, as a few authors or a text sent round
 * can make it.
 */
export interface SideShares {
  /** Every author counts once. */
  author_weighted: number;
  /** Every text counts once. */
  distinct_texts: number;
  /** The part of all posts, and of those that say yes, that the busiest 1% of authors wrote. */
  busiest_of_posts: number;
  busiest_of_yes: number;
  /** Those with a labelled post that counts. */
  n_authors: number;
  n_texts: number;
}

/**
 * Give the shares that stand beside a share of posts, over the posts that passed the filters.
 *
 * A post weighs as in `sharesByDay`, over what the posts of its author weigh, labelled or not, so that
 * authors count alike whatever was drawn; texts (`text_hash`) likewise. Labels without probability are
 * left out where others have one, and count alike where none has. The busiest 1% are at least one
 * author. Who wrote in none of the hours that were drawn is not counted. NaN where there is nothing to divide by.
 */
export async function sideShares(
  data: Data,
  measure: Measure,
  selection: Selection = {},
): Promise<SideShares> {
  const { view, column, threshold, since, until, source, inSource } = measureParts(
    measure,
    selection,
  );
  const table = await data.sql`
    WITH posts_labels AS (
      SELECT did, text_hash, coalesce(1 / window_prob, 1) AS stands_for,
        coalesce(was_successfully_labeled AND ${column} IS NOT NULL, false) AS is_labelled,
        1 / (label_prob * coalesce(window_prob, 1)) AS known_weight,
        coalesce(CASE WHEN ${threshold}::DOUBLE IS NULL THEN ${column}::DOUBLE
          WHEN ${column}::DOUBLE >= ${threshold}::DOUBLE THEN 1 ELSE 0 END, 0) AS y
      FROM ${view} LEFT JOIN drawn_hours
        ON source = ${source} AND opens_at = date_trunc('hour', reference_time)
      WHERE passed_filters AND date BETWEEN ${since}::DATE AND ${until}::DATE
        AND (${source} = 'all' OR ${inSource})
    ),
    measured AS (
      SELECT *, CASE WHEN NOT is_labelled THEN 0
          WHEN bool_or(is_labelled AND known_weight IS NOT NULL) OVER () THEN coalesce(known_weight, 0)
          ELSE 1 END AS weight
      FROM posts_labels
    ),
    authors AS (
      SELECT did, sum(stands_for) AS posts, sum(weight) AS n, sum(weight * y) AS y,
        row_number() OVER (ORDER BY sum(stands_for) DESC, did) AS place, count(*) OVER () AS all_authors
      FROM measured GROUP BY did
    ),
    texts AS (
      SELECT sum(stands_for) AS posts, sum(weight) AS n, sum(weight * y) AS y FROM measured
      GROUP BY text_hash
    ),
    of_authors AS (
      SELECT sum(y / posts) / sum(n / posts) AS author_weighted,
        sum(posts) FILTER (place <= ceil(all_authors / 100)) / sum(posts) AS busiest_of_posts,
        coalesce(sum(y) FILTER (place <= ceil(all_authors / 100)), 0) / sum(y) AS busiest_of_yes,
        count(*) FILTER (n > 0) AS n_authors
      FROM authors
    ),
    of_texts AS (
      SELECT sum(y / posts) / sum(n / posts) AS distinct_texts,
        count(*) FILTER (n > 0) AS n_texts
      FROM texts
    )
    SELECT author_weighted, distinct_texts, busiest_of_posts, busiest_of_yes, n_authors, n_texts
    FROM of_authors, of_texts`;
  const row = table.objects()[0] as Record<keyof SideShares, number | null>;
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value ?? NaN]),
  ) as unknown as SideShares;
}

/** Put the share of posts and what stands beside it into a table with bars, or say why there is none. */
export function sideSharesTable(
  title: string,
  measure: string,
  { range, facts }: MeasuredFigure,
  side: SideShares,
): BarTable | Note {
  if (facts.n === 0) return nothingToDraw(title, facts);
  return new BarTable({
    title,
    measure,
    facts,
    rows: [
      { name: "of posts", value: range.estimate.value, n: facts.n },
      { name: "every author once", value: side.author_weighted, n: side.n_authors },
      { name: "every text once", value: side.distinct_texts, n: side.n_texts },
      { name: "of all posts, by the busiest 1% of authors", value: side.busiest_of_posts },
      { name: "of those posts, by the busiest 1% of authors", value: side.busiest_of_yes },
    ],
  });
}
