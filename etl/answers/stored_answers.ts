import { labelFiles } from "../labels/label_file.ts";
import { PASSING_REASONS } from "../labels/label_reason.ts";
import { ANSWER_COLUMNS } from "../labels/paid_answer.ts";
import type { LabelledDay } from "../sampling/pending.ts";
import { type Database, literal, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { LABELS, withColumns } from "../store/tables.ts";

/** A raw answer that stands with a label, or the reason for none. */
export interface StoredAnswer {
  answer: string | null;
  /** The post's place in a request of several posts, from 0. */
  place?: number;
  reason: string | null;
}

/**
 * Look up stored answers by request hash among a day's labels of a label set.
 *
 * Gives raw answer and reason by request hash, without temporary failures. Answers of this run
 * are in its `AnswerSegment`.
 */
export async function storedAnswers(
  database: Database,
  paths: DataPaths,
  { classifier, labelSetId, day }: LabelledDay,
  requestHashes: string[],
): Promise<Map<string, StoredAnswer>> {
  const files = labelFiles(paths, classifier, day);
  if (requestHashes.length === 0 || files.length === 0) return new Map();
  const found = await rows<{ request_hash: string; stored: StoredAnswer }>(
    database,
    `SELECT request_hash, first({answer: answer, reason: reason}
       ORDER BY was_successfully_labeled DESC) AS stored
     FROM ${relation(withColumns(LABELS, ANSWER_COLUMNS), files)}
     WHERE label_set_id = ${literal(labelSetId)}
       AND request_hash IN (SELECT unnest(${literal(requestHashes)}))
       -- What quoted a deleted post was emptied.
       AND (answer IS NOT NULL OR reason IS NOT NULL)
       AND (was_successfully_labeled OR NOT reason IN (${PASSING_REASONS.map(literal).join(", ")}))
     GROUP BY request_hash`,
  );
  return new Map(found.map(({ request_hash, stored }) => [request_hash, stored]));
}
