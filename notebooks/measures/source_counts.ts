import type { Data } from "../query/data.ts";
import { measureParts, type Selection, type Source, SOURCES } from "./measure.ts";

/** The posts of a source. */
export interface SourceCount {
  source: Source;
  n: number;
  n_passed: number;
}

/** What figures call the posts of a source. */
const NAMES: Record<Source, string> = {
  firehose: "posts of the firehose",
  jetstream: "posts of Jetstream",
  most_liked: "posts of the most-liked feed",
  import: "imported posts",
};

/** Count the posts of each source that has any, those that passed the filters too; most first. */
export async function sourceCounts(data: Data, selection: Selection = {}): Promise<SourceCount[]> {
  const { since, until } = measureParts({ view: "posts", column: "" }, selection);
  const table = await data.sql`
    SELECT
      count(*) FILTER (in_firehose) AS firehose,
      count(*) FILTER (in_firehose AND passed_filters) AS firehose_passed,
      count(*) FILTER (in_jetstream) AS jetstream,
      count(*) FILTER (in_jetstream AND passed_filters) AS jetstream_passed,
      count(*) FILTER (in_most_liked) AS most_liked,
      count(*) FILTER (in_most_liked AND passed_filters) AS most_liked_passed,
      count(*) FILTER (in_import) AS import,
      count(*) FILTER (in_import AND passed_filters) AS import_passed
    FROM posts WHERE date BETWEEN ${since}::DATE AND ${until}::DATE`;
  const row = table.objects()[0] as Record<string, number>;
  return SOURCES.map((source) => ({ source, n: row[source]!, n_passed: row[`${source}_passed`]! }))
    .filter(({ n }) => n > 0).sort((a, b) => b.n - a.n);
}

/** Give the source that brought most posts, which figures are of where nobody names one. */
export async function mainSource(data: Data, selection: Selection = {}): Promise<Source> {
  return (await sourceCounts(data, selection))[0]?.source ?? "firehose";
}

/** Name the posts of a source, or of all, as denominators do. */
export function allPosts(source: Source | undefined): string {
  return source ? NAMES[source] : "posts of all sources";
}

/** Name the posts that passed the filters, of a source or of all, as denominators do. */
export function passedPosts(source: Source | undefined): string {
  return `${allPosts(source)} that passed the filters`;
}
