import type { Chart } from "../charts/chart.ts";
import type { Note } from "../charts/note.ts";
import { type StackedBar, stackedShare } from "../charts/stacked_share.ts";
import { type FigureFacts, withoutBounds } from "../measures/figure_facts.ts";
import type { Data } from "../query/data.ts";
import {
  knownWeights,
  measureParts,
  NOT_POLITICAL,
  POLITICAL,
  type Selection,
} from "../measures/measure.ts";

/** The order in which leans are stacked; labels of other codebooks follow by name. */
const ORDER = ["left", "right", "moderate", "unclear"];

/** The leans of the posts of a selection. */
export interface LeanShares {
  /** Leans that were found, in order, and `NOT_POLITICAL` at the end. */
  leans: string[];
  all: StackedBar;
  political: StackedBar;
}

/**
 * Count the leans that a labeller finds among the posts that passed the filters: of all labelled posts,
 * and of those that are political. Weighted by 1 / (`label_prob` × `window_prob`).
 */
export async function leanShares(
  data: Data,
  name: string,
  selection: Selection = {},
  labeller: "sociopolitical" | "human" = "sociopolitical",
): Promise<LeanShares> {
  const parts = measureParts(POLITICAL[labeller], selection);
  const { view, column, since, until, source, inSource } = parts;
  const table = await data.sql`
    SELECT CASE WHEN ${column} THEN coalesce(lean, 'no lean') ELSE ${NOT_POLITICAL} END AS lean,
      label_prob IS NULL AS is_unsampled, count(*) AS n,
      sum(coalesce(1 / (label_prob * coalesce(window_prob, 1)), 1)) AS weight
    FROM ${view} LEFT JOIN drawn_hours
      ON source = ${source} AND opens_at = date_trunc('hour', reference_time)
    WHERE was_successfully_labeled AND ${column} IS NOT NULL AND passed_filters
      AND date BETWEEN ${since}::DATE AND ${until}::DATE AND (${source} = 'all' OR ${inSource})
    GROUP BY ALL`;
  const rows = knownWeights(
    table.objects() as { lean: string; is_unsampled: boolean; n: number; weight: number }[],
  );
  const found = new Set(rows.map(({ lean }) => lean));
  found.delete(NOT_POLITICAL);
  const known = ORDER.filter((lean) => found.has(lean));
  const political = [...known, ...[...found].filter((lean) => !known.includes(lean)).sort()];
  const bar = (of: string, leans: string[]): StackedBar => {
    const among = rows.filter(({ lean }) => leans.includes(lean));
    return {
      name: `${name}, of ${of}`,
      n: among.reduce((sum, { n }) => sum + n, 0),
      parts: Object.fromEntries(among.map(({ lean, weight }) => [lean, weight])),
    };
  };
  const leans = [...political, NOT_POLITICAL];
  return {
    leans,
    all: bar("all labelled posts", leans),
    political: bar("those that are political", political),
  };
}

/** Draw the leans of groups of posts, each of all labelled posts and of the political ones. */
export function leanChart(groups: LeanShares[], facts: FigureFacts): Chart | Note {
  const filled = groups.filter(({ all }) => all.n > 0);
  const leans = new Set(filled.flatMap(({ leans }) => leans));
  leans.delete(NOT_POLITICAL);
  return stackedShare({
    title: "Leans, of all labelled posts and of the political ones",
    categories: [...leans, NOT_POLITICAL],
    rest: NOT_POLITICAL,
    bars: filled.flatMap(({ all, political }) => [all, political]),
    facts: { ...withoutBounds(facts), also: "Each bar names its denominator among them." },
  });
}
