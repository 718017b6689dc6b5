import {
  isMissingText,
  isMissingValue,
  readCount,
  readEpoch,
  readTime,
  UNREADABLE,
} from "./cell.ts";
import { type Columns, COUNT_COLUMNS } from "./columns.ts";
import { FIRST_MONTH } from "../atproto/post.ts";
import { readKeyTime } from "./key_time.ts";
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

/** What labels need to know of their post, but its time. */
export type LabelledPost = Pick<ImportedPost, "uri" | "rkey" | "cid" | "text" | "created_at">;

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

/** Why a row is set aside, unless somebody knows the time of its post. */
export class NoTimeError extends RowError {
  constructor(reason: string, readonly post: Omit<LabelledPost, "created_at">) {
    super(reason);
  }
}

/** Without a time, a row is about a post that is here, or about none. */
export const NO_TIME = "no_such_post";
const TOO_EARLY = "created_at_before_the_network";

/**
 * Read a row of an import.
 *
 * A `created_at` that is no time (see `readTime`), or before the network was there, costs that cell where
 * `knownTime` has the time of the post; where its day is not believed, the time in the key of the post
 * does as well. Throws a `RowError` with the reason for which the row is set aside: it names no post, or
 * a post in the future, or (a `NoTimeError`) one without a time. A text that is missing is empty.
 */
export function readRow(
  row: Record<string, string>,
  columns: Columns,
  now: Date,
  knownTime: (uri: string) => string | undefined = () => undefined,
): ImportedRow {
  const uri = readPostUri(row[columns.uri[0]!]!);
  if (typeof uri === "string") throw new RowError(uri);
  const unreadable: string[] = [];
  const cell = row[columns.cid[0] ?? ""]?.trim() ?? "";
  if (cell !== "" && !CID.test(cell) && !isMissingValue(cell)) unreadable.push(columns.cid[0]!);
  const cid = CID.test(cell) ? cell : null;
  const written = row[columns.text[0] ?? ""] ?? "";
  const text = written.trim() !== "" && isMissingText(written) ? "" : written;
  const created = readCreatedAt(row, columns.created_at[0], now);
  const created_at = typeof created === "string"
    ? knownTime(uri.uri) ?? timeInKey(created, { ...uri, cid, text }, now)
    : created.toISOString();
  if (typeof created === "string" && created !== NO_TIME) unreadable.push(columns.created_at[0]!);
  const counts = COUNT_COLUMNS.map((name) => {
    const column = columns[name][0];
    const count = column === undefined ? null : readCount(row[column]!);
    if (count !== UNREADABLE) return [name, count];
    unreadable.push(column!);
    return [name, null];
  });
  const counted = readCountedAt(row, columns.counted_at[0], created_at, now);
  if (counted === UNREADABLE) unreadable.push(columns.counted_at[0]!);
  return {
    post: {
      ...uri,
      cid,
      created_at,
      text,
      langs: [],
      ...Object.fromEntries(counts) as Pick<ImportedPost, typeof COUNT_COLUMNS[number]>,
      counted_at: typeof counted === "string" ? counted : null,
    },
    unreadable,
  };
}

/** Give the time of a cell, or the reason why it has none that is believed. */
function readCreatedAt(
  row: Record<string, string>,
  column: string | undefined,
  now: Date,
): Date | typeof NO_TIME | "invalid_created_at" | typeof TOO_EARLY {
  const cell = row[column ?? ""] ?? "";
  if (isMissingValue(cell)) return NO_TIME;
  // In a column of that name a bare number is no year or day.
  const time = readTime(cell) ?? (/^timestamp/i.test(column!) ? readEpoch(cell) : null);
  if (time === null) return "invalid_created_at";
  if (time > now) throw new RowError("created_at_in_the_future");
  return time.getTime() < FIRST_MONTH ? TOO_EARLY : time;
}

function timeInKey(reason: string, post: Omit<LabelledPost, "created_at">, now: Date): string {
  const time = reason === TOO_EARLY ? readKeyTime(post.rkey) : null;
  if (time === null || time.getTime() < FIRST_MONTH || time > now) {
    throw new NoTimeError(reason, post);
  }
  return time.toISOString();
}

/**
 * Read when the counts of a row were taken: not in the future, and not before the post was written.
 *
 * Counts of the day of the post, without a time, are as old as can be: none.
 */
function readCountedAt(
  row: Record<string, string>,
  column: string | undefined,
  created_at: string,
  now: Date,
): string | null | typeof UNREADABLE {
  const cell = row[column ?? ""] ?? "";
  if (isMissingValue(cell)) return null;
  const time = readTime(cell);
  if (time === null || time > now) return UNREADABLE;
  const counted_at = time.toISOString();
  if (counted_at >= created_at) return counted_at;
  return cell.trim() === created_at.slice(0, 10) ? created_at : UNREADABLE;
}
