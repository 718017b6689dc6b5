import { type Database, row } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { SOURCE_COLUMNS, SOURCE_NAMES } from "../store/source.ts";
import { POSTS } from "../store/tables.ts";

/** On whose clock posts stand: that of their author, or that of the source that told of them. */
export interface CreationTimes {
  posts: number;
  /** Posts whose `created_at` is no time or does not fit that of their source: they stand at the latter. */
  not_believed: number;
  /** Of these, posts that each source brought; several may have brought one. */
  not_believed_by_source: Record<string, number>;
  /** Posts that only an import brought: their `created_at` stands, and nothing tells whether it is right. */
  unchecked: number;
}

/** Count for the data statement on whose clock the posts in files stand, of one source or of all. */
export async function creationTimes(
  database: Database,
  files: string[],
  source?: string,
): Promise<CreationTimes> {
  const table = { ...POSTS, columns: pick(["created_at_suspect", "reference_time"]) };
  const bySource = SOURCE_NAMES.map((name) =>
    `count(*) FILTER (created_at_suspect AND in_${name}) AS ${name}`
  );
  const { posts, not_believed, unchecked, ...sources } = await row<Record<string, number>>(
    database,
    `SELECT count(*) AS posts, count(*) FILTER (created_at_suspect) AS not_believed,
       count(*) FILTER (reference_time IS NULL) AS unchecked, ${bySource.join(", ")}
     FROM ${relation(table, files)}
     WHERE ${source === undefined ? "true" : `in_${source}`}`,
  );
  return {
    posts: posts!,
    not_believed: not_believed!,
    not_believed_by_source: Object.fromEntries(Object.entries(sources).filter(([, n]) => n > 0)),
    unchecked: unchecked!,
  };
}

/** Say on whose clock posts stand, in a sentence or two; nothing where there are none. */
export function describeCreationTimes(times: CreationTimes): string[] {
  const { posts, not_believed, not_believed_by_source, unchecked } = times;
  if (posts === 0) return [];
  const number = (value: number) => value.toLocaleString("en");
  const brought = Object.entries(not_believed_by_source)
    .map(([source, n]) => `${number(n)} of ${source}`).join(", ");
  return [
    `${number(not_believed)} of ${number(posts)} creation times are not believed` +
    (not_believed > 0 ? `: those posts stand on the clock of their source (${brought})` : ""),
    ...(unchecked > 0
      ? [
        `${
          number(unchecked)
        } posts came by import alone and stand on their authors' clocks, unchecked`,
      ]
      : []),
  ];
}

function pick(names: string[]): Record<string, string> {
  return Object.fromEntries(
    [...names, ...SOURCE_COLUMNS].map((name) => [name, POSTS.columns[name]!]),
  );
}
