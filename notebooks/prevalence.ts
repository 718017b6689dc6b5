import { type ColumnTable, from } from "arquero";
import { BINS, type Distribution } from "./attribute_scores.ts";
import { formatShare } from "./number_format.ts";

/** Where posts are said to have an attribute: 0.7 to 0.9 is what Perspective recommends. */
export const THRESHOLDS = [0.5, 0.7, 0.8, 0.9];

/** Give the weighted share of posts with so much of an attribute or more; of a bin's edge exactly. */
export function prevalence({ shares }: Distribution, threshold: number): number {
  return shares.slice(Math.round(threshold * BINS)).reduce((sum, share) => sum + share, 0);
}

/** Give the share of posts at each threshold, a row an attribute and group of posts. */
export function prevalenceTable(
  groups: { name: string; distributions: Distribution[] }[],
): ColumnTable {
  const columns = [
    ...new Set(groups.flatMap(({ distributions }) => distributions.map(({ column }) => column))),
  ];
  return from(columns.flatMap((column) =>
    groups.flatMap(({ name, distributions }) => {
      const found = distributions.find((one) => one.column === column);
      if (found === undefined) return [];
      return [{
        attribute: column.replace(/^(prob|score)_/, "").replaceAll("_", " "),
        posts: name,
        n: found.n,
        ...Object.fromEntries(
          THRESHOLDS.map((threshold) => [
            `≥ ${threshold}`,
            formatShare(prevalence(found, threshold), 1),
          ]),
        ),
      }];
    })
  ));
}
