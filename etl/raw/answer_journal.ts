import { basename } from "node:path";
import { describeError, UserError } from "../run/error.ts";
import { damagedSegment } from "./damaged_segment.ts";
import { type Database, literal, rows } from "../store/duckdb.ts";
import { leftSegments, longestLine } from "../store/journal.ts";
import { writeParquet } from "../store/parquet.ts";
import { sync } from "../store/whole_file.ts";
import type { DataPaths } from "../store/paths.ts";
import { CONTEXTS, COUNTS, type Table } from "../store/tables.ts";

/**
 * A journal of an AppView's answers about single posts, with lines unlike those of events:
 * `{ host, seen_at, <name>: rows }`, one line an answer.
 */
export interface AnswerJournal {
  /** Name of its folder in the journal and in raw, and of the rows in a line. */
  name: string;
  table: Table;
  /** The lock of its writers and of tasks that land it. */
  lock: string;
  /**
   * A time that rows have beside the columns of the table: the days that it spans stand in the names of
   * parts, so that damage to one tells which days of posts it may touch.
   */
  dated?: string;
}

/** The journal of answers with the counts that `sync:most-liked` takes again. */
export const COUNTS_JOURNAL: AnswerJournal = {
  name: "counts",
  table: COUNTS,
  lock: "sync-most_liked",
  dated: "written_at",
};

/** The journal of answers with posts that ours reply to or quote. */
export const CONTEXT_JOURNAL: AnswerJournal = {
  name: "context",
  table: CONTEXTS,
  lock: "sync-context",
};

/** Every journal of an AppView's answers. */
export const ANSWER_JOURNALS: readonly AnswerJournal[] = [COUNTS_JOURNAL, CONTEXT_JOURNAL];

const LINE_COLUMNS = ["host", "seen_at"];
const MIN_LINE_BYTES = 131_072;

/** Land leftovers of ended runs in a journal of answers; gives the errors of damaged segments. */
export async function landLeftoverAnswers(
  database: Database,
  paths: DataPaths,
  journal: AnswerJournal,
): Promise<UserError[]> {
  const errors: UserError[] = [];
  for (const segment of await leftSegments(paths.journal(journal.name))) {
    try {
      await landAnswers(database, paths, journal, segment);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      errors.push(error);
    }
  }
  return errors;
}

/** Is a line of a segment none of ours, though it is JSON? */
function isStrange(line: unknown): boolean {
  return typeof line !== "object" || line === null || Array.isArray(line);
}

/**
 * Land a segment in `raw/<name>`, then remove it.
 *
 * The parts are named after the segment, so that landing it again writes the same files again.
 */
export async function landAnswers(
  database: Database,
  paths: DataPaths,
  { name, table, dated }: AnswerJournal,
  segment: string,
): Promise<void> {
  const columns = Object.entries({ ...table.columns, ...dated ? { [dated]: "TIMESTAMP" } : {} })
    .filter(([column]) => !LINE_COLUMNS.includes(column))
    .map(([column, type]) => `"${column}" ${type}`).join(", ");
  const size = Math.max(MIN_LINE_BYTES, await longestLine(segment) + 1);
  const query = `SELECT host, seen_at, answer.* FROM (
    SELECT host, seen_at, unnest("${name}") AS answer
    FROM read_json(${literal(segment)}, format = 'newline_delimited', maximum_object_size = ${size},
      columns = {host: 'VARCHAR', seen_at: 'TIMESTAMP', "${name}": 'STRUCT(${columns})[]'}))`;
  const time = dated ?? "seen_at";
  try {
    const days = await rows<{ day: string; span: string }>(
      database,
      `SELECT seen_at::DATE AS day, min(${time})::DATE || '_' || max(${time})::DATE AS span
       FROM (${query}) GROUP BY day ORDER BY day`,
    );
    for (const { day, span } of days) {
      const part = basename(segment, ".jsonl") + (dated ? `.${span}` : "");
      await writeParquet(
        database,
        table,
        `SELECT * FROM (${query}) WHERE seen_at::DATE = ${literal(day)}`,
        paths.rawPart(name, day, part),
      );
    }
  } catch (cause) {
    if (cause instanceof UserError || !/JSON|Malformed/i.test(describeError(cause))) throw cause;
    throw await damagedSegment(segment, isStrange, cause);
  }
  await Deno.remove(segment);
  await sync(paths.journal(name));
}
