/** Label columns of every classifier that is paid for by the request. */
export const ANSWER_COLUMNS = {
  /** sha256 of the whole request; equal hashes are one request. */
  request_hash: "VARCHAR",
  /** The service's answer, as received. */
  answer: "VARCHAR",
} as const;

/** Label columns that hold what a model wrote: it may quote the post, and what the post replies to or quotes. */
export const TELLING_COLUMNS: readonly string[] = ["answer", "reason_text"];

/**
 * Label columns that may quote a post, or by which its text can be guessed.
 *
 * They are emptied where the numbers of a deleted post stay. Name new columns of that kind here.
 */
export const QUOTING_COLUMNS: readonly string[] = ["request_hash", ...TELLING_COLUMNS];
