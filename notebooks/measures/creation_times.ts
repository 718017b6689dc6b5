import { measureParts, type Selection } from "./measure.ts";
import type { Data } from "../query/data.ts";
import { formatCount, formatNumber } from "./number_format.ts";

/** Posts that stand on the clock of their source, as their creation time is not believed. */
export interface UnbelievedTimes {
  n: number;
  of: number;
}

/** Count creation times that are not believed among the posts of a selection, flagged by filters or not. */
export async function unbelievedTimes(
  data: Data,
  selection: Selection = {},
): Promise<UnbelievedTimes> {
  const { since, until, source, inSource } = measureParts({ view: "posts", column: "" }, selection);
  const [row] = (await data.sql`
    SELECT count(*) FILTER (created_at_suspect) AS n, count(*) AS posts FROM posts
    WHERE date BETWEEN ${since}::DATE AND ${until}::DATE AND (${source} = 'all' OR ${inSource})`)
    .objects() as { n: number; posts: number }[];
  return { n: Number(row?.n ?? 0), of: Number(row?.posts ?? 0) };
}

/** Name the day by which posts are put: that of their authors, unless most stand on another clock. */
export function dayOfPosts(times: UnbelievedTimes | undefined): string {
  return times !== undefined && times.n > times.of / 2
    ? "the day a source told of posts"
    : "the day posts were written";
}

/** Say how many posts stand on the clock of their source; nothing where none do. */
export function unbelievedText(times: UnbelievedTimes | undefined): string | undefined {
  if (times === undefined || times.n === 0) return undefined;
  return `Of ${formatCount(times.of, "post")}, ${
    formatNumber(times.n)
  } stand on the clock of their ` +
    "source, as their creation time is not believed.";
}
