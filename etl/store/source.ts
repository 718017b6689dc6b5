/**
 * Every source of posts, in the order in which tables and summaries name them.
 *
 * Each has a folder `raw/<source>` and a column `in_<source>` in `posts`.
 */
export const SOURCES = ["firehose", "jetstream", "most_liked", "import"] as const;

/** The columns of `posts` that say which sources brought a post, in the same order. */
export const SOURCE_COLUMNS: string[] = SOURCES.map((source) => `in_${source}`);
