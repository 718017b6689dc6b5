import { labelTable } from "./label_file.ts";
import type { Database } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import type { Table } from "../store/tables.ts";

/** The classifier under whose name human labels lie. */
export const CLASSIFIER = "human";

/** Label columns of `labels/human`, after those that all labels have. */
export const COLUMNS = { labels: "MAP(VARCHAR, VARCHAR)" } as const;

/**
 * Make the temporary table `coded_posts`: human labels, in the columns of labels.
 *
 * One row per label set and version of a coded post: for each variable the value that
 * most of its coders gave, none on a tie, as in the view `posts_human`. It covers all days at
 * once, since human labels lie under the day of their file until `preprocess` finds their post.
 */
export async function collectCodedPosts(database: Database, paths: DataPaths): Promise<void> {
  const table = labelTable(COLUMNS);
  const files = paths.files(`labels/${CLASSIFIER}`).map(({ path }) => path);
  await database.run(`CREATE OR REPLACE TEMP TABLE coded_posts AS
    WITH human AS (
      SELECT label_set_id, uri, cid, text_hash, coalesce(coder, '') AS coder, label_timestamp, labels
      FROM ${relation(table, files)} WHERE was_successfully_labeled
    ),
    given AS (
      SELECT label_set_id, uri, text_hash, coder, unnest(map_entries(labels)) AS answered FROM human
    ),
    counted AS (
      SELECT label_set_id, uri, text_hash, answered.key AS question, answered.value AS answer,
        count(DISTINCT coder) AS coders
      FROM given GROUP BY ALL
    ),
    agreed AS (
      SELECT label_set_id, uri, text_hash, question, arg_max(answer, coders) AS answer
      FROM counted GROUP BY ALL
      HAVING count(*) = 1 OR list_sort(list(coders), 'DESC')[1] > list_sort(list(coders), 'DESC')[2]
    ),
    answers AS (
      SELECT label_set_id, uri, text_hash,
        map(list(question ORDER BY question), list(answer ORDER BY question)) AS labels
      FROM agreed GROUP BY ALL
    ),
    coded AS (
      SELECT label_set_id, uri, text_hash, max(cid) AS cid, max(label_timestamp) AS label_timestamp
      FROM human GROUP BY ALL
    )
    SELECT * FROM ${relation(table, [])}
    UNION ALL BY NAME
    SELECT coded.*, true AS was_successfully_labeled, answers.labels
    FROM coded LEFT JOIN answers USING (label_set_id, uri, text_hash)`);
}

/**
 * Give a relation of a day's labels of a classifier, at most one of a label set for a post.
 *
 * For human labels it needs `collectCodedPosts`, and covers all days.
 */
export function labelsByPost(classifier: string, table: Table, files: string[]): string {
  return classifier === CLASSIFIER
    ? "coded_posts"
    : `(SELECT * FROM ${relation(table, files)} WHERE coder IS NULL)`;
}
