import * as Plot from "@observablehq/plot";
import { Chart } from "../charts/chart.ts";
import { SOURCE_NAMES } from "../../etl/store/source.ts";
import { expressions } from "../query/identifier.ts";
import type { Data } from "../query/data.ts";
import { type Day, dayIn, everyDay, formatRange } from "../measures/days.ts";
import { DAY_MARGINS, dayAxis, dayBars, dayScale } from "../charts/day_axis.ts";
import { dayOfPosts, unbelievedText, unbelievedTimes } from "../measures/creation_times.ts";
import { formatCount, formatNumber } from "../measures/number_format.ts";
import { measureParts, type Selection } from "../measures/measure.ts";
import { panel } from "../charts/plot.ts";
import { md, type Note } from "../charts/note.ts";

/**
 * What the chart of posts per day shows: those of one source on one day; there is no row for a day
 * without any.
 */
export interface PostsOfDay {
  source: string;
  day: Day;
  n: number;
}

/**
 * Count posts by source and day of the study's time zone, in the order of the days; the dates of a
 * selection alone count.
 */
export async function postsPerDay(
  data: Data,
  selection: Selection = {},
): Promise<PostsOfDay[]> {
  const { since, until } = measureParts({ view: "posts", column: "" }, selection);
  const rows = await data.sql`
    SELECT
      time_bucket(INTERVAL 15 MINUTE, coalesce(
        CASE WHEN created_at_suspect THEN reference_time ELSE coalesce(created_at, reference_time) END,
        date::TIMESTAMP)) AS quarter,
      ${expressions(SOURCE_NAMES.map((name) => `count(*) FILTER (WHERE in_${name}) AS ${name}`))}
    FROM posts WHERE date BETWEEN ${since}::DATE AND ${until}::DATE
    GROUP BY quarter ORDER BY quarter`;
  const dayOf = dayIn(data.study.time_zone);
  const counts = new Map<string, PostsOfDay>();
  for (const row of rows.objects() as ({ quarter: Date } & Record<string, number>)[]) {
    const day = dayOf(row.quarter);
    for (const source of SOURCE_NAMES) {
      const n = row[source]!;
      if (n === 0) continue;
      const key = `${source} ${day.getTime()}`;
      const count = counts.get(key) ?? { source, day, n: 0 };
      count.n += n;
      counts.set(key, count);
    }
  }
  return [...counts.values()];
}

/** Draw posts per day, one panel a source, between the dates of a selection. */
export async function postsPerDayChart(
  data: Data,
  selection: Selection = {},
): Promise<Chart | Note> {
  const rows = await postsPerDay(data, selection);
  if (rows.length === 0) {
    return md`**There are no posts yet.** Collect some (\`deno task sync:firehose\`), then run
\`deno task preprocess\`.`;
  }
  const times = await unbelievedTimes(data, { ...selection, source: undefined });
  const days = everyDay(rows.map((row) => row.day));
  const sources = SOURCE_NAMES.map((source) => rows.filter((row) => row.source === source))
    .filter((part) => part.length > 0);
  const label = (part: PostsOfDay[]) => {
    const n = part.reduce((sum, row) => sum + row.n, 0);
    return `${part[0]!.source}: n = ${formatNumber(n)} on ${formatCount(part.length, "day")}`;
  };
  return new Chart({
    title: "Posts per day by source",
    subtitle: `All posts collected, by ${dayOfPosts(times)} (${data.study.time_zone}), ` +
      `${formatRange(days)}. Posts that two sources brought count in each.`,
    caption: [
      "Each panel has its own scale. A day without a bar has no posts of that source in the " +
      "data: nothing is filled in.",
      unbelievedText(times),
    ].filter(Boolean).join(" "),
    alt: sources.map(label).join(". "),
    panels: (width) =>
      sources.map((part) =>
        panel({
          ...DAY_MARGINS,
          width,
          height: 130,
          x: dayScale(days),
          y: { label: null, grid: true, ticks: 3, nice: true, tickFormat: formatNumber },
          marks: [
            dayBars(part, days, width),
            dayAxis(days, width),
            Plot.ruleY([0], { stroke: "currentColor" }),
          ],
        }, label(part))
      ),
  });
}
