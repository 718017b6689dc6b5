import { labelFiles } from "../labels/label_file.ts";
import { PASSING_REASONS } from "../labels/label_reason.ts";
import { type Database, literal, onOneThread, row, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import type { ContextPart } from "../context/context_part.ts";
import { LABELS, POSTS, withColumns } from "../store/tables.ts";
import { STRATUM_OF_POST } from "../labels/stratum.ts";
import { ANSWER_COLUMNS } from "../labels/paid_answer.ts";
import { type Sample, turnSql } from "./sample.ts";

/** Labels that a day's posts may lack. */
export interface LabelledDay {
  classifier: string;
  labelSetId: string;
  day: string;
}

/** How many posts of a day are to be labelled, and why the others are not. */
export interface PendingCounts {
  posts: number;
  pending: number;
  labelled: number;
  /** Have a permanent reason. */
  failed: number;
  /** In a batch that is under way. */
  in_batch: number;
  /** Among the most-liked and those that pass the filters. */
  not_drawn: number;
  filtered_out_not_drawn: number;
}

/** A post that is to be labelled. */
export interface PendingPost {
  uri: string;
  cid: string | null;
  text: string;
  text_hash: string;
  detected_language: string | null;
  /** From 0 to 1; posts come in its order. */
  turn: number;
  /** Another post of the day has the same text: look for its answer before asking. */
  is_repeated: boolean;
  /** Its context, for classifiers that need it. */
  context?: ContextPart[];
  /** A post that it names could not be fetched. */
  isContextMissing?: boolean;
}

/** Posts that a page has. */
const PAGE = 1024;
/** Posts per reading of the day's file, which takes a second for a million. */
const READ_AT_ONCE = 16 * PAGE;

/** Which posts are pending beside those without a row and those with temporary failures. */
export interface PendingOptions {
  /** All that have no label. */
  failed?: boolean;
  /** Those never asked about because of the study's settings. */
  unasked?: boolean;
  /** A table (day; key, see `labelledKeySql`) of the posts with a request under way. */
  batched?: string | undefined;
}

/**
 * Find the posts of a day that are drawn and have no label of a label set, and count the others.
 *
 * Posts with a temporary reason are pending again, and those that the options name. Answers
 * in segments count only after `mergeAnswers`. Makes the
 * temporary table `pending_posts` (turn, post: a hash of the uri, text: a hash of the text,
 * is_repeated; rowid in the order of the turns), for `pendingPages`: hashes, so that a million pending
 * posts take some 40 MB.
 */
export async function findPending(
  database: Database,
  paths: DataPaths,
  { classifier, labelSetId, day }: LabelledDay,
  sample: Sample,
  { batched, ...pendingAgain }: PendingOptions = {},
): Promise<PendingCounts> {
  const posts = relation(POSTS, paths.filesOfDay("posts", day));
  const files = labelFiles(paths, classifier, day);
  const labels = relation(withColumns(LABELS, ANSWER_COLUMNS), files);
  const again = [
    pendingAgain.failed ? "true" : `l.reason IN (${literalList(PASSING_REASONS)})`,
    ...pendingAgain.unasked ? ["l.request_hash IS NULL"] : [],
  ].join(" OR ");
  // A table, so that DuckDB knows how few they may be, and hashes them and not the posts. By one key,
  // as for a condition like `LABEL_OF_POST` it compares each post with each label.
  const own = `SELECT ${labelledKeySql("l")} AS key,
      CASE WHEN was_successfully_labeled THEN 'labelled'
        WHEN NOT coalesce(${again}, false) THEN 'failed' END AS state
    FROM ${labels} l WHERE label_set_id = ${literal(labelSetId)}`;
  const inBatches = `SELECT key, coalesce(o.state, if(b.day IS NULL, NULL, 'in_batch')) AS state
    FROM (${own}) o FULL JOIN (FROM ${batched} WHERE day = ${literal(day)}) b USING (key)`;
  await database.run(`CREATE OR REPLACE TEMP TABLE own_labels AS
    ${batched === undefined ? own : inBatches}`);
  const states = `SELECT hash(p.uri) AS post, hash(p.text_hash) AS text, ${turnSql(sample)} AS turn,
      coalesce(c.state, t.state, CASE WHEN turn < 1 THEN 'pending'
        WHEN ${STRATUM_OF_POST} = 'filtered_out' THEN 'filtered_out_not_drawn'
        ELSE 'not_drawn' END) AS state
    FROM ${posts} p
    LEFT JOIN own_labels c ON c.key = ${keySql("p", "cid")}
    LEFT JOIN own_labels t ON t.key = ${keySql("p", "text_hash")}`;
  // Separately, so that it takes no memory beside the sort.
  await database.run(`CREATE OR REPLACE TEMP TABLE repeated_texts AS
    SELECT hash(text_hash) AS text FROM ${posts} GROUP BY ALL HAVING count(*) > 1`);
  await database.run(`CREATE OR REPLACE TEMP TABLE pending_posts AS
    SELECT turn, post, text,
      text IN (FROM repeated_texts) AS is_repeated
    FROM (${states}) WHERE state = 'pending' ORDER BY turn, post`);
  const counts = await row<PendingCounts & Record<string, unknown>>(
    database,
    `SELECT count(*) AS posts,
       count(*) FILTER (state = 'pending') AS pending,
       count(*) FILTER (state = 'labelled') AS labelled,
       count(*) FILTER (state = 'failed') AS failed,
       count(*) FILTER (state = 'in_batch') AS in_batch,
       count(*) FILTER (state = 'not_drawn') AS not_drawn,
       count(*) FILTER (state = 'filtered_out_not_drawn') AS filtered_out_not_drawn
     FROM (${states})`,
  );
  await database.run("DROP TABLE own_labels");
  await database.run("DROP TABLE repeated_texts");
  return counts;
}

/** How pending posts are read. */
export interface PageOptions {
  /** Posts of a page, */
  size?: number;
  /** and those that are read from the day's file at once. */
  readAtOnce?: number;
  /** Columns of the table `posts` that come with each. */
  columns?: readonly string[];
}

/**
 * Give the posts that `findPending` found, in the order of their turns, page by page.
 *
 * They are read some pages ahead, from the posts as they are then: posts deleted meanwhile are not
 * among them. The caller limits DuckDB's memory (`SET memory_limit`).
 */
export async function* pendingPages(
  database: Database,
  paths: DataPaths,
  day: string,
  { size = PAGE, readAtOnce = READ_AT_ONCE, columns = [] }: PageOptions = {},
): AsyncGenerator<PendingPost[]> {
  const { last } = await row<{ last: number }>(
    database,
    "SELECT count(*) AS last FROM pending_posts",
  );
  for (let read = 0; read < last; read += readAtOnce) {
    await onOneThread(
      database,
      () =>
        database.run(`CREATE OR REPLACE TEMP TABLE pending_texts AS
      SELECT p.uri, p.cid, coalesce(p.text, '') AS text, p.text_hash, p.detected_language, q.turn,
        q.is_repeated, q.position${columns.map((name) => `, p.${name}`).join("")}
      FROM ${relation(POSTS, paths.filesOfDay("posts", day))} p
      JOIN (SELECT *, rowid AS position FROM pending_posts
        WHERE rowid >= ${read} AND rowid < ${read + readAtOnce}) q
        ON hash(p.uri) = q.post`),
    );
    for (let from = read; from < Math.min(last, read + readAtOnce); from += size) {
      const page = await rows<PendingPost & Record<string, unknown>>(
        database,
        `SELECT * EXCLUDE position FROM pending_texts
         WHERE position >= ${from} AND position < ${from + size} ORDER BY position`,
      );
      if (page.length > 0) yield page;
    }
  }
  await database.run("DROP TABLE IF EXISTS pending_texts");
}

/** Give the hash by which `findPending` knows a row with the columns uri, cid and text_hash as labelled. */
export function labelledKeySql(row: string): string {
  return `coalesce(${keySql(row, "cid")}, ${keySql(row, "text_hash")})`;
}

/** Give the hash by which a row is known with one of its columns; null where that is null. */
function keySql(row: string, column: "cid" | "text_hash"): string {
  return `md5_number('${column} ' || ${row}.uri || ' ' || ${row}.${column})`;
}

function literalList(values: readonly string[]): string {
  return values.map(literal).join(", ");
}
