import { collectCodedPosts, labelsByPost } from "../labels/coded_posts.ts";
import type { LabelSetRow } from "../labels/label_set.ts";
import { LABEL_OF_POST } from "../labels/label_file.ts";
import { countFlags, type FilterSummary } from "../filters/filter_summary.ts";
import { type Database, literal, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { LABEL_SETS, LABELS } from "../store/tables.ts";
import { STRATUM_OF_POST } from "../labels/stratum.ts";

/** What a data statement says of a label set and its labels of the posts. */
export interface LabelledPosts extends LabelSetRow {
  first_used: string | null;
  last_used: string | null;
  is_shown: boolean;
  strata: LabelledStratum[];
  /** By reason, for posts that pass the filters and for others. */
  failures: { reason: string; passed: number; filtered_out: number }[];
}

/** What a data statement says of a label set in a stratum; some most-liked posts are filtered out. */
export interface LabelledStratum {
  stratum: string;
  passed_filters: boolean;
  posts: number;
  labelled: number;
  failed: number;
  /** Labelled, without the probability with which it was drawn. */
  unsampled: number;
  lowest_prob: number | null;
  highest_prob: number | null;
}

/** What a data statement says of posts and their flags. */
export interface FilteredPosts extends FilterSummary {
  days: string[];
  by_source: Record<string, number>;
  /** Posts by hash of the filter configuration that flagged them. */
  filter_configs: { hash: string; posts: number }[];
}

/** Count posts for the data statement by source and filter, from the columns that their files have. */
export async function filteredPosts(database: Database, paths: DataPaths): Promise<FilteredPosts> {
  const files = paths.files("posts");
  const list = files.map(({ path }) => path);
  const none = { by_source: {}, filter_configs: [] };
  if (list.length === 0) return { days: [], ...none, ...await countFlags(database, [], []) };
  const from = `FROM read_parquet(${
    literal(list)
  }, union_by_name = true, hive_partitioning = false)`;
  const columns = (await rows<{ column_name: string }>(database, `DESCRIBE SELECT * ${from}`))
    .map(({ column_name }) => column_name);
  const filters = columns.filter((name) => name.startsWith("flag_"))
    .map((column) => ({ name: column.slice("flag_".length), column }));
  const sources = columns.filter((name) => /^in_(?!covered)/.test(name));
  const [counts] = await rows<Record<string, number>>(
    database,
    `SELECT ${sources.map((name) => `count(*) FILTER ("${name}") AS "${name.slice(3)}"`).join(", ")}
     ${from}`,
  );
  return {
    days: [...new Set(files.flatMap(({ day }) => day ?? []))].sort(),
    by_source: Object.fromEntries(Object.entries(counts!).filter(([, n]) => n > 0)),
    filter_configs: await rows<{ hash: string; posts: number }>(
      database,
      `SELECT filter_config_hash AS hash, count(*) AS posts ${from} GROUP BY hash ORDER BY hash`,
    ),
    ...await countFlags(database, filters, list),
  };
}

/**
 * Count for the data statement the labels of every label set for the posts in their current
 * version, the shown sets first.
 */
export async function labelledPosts(
  database: Database,
  paths: DataPaths,
): Promise<LabelledPosts[]> {
  const files = paths.files("label_sets").map(({ path }) => path);
  const sets = await rows<Omit<LabelledPosts, "strata" | "failures"> & Record<string, unknown>>(
    database,
    `SELECT * REPLACE (first_used::VARCHAR AS first_used, last_used::VARCHAR AS last_used)
     FROM ${relation(LABEL_SETS, files)} ORDER BY is_shown DESC, classifier, last_used DESC`,
  );
  await database.run(`CREATE OR REPLACE TEMP TABLE labelled (label_set_id VARCHAR, stratum VARCHAR,
    passed_filters BOOLEAN, state VARCHAR, reason VARCHAR, posts BIGINT, unsampled BIGINT,
    lowest DOUBLE, highest DOUBLE)`);
  await collectCodedPosts(database, paths);
  // A day at a time, as a whole study does not fit in memory.
  for (const { path, day } of paths.files("posts")) {
    for (const { classifier, label_set_id } of sets) {
      const files = paths.filesOfDay(`labels/${classifier}`, day!);
      await countDay(database, path, labelsByPost(classifier, LABELS, files), label_set_id);
    }
  }
  return await Promise.all(sets.map(async (set) => {
    const own = `FROM labelled WHERE label_set_id = ${literal(set.label_set_id)}`;
    const strata = await rows<LabelledStratum & Record<string, unknown>>(
      database,
      `SELECT stratum, passed_filters, sum(posts)::BIGINT AS posts,
         coalesce(sum(posts) FILTER (state = 'labelled'), 0)::BIGINT AS labelled,
         coalesce(sum(posts) FILTER (state = 'failed'), 0)::BIGINT AS failed,
         sum(unsampled)::BIGINT AS unsampled, min(lowest) AS lowest_prob, max(highest) AS highest_prob
       ${own} GROUP BY ALL ORDER BY stratum DESC, passed_filters DESC`,
    );
    const failures = await rows<LabelledPosts["failures"][0] & Record<string, unknown>>(
      database,
      `SELECT reason, coalesce(sum(posts) FILTER (passed_filters), 0)::BIGINT AS passed,
         coalesce(sum(posts) FILTER (NOT passed_filters), 0)::BIGINT AS filtered_out
       ${own} AND state = 'failed' GROUP BY reason ORDER BY sum(posts) DESC, reason`,
    );
    return { ...set, strata, failures };
  }));
}

async function countDay(
  database: Database,
  posts: string,
  labels: string,
  labelSetId: string,
): Promise<void> {
  await database.run(`INSERT INTO labelled
    WITH posts AS (FROM read_parquet(${literal(posts)}, hive_partitioning = false)),
    own AS (
      SELECT l.uri, l.was_successfully_labeled, l.reason, l.label_prob
      FROM ${labels} l JOIN posts p ON ${LABEL_OF_POST}
      WHERE l.label_set_id = ${literal(labelSetId)}
    )
    SELECT ${literal(labelSetId)}, ${STRATUM_OF_POST} AS stratum,
      coalesce(p.passed_filters, false) AS passed,
      CASE WHEN was_successfully_labeled THEN 'labelled' WHEN own.uri IS NULL THEN 'untried'
        ELSE 'failed' END AS state, own.reason AS why,
      count(*), count(*) FILTER (was_successfully_labeled AND label_prob IS NULL),
      min(label_prob), max(label_prob)
    FROM posts p LEFT JOIN own ON own.uri = p.uri GROUP BY ALL`);
}
