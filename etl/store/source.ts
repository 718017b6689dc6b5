/**
 * Every source of posts, in the order in which tables and summaries name them: the task that
 * collects it, and what figures call its posts.
 *
 * Each stands in a file of `etl/sources/`, named as it, but for `import`, whose task brings labels too.
 * It has a folder `raw/<source>` and a column `in_<source>` in `posts`.
 */
export const SOURCES = {
  firehose: { task: "sync:firehose", posts: "posts of the firehose" },
  jetstream: { task: "sync:jetstream", posts: "posts of Jetstream" },
  most_liked: { task: "sync:most-liked", posts: "posts of the most-liked feed" },
  import: { task: "import", posts: "imported posts" },
} as const;

/** The name of a source of posts. */
export type Source = keyof typeof SOURCES;

/** The names of all sources. */
export const SOURCE_NAMES = Object.keys(SOURCES) as Source[];

/** The columns of `posts` that say which sources brought a post, in the same order. */
export const SOURCE_COLUMNS: string[] = SOURCE_NAMES.map((source) => `in_${source}`);

/** The sources that are streams of hours, as `study.yaml` names them. */
export const STREAMS = ["firehose", "jetstream"] as const;
/** The name of a source that is a stream of hours. */
export type Stream = typeof STREAMS[number];

/** Tell whether a source is a stream. */
export function isStream(source: string): source is Stream {
  return (STREAMS as readonly string[]).includes(source);
}
