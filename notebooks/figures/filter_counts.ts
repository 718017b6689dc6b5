import { type ColumnTable, from } from "arquero";
import type { Data } from "../query/data.ts";
import { measureParts, type Selection } from "../measures/measure.ts";
import { formatShare } from "../measures/number_format.ts";
import { md, type Note } from "../charts/note.ts";

/**
 * Count what each filter flags, alone and together with others.
 *
 * One row per filter in the order of the columns, then the posts that any filter flags and those
 * that passed; shares are of all posts.
 */
export async function filterCounts(
  data: Data,
  selection: Selection = {},
): Promise<ColumnTable | Note> {
  const { since, until, source, inSource } = measureParts({ view: "posts", column: "" }, selection);
  const combinations = await data.sql`
    SELECT COLUMNS('^(flag_.*|passed_filters)$'), count(*) AS n FROM posts
    WHERE date BETWEEN ${since}::DATE AND ${until}::DATE AND (${source} = 'all' OR ${inSource})
    GROUP BY ALL`;
  const rows = combinations.objects() as ({ n: number } & Record<string, unknown>)[];
  const filters = combinations.columnNames((name: string) => name.startsWith("flag_"));
  const count = (holds: (flags: string[], row: Record<string, unknown>) => boolean) =>
    rows.filter((row) => holds(filters.filter((name) => row[name] === true), row))
      .reduce((sum, { n }) => sum + n, 0);
  const all = count(() => true);
  if (all === 0) return md`**There are no posts yet**, so no filter flagged any.`;
  const line = (filter: string, posts: number, alone?: number) => ({
    filter,
    posts,
    "share of all posts": formatShare(posts, all),
    "by it alone": alone,
    "with others too": alone === undefined ? undefined : posts - alone,
  });
  return from([
    ...filters.map((filter) =>
      line(
        filter.replace(/^flag_/, ""),
        count((flags) => flags.includes(filter)),
        count((flags) => flags.length === 1 && flags[0] === filter),
      )
    ),
    line("any filter", count((_, row) => row.passed_filters !== true)),
    line("none: the post passed", count((_, row) => row.passed_filters === true)),
  ]);
}
