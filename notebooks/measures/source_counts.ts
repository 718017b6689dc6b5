import type { Data } from "../query/data.ts";
import { type Source, SOURCE_NAMES, SOURCES } from "../../etl/store/source.ts";
import { expressions } from "../query/identifier.ts";
import { measureParts, type Selection } from "./measure.ts";

/** How many posts a source brought. */
export interface SourceCount {
  source: Source;
  n: number;
  n_passed: number;
}

/** Count the posts of each source that has any, those that passed the filters too; most first. */
export async function sourceCounts(data: Data, selection: Selection = {}): Promise<SourceCount[]> {
  const { since, until } = measureParts({ view: "posts", column: "" }, selection);
  const table = await data.sql`
    SELECT ${
    expressions(SOURCE_NAMES.flatMap((name) => [
      `count(*) FILTER (in_${name}) AS ${name}`,
      `count(*) FILTER (in_${name} AND passed_filters) AS ${name}_passed`,
    ]))
  }
    FROM posts WHERE date BETWEEN ${since}::DATE AND ${until}::DATE`;
  const row = table.objects()[0] as Record<string, number>;
  return SOURCE_NAMES.map((source) => ({
    source,
    n: row[source]!,
    n_passed: row[`${source}_passed`]!,
  }))
    .filter(({ n }) => n > 0).sort((a, b) => b.n - a.n);
}

/** Give the source that brought most posts, which figures are of where nobody names one. */
export async function mainSource(data: Data, selection: Selection = {}): Promise<Source> {
  return (await sourceCounts(data, selection))[0]?.source ?? "firehose";
}

/** Name the posts of a source, or of all, as denominators do. */
export function allPosts(source: Source | undefined): string {
  return source ? SOURCES[source].posts : "posts of all sources";
}

/** Name the posts that passed the filters, of a source or of all, as denominators do. */
export function passedPosts(source: Source | undefined): string {
  return `${allPosts(source)} that passed the filters`;
}
