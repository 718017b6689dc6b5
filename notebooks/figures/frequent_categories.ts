import { BarTable } from "../charts/bar_table.ts";
import type { Data } from "../query/data.ts";
import { type FigureFacts, withoutBounds } from "../measures/figure_facts.ts";
import { knownWeights, measureParts, type Selection } from "../measures/measure.ts";
import { md, type Note, nothingToDraw } from "../charts/note.ts";

/** In how many labelled posts a category was found. */
export interface CategoryCount {
  category: string;
  n: number;
  /** Of all labelled posts, weighted by 1 / (`label_prob` × `window_prob`). */
  share: number;
}

const MOST = 12;
const TITLE = "What the political words are about";

/** Count the dictionary's categories in labelled posts that passed the filters, most frequent first. */
export async function frequentCategories(
  data: Data,
  selection: Selection = {},
): Promise<CategoryCount[]> {
  const { since, until, source, inSource } = measureParts({ view: "posts", column: "" }, selection);
  const table = await data.sql`
    SELECT categories, label_prob IS NULL AS is_unsampled, count(*) AS n,
      sum(coalesce(1 / (label_prob * coalesce(window_prob, 1)), 1)) AS weight
    FROM posts_dictionary LEFT JOIN drawn_hours
      ON source = ${source} AND opens_at = date_trunc('hour', reference_time)
    WHERE was_successfully_labeled AND passed_filters
      AND date BETWEEN ${since}::DATE AND ${until}::DATE AND (${source} = 'all' OR ${inSource})
    GROUP BY ALL`;
  const rows = knownWeights(
    table.objects() as { categories: string[]; is_unsampled: boolean; n: number; weight: number }[],
  );
  const all = rows.reduce((sum, { weight }) => sum + weight, 0);
  const counts = new Map<string, { n: number; weight: number }>();
  for (const { categories, n, weight } of rows) {
    for (const category of categories ?? []) {
      const count = counts.get(category) ?? { n: 0, weight: 0 };
      counts.set(category, { n: count.n + n, weight: count.weight + weight });
    }
  }
  return [...counts].map(([category, { n, weight }]) => ({ category, n, share: weight / all }))
    .sort((a, b) => b.n - a.n || (a.category < b.category ? -1 : 1));
}

/** Put the most frequent categories into a table with bars. */
export function frequentCategoriesTable(
  counts: CategoryCount[],
  facts: FigureFacts,
): BarTable | Note {
  if (facts.n === 0) return nothingToDraw(TITLE, facts);
  if (counts.length === 0) return md`**No category was found in any labelled post.**`;
  const rest = counts.length - MOST;
  return new BarTable({
    title: TITLE,
    measure: "share of posts",
    facts: {
      ...withoutBounds(facts),
      also: `A post can have several categories, or none.${
        rest > 0 ? ` ${rest} less frequent categories are not shown.` : ""
      }`,
    },
    rows: counts.slice(0, MOST).map(({ category, n, share }) => ({
      name: category.replaceAll("_", " "),
      value: share,
      n,
    })),
  });
}
