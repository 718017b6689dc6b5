import { BarTable } from "../charts/bar_table.ts";
import type { FigureFacts } from "../measures/figure_facts.ts";
import { md, type Note } from "../charts/note.ts";
import type { Data } from "../query/data.ts";
import { knownWeights, type Measure, measureParts, type Selection } from "../measures/measure.ts";

/** A share or mean of some posts, and how many they are. */
interface GroupShare {
  value: number;
  n: number;
}

/** Posts that could not be labelled, and the weighted sums that their share is made of. */
interface Failures {
  n_failed: number;
  sum_failed: number;
  sum_n: number;
}

/** The posts of a most-liked feed beside the other posts of a stream. */
export interface MatchedShares {
  feed: GroupShare;
  others: GroupShare;
  /** Of the feed's first posts of threads in an hour and language of which the stream has some too. */
  matched_feed: GroupShare;
  /** Of those of the stream, with the feed's mix of hours and languages. */
  matched_others: GroupShare;
  failures: Failures;
}

interface Cell {
  is_unsampled: boolean;
  is_liked: boolean;
  is_eligible: boolean;
  hour: Date | null;
  language: string | null;
  /** Of the hour. */
  window_prob: number;
  n: number;
  sum_weight: number;
  sum_y: number;
  n_failed: number;
  sum_failed: number;
}

/**
 * Compare the posts of most-liked feeds with the other posts of a stream, as they are and matched: on
 * the hour in which they were written, of those that the stream received, on the detected language,
 * and on being no reply.
 *
 * The stream's posts of an hour and language are weighted up to those of the feed (direct
 * standardisation). Posts weigh 1 / `label_prob`; those of the stream, and all that is matched, by
 * 1 / `window_prob` of their hours too. A feed is no probability sample, so there are no intervals. NaN
 * where there is nothing to compare.
 */
export async function matchedShares(
  data: Data,
  measure: Measure,
  selection: Selection,
): Promise<MatchedShares> {
  const { view, column, threshold, since, until, source, inSource } = measureParts(
    measure,
    selection,
  );
  const table = await data.sql`
    WITH measured AS (
      SELECT label_prob IS NULL AS is_unsampled, coalesce(in_most_liked, false) AS is_liked,
        coalesce(in_covered_minute, false) AND reply_root_uri IS NULL AS is_eligible,
        reference_time, detected_language, coalesce(window_prob, 1) AS window_prob,
        coalesce(1 / (label_prob * CASE WHEN in_most_liked THEN 1 ELSE coalesce(window_prob, 1) END), 1)
          AS weight,
        CASE WHEN ${threshold}::DOUBLE IS NULL THEN ${column}::DOUBLE
          WHEN ${column}::DOUBLE >= ${threshold}::DOUBLE THEN 1 ELSE 0 END AS y,
        was_successfully_labeled AS ok
      FROM ${view} LEFT JOIN drawn_hours
        ON source = ${source} AND opens_at = date_trunc('hour', reference_time)
      WHERE (NOT was_successfully_labeled OR ${column} IS NOT NULL) AND passed_filters
        AND date BETWEEN ${since}::DATE AND ${until}::DATE AND (in_most_liked OR ${inSource})
    )
    SELECT is_unsampled, is_liked, is_eligible,
      CASE WHEN is_eligible THEN date_trunc('hour', reference_time) END AS hour,
      CASE WHEN is_eligible THEN detected_language END AS language,
      CASE WHEN is_eligible THEN window_prob END AS window_prob,
      count(*) FILTER (ok) AS n, coalesce(sum(weight) FILTER (ok), 0) AS sum_weight,
      coalesce(sum(weight * y) FILTER (ok), 0) AS sum_y,
      count(*) FILTER (NOT ok) AS n_failed, coalesce(sum(weight) FILTER (NOT ok), 0) AS sum_failed
    FROM measured GROUP BY ALL`;
  const rows = table.objects() as Cell[];
  const cells = [true, false].flatMap((isLiked) =>
    knownWeights(rows.filter(({ is_liked, n }) => is_liked === isLiked && n > 0))
  );
  const byCell = Map.groupBy(
    cells.filter(({ is_eligible }) => is_eligible),
    ({ hour, language }) => `${hour?.getTime()} ${language}`,
  );
  const pairs = [...byCell.values()].map((cell) => ({
    window_prob: cell[0]!.window_prob,
    feed: groupShare(cell.filter(({ is_liked }) => is_liked)),
    others: groupShare(cell.filter(({ is_liked }) => !is_liked)),
  })).filter(({ feed, others }) => feed.n > 0 && others.n > 0);
  const n = (of: "feed" | "others") => pairs.reduce((sum, pair) => sum + pair[of].n, 0);
  const weight = ({ feed, window_prob }: typeof pairs[number]) => feed.weight / window_prob;
  const all = pairs.reduce((sum, pair) => sum + weight(pair), 0);
  const mean = (of: "feed" | "others") =>
    pairs.reduce((sum, pair) => sum + weight(pair) * pair[of].value, 0) / all;
  return {
    feed: groupShare(cells.filter(({ is_liked }) => is_liked)),
    others: groupShare(cells.filter(({ is_liked }) => !is_liked)),
    matched_feed: { value: mean("feed"), n: n("feed") },
    matched_others: { value: mean("others"), n: n("others") },
    failures: {
      n_failed: sum(rows, "n_failed"),
      sum_failed: sum(rows, "sum_failed"),
      sum_n: sum(cells, "sum_weight"),
    },
  };
}

function groupShare(cells: Cell[]): GroupShare & { weight: number } {
  const weight = sum(cells, "sum_weight");
  return { value: sum(cells, "sum_y") / weight, n: sum(cells, "n"), weight };
}

function sum(
  cells: Cell[],
  name: "n" | "sum_y" | "sum_weight" | "n_failed" | "sum_failed",
): number {
  return cells.reduce((sum, cell) => sum + cell[name], 0);
}

/** Put matched shares into a table with bars, or say in words that there is nothing to compare. */
export function matchedTable(
  title: string,
  measure: string,
  shares: MatchedShares,
  facts: FigureFacts,
  format?: (value: number) => string,
): BarTable | Note {
  const { feed, others, matched_feed, matched_others, failures } = shares;
  if (feed.n === 0 || others.n === 0) {
    return md`**${title}: there is nothing to compare.** It takes labelled posts of a most-liked feed
(${feed.n} are here) and others (${others.n}).`;
  }
  return new BarTable({
    title,
    measure,
    format,
    facts: {
      n: feed.n + others.n,
      denominator: "labelled posts of the feed, and of the stream that are not in the feed",
      label_set: facts.label_set,
      coverage: facts.coverage,
      failures: {
        n_failed: failures.n_failed,
        outcomes: { ...failures, sum_y: 0 },
        is_share: false,
      },
      about:
        "Each post is weighted by the probability that it was drawn; a post of the stream also by the " +
        "probability of its hour. Matched: posts that are no replies, of hours and languages in " +
        "which both have some; the stream's are weighted to the feed's mix. A feed is no " +
        "probability sample, so there are no intervals.",
    },
    rows: [
      { name: "most-liked feed, matched", value: matched_feed.value, n: matched_feed.n },
      { name: "other posts, matched", value: matched_others.value, n: matched_others.n },
      { name: "most-liked feed, all", value: feed.value, n: feed.n },
      { name: "other posts, all", value: others.value, n: others.n },
    ],
  });
}
