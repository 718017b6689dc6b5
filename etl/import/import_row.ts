import {
  isMissingText,
  isMissingValue,
  readCount,
  readEpoch,
  readTime,
  UNREADABLE,
} from "./cell.ts";
import { type Columns, COUNT_COLUMNS } from "./columns.ts";
import { readPostUri } from "./post_uri.ts";

/** The meaning of a CSV row of posts; columns not named here are only in `record`. */
export interface ImportedPost {
  uri: string;
  did: string;
  rkey: string;
  /** The version of the post, where the file names it. */
  cid: string | null;
  /** ISO 8601 in UTC. */
  created_at: string;
  text: string;
  langs: string[];
  like_count: number | null;
  repost_count: number | null;
  reply_count: number | null;
  quote_count: number | null;
  /** When the counts were taken, ISO 8601 in UTC; null where the file does not say. */
  counted_at: string | null;
}

/** A row of a CSV file as a post. */
export interface ImportedRow {
  post: ImportedPost;
  /** Optional columns whose cell cannot be read: it is null in the post. */
  unreadable: string[];
}

/** A content identifier of a record: version 1 in base32, of DAG-CBOR or raw bytes. */
const CID = /^baf[a-z2-7]{20,}$/;

/** Why a row is set aside. */
export class RowError extends Error {
  override readonly name = "RowError";
}

/**
 * Read a row of an import.
 *
 * Throws a `RowError` with the reason for which the row is set aside: it names no post, or its
 * `created_at` is no time (see `readTime`) before `now`. A text that is missing is empty.
 */
export function readRow(row: Record<string, string>, columns: Columns, now: Date): ImportedRow {
  const found = columns.uri.map((column) => readPostUri(row[column]!));
  const uri = found.find((one) => typeof one === "object") ?? found[0]!;
  if (typeof uri === "string") throw new RowError(uri);
  const created = readCreatedAt(row, columns.created_at[0]!);
  if (created > now) throw new RowError("created_at_in_the_future");
  const unreadable: string[] = [];
  const counts = COUNT_COLUMNS.map((name) => {
    const column = columns[name][0];
    const count = column === undefined ? null : readCount(row[column]!);
    if (count !== UNREADABLE) return [name, count];
    unreadable.push(column!);
    return [name, null];
  });
  const counted = readCountedAt(row, columns.counted_at[0], now);
  if (counted === UNREADABLE) unreadable.push(columns.counted_at[0]!);
  const text = row[columns.text[0]!]!;
  const cid = row[columns.cid[0] ?? ""]?.trim() ?? "";
  if (cid !== "" && !CID.test(cid) && !isMissingValue(cid)) unreadable.push(columns.cid[0]!);
  return {
    post: {
      ...uri,
      cid: CID.test(cid) ? cid : null,
      created_at: created.toISOString(),
      text: text.trim() !== "" && isMissingText(text) ? "" : text,
      langs: [],
      ...Object.fromEntries(counts) as Pick<ImportedPost, typeof COUNT_COLUMNS[number]>,
      counted_at: typeof counted === "string" ? counted : null,
    },
    unreadable,
  };
}

function readCreatedAt(row: Record<string, string>, column: string): Date {
  const cell = row[column]!;
  // In a column of that name a bare number is no year or day.
  const time = readTime(cell) ?? (/^timestamp/i.test(column) ? readEpoch(cell) : null);
  if (time === null) throw new RowError("invalid_created_at");
  return time;
}

/** Read when the counts of a row were taken; nobody can have counted in the future. */
function readCountedAt(
  row: Record<string, string>,
  column: string | undefined,
  now: Date,
): string | null | typeof UNREADABLE {
  const cell = row[column ?? ""] ?? "";
  if (isMissingValue(cell)) return null;
  const time = readTime(cell);
  return time === null || time > now ? UNREADABLE : time.toISOString();
}
