import * as Plot from "@observablehq/plot";
import { Chart } from "./chart.ts";
import type { Data } from "./data.ts";
import { sampleNote, shownLabelSet, type Tally } from "./dictionary_label.ts";
import { formatNumber, formatShare } from "./number_format.ts";
import { panel } from "./plot.ts";
import { md, type Note } from "./note.ts";

/** In how many labelled posts a category was found. */
export interface CategoryCount {
  category: string;
  n: number;
}

const MOST = 12;

/** Count the categories of the labelled posts that passed the filters, most frequent first. */
export async function frequentCategories(data: Data): Promise<CategoryCount[]> {
  const rows = await data.sql`
    SELECT category, count(*) AS n
    FROM (
      SELECT unnest(categories) AS category FROM posts_dictionary
      WHERE passed_filters AND was_successfully_labeled
    )
    GROUP BY category ORDER BY n DESC, category`;
  return rows.objects() as CategoryCount[];
}

/** Draw the most frequent categories with their counts. */
export async function frequentCategoriesChart(data: Data): Promise<Chart | Note> {
  const rows = await frequentCategories(data);
  const labelSet = await shownLabelSet(data);
  if (rows.length === 0 || labelSet === undefined) {
    return md`**No category was found in any labelled post.** Run \`deno task classify:dictionary\`
if nothing is labelled yet.`;
  }
  const tally = (await data.sql`
    SELECT
      count(*) FILTER (WHERE was_successfully_labeled) AS labeled,
      count(*) FILTER (WHERE NOT was_successfully_labeled) AS failed,
      count(*) FILTER (WHERE was_successfully_labeled AND is_political) AS political,
      count(*) FILTER (WHERE was_successfully_labeled AND label_prob IS NULL) AS unsampled
    FROM posts_dictionary WHERE passed_filters AND label_set_id IS NOT NULL`).objects()[0] as Tally;
  const shown = rows.slice(0, MOST);
  const value = ({ n }: CategoryCount) => `${formatNumber(n)} (${formatShare(n, tally.labeled)})`;
  const longest = Math.max(...shown.map(({ category }) => category.length));
  const rest = rows.length - shown.length;
  return new Chart({
    title: "Most frequent categories",
    subtitle: `Denominator: posts that passed the filters and were labelled, ` +
      `n = ${formatNumber(tally.labeled)}. Dictionary ${labelSet.codebook}, label set ` +
      `${labelSet.label_set_id}.`,
    caption: `A post can have several categories, or none.` +
      `${
        rest > 0 ? ` ${rest} less frequent categories are not drawn.` : ""
      } Labelling failed for ` +
      `${formatShare(tally.failed, tally.labeled + tally.failed)} of the attempts.` +
      sampleNote(tally),
    alt: shown.map((row) => `${row.category}: ${value(row)}`).join("; "),
    panels: (width) => [
      panel({
        width,
        height: 24 + shown.length * 26,
        marginLeft: Math.min(width * 0.5, longest * 6.6 + 14),
        marginRight: 90,
        marginTop: 4,
        marginBottom: 20,
        x: { domain: [0, shown[0]!.n], axis: null },
        y: {
          domain: shown.map(({ category }) => category),
          label: null,
          tickSize: 0,
          padding: 0.2,
        },
        marks: [
          Plot.barX(shown, { y: "category", x: "n", fill: "var(--accent)" }),
          Plot.text(shown, { y: "category", x: "n", text: value, textAnchor: "start", dx: 5 }),
          Plot.ruleX([0], { stroke: "currentColor" }),
        ],
      }),
    ],
  });
}
