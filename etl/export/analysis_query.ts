import type { Removals } from "../raw/removal.ts";
import type { AnalysisColumn } from "./analysis_column.ts";
import { labelsByPost } from "../labels/coded_posts.ts";
import type { ExportedLabelSet } from "./exported_label_sets.ts";
import { LABEL_OF_POST } from "../labels/label_file.ts";
import { type Database, literal, row } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { LABELS, WINDOWS, withColumns } from "../store/tables.ts";

/**
 * Give the query of a day's rows of an analysis file, in an uninformative order, and how many posts
 * it leaves out as removed or hidden.
 *
 * Needs the temporary tables of `removal.ts`, and `coded_posts` for human labels.
 */
export async function dayQuery(
  database: Database,
  { paths, day, columns, sets, removals, source }: {
    paths: DataPaths;
    day: string;
    columns: AnalysisColumn[];
    sets: ExportedLabelSet[];
    removals: Removals;
    source?: string;
  },
): Promise<{ sql: string; removed: number }> {
  const windows = `(SELECT opens_at, max(window_prob) AS window_prob
    FROM ${relation(WINDOWS, windowFiles(paths, day))}
    WHERE source = ${literal(source ?? "")} GROUP BY opens_at)`;
  const labels = sets.map(({ classifier, label_set_id, filesOf, columns }) =>
    `LEFT JOIN (
       SELECT l.* FROM ${labelsByPost(classifier, withColumns(LABELS, columns), filesOf(day))} l
       JOIN posts p ON ${LABEL_OF_POST}
       WHERE l.label_set_id = ${literal(label_set_id)}
     ) "${classifier}" ON "${classifier}".uri = p.uri`
  );
  const isRemoved = `(${
    removals.isRemoved({ time: "p.reference_time", uri: "p.uri", did: "p.did", rev: "p.rev" })
  }
    OR ${removals.isHidden("p.did")})`;
  const inSource = source === undefined ? "true" : `coalesce(p.in_${source}, false)`;
  const posts = `SELECT *, ${literal(day)} AS day
    FROM read_parquet(${literal(paths.posts(day))}, hive_partitioning = false)`;
  const { removed } = await row<{ removed: number }>(
    database,
    `SELECT count(*) AS removed FROM (${posts}) p WHERE ${inSource} AND ${isRemoved}`,
  );
  const select = columns.map(({ name, sql }) => `${sql} AS "${name}"`);
  const sql = `WITH posts AS (${posts})
    SELECT ${select.join(", ")} FROM posts p
    LEFT JOIN ${windows} w ON w.opens_at = date_trunc('hour', p.reference_time)
    ${labels.join(" ")}
    WHERE ${inSource} AND NOT ${isRemoved} ORDER BY post_key`;
  return { sql, removed };
}

/** A post may have come in the last hours of the day before its own, or in the first of the next. */
function windowFiles(paths: DataPaths, day: string): string[] {
  const at = (days: number) => new Date(Date.parse(day) + days * 86_400_000).toISOString();
  return [-1, 0, 1].flatMap((days) => paths.filesOfDay("windows", at(days).slice(0, 10)));
}
