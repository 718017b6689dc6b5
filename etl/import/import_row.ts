/** The meaning of a CSV row of posts; columns not named here are only in `record`. */
export interface ImportedPost {
  uri: string;
  did: string;
  rkey: string;
  /** As written. */
  created_at: string;
  text: string;
  langs: string[];
  like_count: number | null;
  repost_count: number | null;
  reply_count: number | null;
  quote_count: number | null;
}

/** Columns without which a file cannot be imported. */
export const REQUIRED_COLUMNS = ["uri", "created_at", "text"];
const COUNT_COLUMNS = ["like_count", "repost_count", "reply_count", "quote_count"] as const;
/** Columns that have a meaning of their own. */
export const ROW_COLUMNS: string[] = [...REQUIRED_COLUMNS, ...COUNT_COLUMNS, "coder"];

/** Why a row is set aside. */
export class RowError extends Error {
  override readonly name = "RowError";
}

const POST_URI =
  /^at:\/\/(did:[a-z]+:[a-zA-Z0-9._:%-]+)\/app\.bsky\.feed\.post\/([a-zA-Z0-9._:~-]+)$/;
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * Read a row of an import.
 *
 * `created_at` is accepted if it is a time (RFC 3339; without a zone it is UTC) before
 * `now`. Throws a `RowError` with the reason for which the row is set aside.
 */
export function readRow(row: Record<string, string>, now: Date): ImportedPost {
  const uri = POST_URI.exec(row.uri?.trim() ?? "");
  if (!uri) throw new RowError("invalid_uri");
  const written = row.created_at?.trim() ?? "";
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(written) ? written : `${written}Z`;
  const created = new Date(zoned.replace(" ", "T"));
  if (!TIME.test(written) || Number.isNaN(created.getTime()) || created.getUTCFullYear() < 1) {
    throw new RowError("invalid_created_at");
  }
  if (created > now) throw new RowError("created_at_in_the_future");
  const counts = Object.fromEntries(COUNT_COLUMNS.map((column) => {
    const text = row[column]?.trim() ?? "";
    // Tables that went through a spreadsheet or pandas write whole numbers as 12.0.
    if (text !== "" && !/^\d{1,15}(\.0+)?$/.test(text)) throw new RowError(`invalid_${column}`);
    return [column, text === "" ? null : Number(text)];
  }));
  return {
    uri: uri[0],
    did: uri[1]!,
    rkey: uri[2]!,
    created_at: created.toISOString(),
    text: row.text ?? "",
    langs: [],
    ...counts as Pick<ImportedPost, typeof COUNT_COLUMNS[number]>,
  };
}
