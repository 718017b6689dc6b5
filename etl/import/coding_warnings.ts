import type { Context } from "../command/command.ts";
import { type LabelSet, labelSetId } from "../labels/label_set.ts";
import { literal, row, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { LABEL_SETS } from "../store/tables.ts";
import { labelTable } from "../labels/label_file.ts";
import { COLUMNS } from "../labels/coded_posts.ts";
import type { ImportReader } from "./import_reader.ts";

/**
 * Warn where labels of coders, which have landed, may not stand as their file was meant: beside others of the
 * same columns under another name, of two coders who may be one, or of a cell that was emptied.
 */
export async function warnOfCoding(
  { database, paths, warn }: Pick<Context, "database" | "paths" | "warn">,
  set: LabelSet,
  { unlabelled }: Pick<ImportReader, "unlabelled">,
): Promise<void> {
  const sets = paths.files("label_sets").map(({ path }) => path);
  const others = await rows<{ codebook: string }>(
    database,
    `SELECT codebook FROM ${relation(LABEL_SETS, sets)}
     WHERE classifier = ${literal(set.classifier)} AND label_set_id <> ${literal(labelSetId(set))}
       AND parameters = ${literal(JSON.stringify(set.parameters))}
     ORDER BY first_used`,
  );
  if (others.length > 0) {
    warn(
      `labels of the same columns are here as ${
        others.map(({ codebook }) => codebook).join(", ")
      }: ` +
        `figures and export show one name at a time; files of several coders belong under one (--as)`,
    );
  }
  const files = paths.files(`labels/${set.classifier}`).map(({ path }) => path);
  const ofSet = `${relation(labelTable(COLUMNS), files)}
    WHERE label_set_id = ${literal(labelSetId(set))}`;
  const coders = await rows<{ coder: string }>(
    database,
    `SELECT DISTINCT coder FROM ${ofSet} AND coder IS NOT NULL ORDER BY coder`,
  );
  const alike = Map.groupBy(coders, ({ coder }) => coder.normalize("NFKC").toLowerCase());
  for (const names of alike.values()) {
    if (names.length === 1) continue;
    const listed = names.map(({ coder }) => coder).join(" and ");
    warn(`the coders ${listed} count as ${names.length}: are they one?`);
  }
  if (unlabelled.size === 0) return;
  const { emptied } = await row<{ emptied: number }>(
    database,
    `SELECT count(DISTINCT row_key) AS emptied
     FROM (SELECT uri || chr(10) || coalesce(coder, 'null') AS row_key FROM ${ofSet})
     WHERE row_key IN (SELECT unnest(${literal([...unlabelled])}))`,
  );
  if (emptied > 0) {
    warn(
      `${emptied} rows have no label where an earlier file has one of the same coder: that one stays, and ` +
        "another name (--as) leaves it out",
    );
  }
}
