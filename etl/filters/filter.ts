import type { z } from "zod";

/**
 * A filter tells for each post whether it would be left out. It flags, it never drops.
 *
 * Each stands in a file of `etl/filters/` named as the filter, which exports it as `filter`, and has
 * a section in `study.yaml`.
 */
export interface Filter<Settings = unknown> {
  /** Raised when the same settings begin to flag other posts. */
  version: number;
  /** For the summary and the methods section: which posts it flags. */
  description: string;
  /** The section in `study.yaml`; strict. */
  schema: z.ZodType<Settings>;
  /** Give the accounts that the settings list, by did or handle; see `account_list.ts`. */
  accounts?(settings: Settings): string[];
  /**
   * Give SQL statements that run before the expression on each day of posts, for flags that need more
   * than one post. They make temporary tables named `<filter>_…` from `candidates`.
   */
  prepare?(settings: Settings): string[];
  /**
   * Give an SQL expression over `candidates`, true where the post is flagged; null is false.
   *
   * `candidates` are the posts of one UTC day with the columns of `posts` before `passed_filters`,
   * but for `text_normalized` and `text_hash`; and with `version`, their key, and `bare_text`: NFC,
   * single spaces, without links, handles and hashtags.
   */
  expression(settings: Settings): string;
}
