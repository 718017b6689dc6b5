import * as Plot from "@observablehq/plot";
import { Chart } from "./chart.ts";
import type { Data } from "./data.ts";
import { type Day, DAY_MARGINS, dayAxis, dayBars, dayIn, dayScale } from "./days.ts";
import { everyDay, formatRange, noon } from "./days.ts";
import { sampleNote, shownLabelSet, type Tally } from "./dictionary_label.ts";
import { formatNumber, formatShare } from "./number_format.ts";
import { panel } from "./plot.ts";
import { md, type Note } from "./note.ts";

/** The labels of one day; there is no row for a day on which nothing was labelled. */
export type TallyOfDay = Tally & { day: Day };

/**
 * Count political posts per day of the study's time zone among the posts that passed the filters.
 */
export async function politicalPerDay(data: Data): Promise<TallyOfDay[]> {
  const rows = await data.sql`
    SELECT
      time_bucket(INTERVAL 15 MINUTE, CASE WHEN created_at_suspect THEN reference_time
        ELSE coalesce(created_at, reference_time) END) AS quarter,
      count(*) FILTER (WHERE was_successfully_labeled) AS labeled,
      count(*) FILTER (WHERE NOT was_successfully_labeled) AS failed,
      count(*) FILTER (WHERE was_successfully_labeled AND is_political) AS political,
      count(*) FILTER (WHERE was_successfully_labeled AND label_prob IS NULL) AS unsampled
    FROM posts_dictionary WHERE passed_filters AND label_set_id IS NOT NULL
    GROUP BY quarter ORDER BY quarter`;
  const dayOf = dayIn(data.study.time_zone);
  const days = new Map<number, TallyOfDay>();
  for (const row of rows.objects() as (Tally & { quarter: Date })[]) {
    const day = dayOf(row.quarter);
    const tally = days.get(day.getTime());
    days.set(day.getTime(), { day, ...tally ? add(tally, row) : add(NOTHING, row) });
  }
  return [...days.values()];
}

/** Draw the share of political posts per day, and under it of how many. */
export async function politicalPerDayChart(data: Data): Promise<Chart | Note> {
  const rows = await politicalPerDay(data);
  const labelSet = await shownLabelSet(data);
  if (rows.length === 0 || labelSet === undefined) {
    return md`**There are no labels yet.** Run \`deno task classify:dictionary\` to label the posts
that passed the filters.`;
  }
  const total = rows.reduce(add, NOTHING);
  if (total.labeled === 0) {
    return md`**No post that passed the filters could be labelled:** labelling failed for all
${total.failed} of them. \`deno task status\` counts the reasons.`;
  }
  const days = everyDay(rows.map((row) => row.day));
  // A line is broken where a day has no share: that day is not interpolated.
  const series = days.map((day) => {
    const row = rows.find((row) => row.day.getTime() === day.getTime());
    return { day: noon(day), share: row?.labeled ? row.political / row.labeled : NaN };
  });
  const most = Math.max(...series.map(({ share }) => share).filter(Number.isFinite));
  const counts = rows.map((row) => ({ day: row.day, n: row.labeled }));
  const failures = formatShare(total.failed, total.labeled + total.failed);
  return new Chart({
    title: "Political posts per day, as a share",
    subtitle: `Denominator: posts written that day (${data.study.time_zone}) that passed the ` +
      `filters and were labelled, n = ${formatNumber(total.labeled)}, ${formatRange(days)}. ` +
      `Dictionary ${labelSet.codebook}, label set ${labelSet.label_set_id}.`,
    caption: `Labelling failed for ${failures} of the attempts ` +
      `(${formatNumber(total.failed)} posts), which are left out.${sampleNote(total)} ` +
      "A day without labels is a gap: nothing is filled in.",
    alt: `${formatShare(total.political, total.labeled)} of ${formatNumber(total.labeled)} ` +
      `labelled posts are political over ${rows.length} days, by day at most ` +
      `${formatShare(most, 1)}.`,
    panels: (width) => [
      panel({
        ...DAY_MARGINS,
        width,
        height: 210,
        x: dayScale(days),
        y: {
          label: null,
          grid: true,
          ticks: 5,
          nice: true,
          domain: [0, most > 0 ? most : 1],
          tickFormat: (share: number) => formatShare(share, 1),
        },
        marks: [
          Plot.ruleY([0], { stroke: "currentColor" }),
          Plot.lineY(series, { x: "day", y: "share", stroke: "var(--accent)", strokeWidth: 1.5 }),
          Plot.dot(series, { x: "day", y: "share", r: 3.5, fill: "var(--accent)" }),
          dayAxis(days, width),
        ],
      }, "Share political"),
      panel({
        ...DAY_MARGINS,
        width,
        height: 90,
        x: dayScale(days),
        y: { label: null, grid: true, ticks: 2, nice: true, tickFormat: formatNumber },
        marks: [
          dayBars(counts, days, width),
          Plot.ruleY([0], { stroke: "currentColor" }),
          dayAxis(days, width),
        ],
      }, "n: labelled posts"),
    ],
  });
}

const NOTHING: Tally = { labeled: 0, failed: 0, political: 0, unsampled: 0 };

function add(a: Tally, b: Tally): Tally {
  return {
    labeled: a.labeled + b.labeled,
    failed: a.failed + b.failed,
    political: a.political + b.political,
    unsampled: a.unsampled + b.unsampled,
  };
}
