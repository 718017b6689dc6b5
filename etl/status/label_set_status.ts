import { GIVEN_VERSION } from "../labels/label_set.ts";
import { CLASSIFIER as HUMAN } from "../labels/coded_posts.ts";
import { LABEL_OF_POST } from "../labels/label_file.ts";
import { type Database, literal, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { PartitionFile } from "../store/paths.ts";
import { LABEL_SETS, LABELS, POSTS } from "../store/tables.ts";

/** How many posts a label set covers, as `status` shows it. */
export interface LabelSetStatus {
  classifier: string;
  label_set_id: string;
  codebook: string | null;
  model: string | null;
  is_shown: boolean;
  labelled: number;
  failed: number;
  /** Posts without a row: those that are pending, and those that the study does not draw. */
  untried: number;
  /** Whether its labels came with a file, and may be of posts or texts that are not here. */
  is_given: boolean;
  /** Rows of labels, several of a post where several coders labelled it. */
  labels: number;
  /** Of these, labels of a post as it reads. */
  labels_found: number;
}

/** Count the posts of each label set of a classifier, the shown one first. */
export async function labelSetStatus(
  database: Database,
  classifier: string,
  labels: PartitionFile[],
  posts: string[],
  sets: string[],
): Promise<LabelSetStatus[]> {
  return await rows<LabelSetStatus & Record<string, unknown>>(
    database,
    `WITH p AS (SELECT uri, cid, text_hash FROM ${relation(POSTS, posts)}),
     l AS (SELECT * FROM ${relation(LABELS, labels.map((file) => file.path))}),
     joined AS (
       SELECT l.label_set_id, p.uri, bool_or(l.was_successfully_labeled) AS labelled,
         count(*) AS rows
       FROM p JOIN l ON ${LABEL_OF_POST} GROUP BY ALL
     ),
     counted AS (
       SELECT label_set_id, count(*) FILTER (labelled) AS labelled,
         count(*) FILTER (NOT labelled) AS failed, sum(rows) AS found
       FROM joined GROUP BY ALL
     ),
     here AS (
       SELECT label_set_id, count(*) AS labels FROM l WHERE NOT starts_with(uri, 'deleted:')
       GROUP BY ALL
     )
     SELECT ${literal(classifier)} AS classifier, s.label_set_id, s.codebook, s.model, s.is_shown,
       coalesce(c.labelled, 0) AS labelled, coalesce(c.failed, 0) AS failed,
       (SELECT count(*) FROM p) - coalesce(c.labelled + c.failed, 0) AS untried,
       s.classifier = ${literal(HUMAN)} OR s.classifier_version = ${
      literal(GIVEN_VERSION)
    } AS is_given,
       coalesce(h.labels, 0) AS labels, coalesce(c.found, 0)::BIGINT AS labels_found
     FROM ${relation(LABEL_SETS, sets)} s LEFT JOIN counted c USING (label_set_id)
       LEFT JOIN here h USING (label_set_id)
     ORDER BY s.is_shown DESC, s.last_used DESC`,
  );
}
