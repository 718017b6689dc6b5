import type { Database } from "../store/duckdb.ts";
import { lock } from "../store/lock.ts";
import { relation, tableOf, writeParquet } from "../store/parquet.ts";
import { removeLeftovers } from "../store/whole_file.ts";
import type { DataPaths } from "../store/paths.ts";
import { LABELS, type Table, withColumns } from "../store/tables.ts";

/**
 * Give an SQL condition: does a label row `l` belong to the post row `p` of the same day?
 *
 * By uri and cid; a label of a post that had no cid (an import) matches on uri and hash of the text.
 * At most one label of a label set and coder matches, since `mergeLabels` keeps no two that could. For
 * inner joins: in outer and anti joins DuckDB would compare each post with each label.
 */
export const LABEL_OF_POST = `l.uri = p.uri AND
  CASE WHEN l.cid IS NULL THEN l.text_hash = p.text_hash ELSE l.cid = p.cid END`;

/** Give the table of a classifier's labels. */
export function labelTable(columns: Record<string, string>): Table {
  return withColumns(LABELS, columns);
}

/** Give the files of a day of a classifier's labels: one or none. */
export function labelFiles(paths: DataPaths, classifier: string, day: string): string[] {
  const path = paths.labels(classifier, day);
  return paths.filesOfDay(`labels/${classifier}`, day).filter((file) => file === path);
}

/**
 * Merge new label rows into the one file of a day.
 *
 * A new row takes the place of an older one with the same key (uri, cid, label set, coder); where
 * either has no cid, the same text is the same key, so that no post ever matches two labels.
 * Gives how many rows the day then has.
 */
export async function mergeLabels(
  database: Database,
  paths: DataPaths,
  classifier: string,
  table: Table,
  day: string,
  query: string,
): Promise<number> {
  await database.run(`CREATE OR REPLACE TEMP TABLE new_labels AS
    SELECT * FROM (SELECT * FROM ${relation(table, [])} UNION ALL BY NAME (${query}))`);
  const count = await rewriteDay(
    database,
    paths,
    { kind: "labels", classifier, day },
    table,
    (old) =>
      `SELECT * FROM new_labels
     UNION ALL BY NAME
     SELECT o.* FROM ${old} o
     WHERE NOT EXISTS (
       FROM new_labels n WHERE n.uri = o.uri AND n.label_set_id = o.label_set_id
         AND n.coder IS NOT DISTINCT FROM o.coder
         AND CASE WHEN n.cid IS NULL OR o.cid IS NULL THEN n.text_hash IS NOT DISTINCT FROM o.text_hash
           ELSE n.cid = o.cid END)
     ORDER BY label_set_id, uri, coder`,
  );
  await database.run("DROP TABLE new_labels");
  return count;
}

/** A file of a classifier: its labels of a day of posts, or its replicates of a day. */
export interface DayFile {
  kind: "labels" | "replicates";
  classifier: string;
  day: string;
}

/**
 * Rewrite the one file of a day with the rows that a query makes from its old ones.
 *
 * No other process writes it meanwhile. `rowsAGroup` is for rows of several kilobytes (see
 * `writeParquet`). Gives how many rows the day then has.
 */
export async function rewriteDay(
  database: Database,
  paths: DataPaths,
  { kind, classifier, day }: DayFile,
  table: Table,
  queryOf: (old: string) => string,
  rowsAGroup?: number,
): Promise<number> {
  const path = paths[kind](classifier, day);
  await using _lock = await lock(
    paths.locks(),
    `${kind}-${classifier}-${day}`,
    `write the ${kind} of ${classifier} of ${day}`,
  );
  await removeLeftovers(path);
  const files = paths.filesOfDay(`${kind}/${classifier}`, day).filter((file) => file === path);
  // A codebook names its own columns: those of labels by another one stay.
  const here = files.length > 0 ? (await tableOf(database, path)).columns : {};
  const all = { ...table, columns: { ...table.columns, ...here, ...table.columns } };
  const query = `SELECT * FROM ${relation(all, [])} UNION ALL BY NAME (${
    queryOf(relation(all, files))
  })`;
  return await writeParquet(database, all, query, path, rowsAGroup);
}
