import { type ColumnTable, from } from "arquero";
import { BINS, type Distribution } from "./attribute_scores.ts";
import { md, type Note } from "./note.ts";
import { formatShare } from "./number_format.ts";

/** Where posts are said to have an attribute: 0.7 to 0.9 is what Perspective recommends. */
export const THRESHOLDS = [0.5, 0.7, 0.8, 0.9];

/** Give the weighted share of posts with so much of an attribute or more; of a bin's edge exactly. */
export function prevalence({ shares }: Distribution, threshold: number): number {
  return shares.slice(Math.round(threshold * BINS)).reduce((sum, share) => sum + share, 0);
}

/** Give the share of posts at each threshold, a row an attribute, columns of each group of posts. */
export function prevalenceTable(
  all: { name: string; distributions: Distribution[] }[],
): ColumnTable | Note {
  const groups = all.filter(({ distributions }) => distributions.length > 0);
  const columns = [
    ...new Set(groups.flatMap(({ distributions }) => distributions.map(({ column }) => column))),
  ];
  if (columns.length === 0) return md`**There are no scores yet**, so nothing is at a threshold.`;
  return from(columns.map((column) => ({
    attribute: column.replace(/^(prob|score)_/, "").replaceAll("_", " "),
    ...Object.fromEntries(groups.flatMap(({ name, distributions }) => {
      const found = distributions.find((one) => one.column === column);
      return THRESHOLDS.map((threshold) => [
        `${name} ≥ ${threshold}`,
        found ? formatShare(prevalence(found, threshold), 1) : "–",
      ]);
    })),
  })));
}
