/** Label columns of every classifier that is paid for by the request. */
export const ANSWER_COLUMNS = {
  /** sha256 of all that was sent; equal hashes are one request. */
  request_hash: "VARCHAR",
  /** What the service answered, as it came. */
  answer: "VARCHAR",
} as const;

/**
 * Label columns that may quote a post, or by which its text can be guessed.
 *
 * They are emptied where the numbers of a deleted post stay. A new column of that kind is named here.
 */
export const QUOTING_COLUMNS: readonly string[] = [...Object.keys(ANSWER_COLUMNS), "reason_text"];
