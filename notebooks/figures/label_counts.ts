import { type ColumnTable, from } from "arquero";
import type { Data } from "../query/data.ts";
import { identifier } from "../query/identifier.ts";
import { md, type Note } from "../charts/note.ts";

/**
 * Count the labels of each label set, those that failed and the days they are of; charts show the label
 * sets that `shown` marks. Labels of one post by two label sets count in both.
 */
export async function labelCounts(data: Data): Promise<ColumnTable | Note> {
  const rows = [];
  for (const { view } of data.tables) {
    if (!view.startsWith("labels_")) continue;
    const table = await data.sql`
      SELECT ${view.slice("labels_".length)} AS classifier, label_set_id AS "label set",
        count(*) AS labels, count(*) FILTER (NOT was_successfully_labeled) AS failed,
        count(DISTINCT date) AS days
      FROM ${identifier(view)} GROUP BY label_set_id`;
    rows.push(...table.objects() as Record<string, unknown>[]);
  }
  if (rows.length === 0) {
    return md`**There are no labels yet.** Run \`deno task classify:dictionary\`, which needs no key.`;
  }
  const sets = await data.sql`SELECT label_set_id, codebook, model, is_shown, parameters
    FROM label_sets`;
  const known = new Map(
    (sets.objects() as Record<string, unknown>[]).map((set) => [set.label_set_id, set]),
  );
  return from(
    rows.map(({ classifier, ...row }) => {
      const set = known.get(row["label set"]);
      const imported = JSON.parse(String(set?.parameters ?? "{}")).imported_as;
      const words = [set?.codebook, set?.model, imported].filter(Boolean).join(" ");
      return { classifier, "rests on": words, ...row, shown: set?.is_shown ? "yes" : "no" };
    }).sort((a, b) => String(a.classifier) < String(b.classifier) ? -1 : 1),
  );
}
