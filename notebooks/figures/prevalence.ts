import { BINS, type Distribution } from "../charts/distributions.ts";
import { BarTable } from "../charts/bar_table.ts";
import { type FigureFacts, withoutBounds } from "../measures/figure_facts.ts";
import { md, type Note } from "../charts/note.ts";
import { formatShare } from "../measures/number_format.ts";

/** Where posts are said to have an attribute: 0.7 to 0.9 is what Perspective recommends. */
export const THRESHOLDS = [0.5, 0.7, 0.8, 0.9];

/**
 * Give the prevalence of an attribute, the weighted share of posts with so much of it or more; of a
 * bin's edge exactly.
 */
export function prevalence({ shares }: Distribution, threshold: number): number {
  return shares.slice(Math.round(threshold * BINS)).reduce((sum, share) => sum + share, 0);
}

/**
 * Put the share of posts at each threshold into a table, a row an attribute, columns of each group of
 * posts; those of the first group at the lowest threshold are bars.
 */
export function prevalenceTable(
  all: { name: string; distributions: Distribution[] }[],
  facts: FigureFacts,
): BarTable | Note {
  const groups = all.filter(({ distributions }) => distributions.length > 0);
  const columns = [
    ...new Set(groups.flatMap(({ distributions }) => distributions.map(({ column }) => column))),
  ];
  if (columns.length === 0) return md`**There are no scores yet**, so no share is shown.`;
  return new BarTable({
    title: "Posts with each attribute, by threshold",
    measure: `${groups[0]!.name} ≥ ${THRESHOLDS[0]}`,
    facts: withoutBounds(facts),
    rows: columns.map((column) => {
      const cells = groups.flatMap(({ name, distributions }) => {
        const found = distributions.find((one) => one.column === column);
        const shares = THRESHOLDS.map((threshold) => ({
          name: `${name} ≥ ${threshold}`,
          value: found ? prevalence(found, threshold) : NaN,
        }));
        return [...shares, { name: `${name} n`, n: found?.n ?? 0 }];
      });
      const [first, ...rest] = cells as [{ value: number }, ...typeof cells];
      return {
        name: column.replace(/^(prob|score)_/, "").replaceAll("_", " "),
        value: first.value,
        more: Object.fromEntries(
          rest.map((cell) => [cell.name, "n" in cell ? cell.n : written(cell.value)]),
        ),
      };
    }),
  });
}

function written(share: number): string {
  return Number.isNaN(share) ? "–" : formatShare(share, 1);
}
