import { type History, historyLine, historyPanel } from "./history.ts";
import * as Plot from "@observablehq/plot";
import { from } from "arquero";
import { Chart, type Panel, type Tip } from "./chart.ts";
import { everyDay, formatDay, formatRange } from "../measures/days.ts";
import { DAY_MARGINS, dayAxis, dayScale, noon } from "./day_axis.ts";
import { dayOfPosts, type UnbelievedTimes } from "../measures/creation_times.ts";
import { factsLine, type FigureFacts, titleOf } from "../measures/figure_facts.ts";
import { legend, seriesColor, seriesDash } from "./legend.ts";
import type { ShareOfTime } from "../measures/measured_shares.ts";
import { formatMean, formatNumber } from "../measures/number_format.ts";
import { type Note, nothingToDraw } from "./note.ts";
import { panel, shareScale } from "./plot.ts";
import {
  asShare,
  describeEstimate,
  formatInterval,
  type ValueFormat,
} from "../measures/estimate.ts";

/** One line of the chart. */
export interface ShareSeries {
  name: string;
  /** Days in order; a day that is not among them is a gap. */
  days: ShareOfTime[];
}

/** What a chart of shares per day shows. */
export interface ShareOverTimeOptions {
  title: string;
  /** Written above the panel, such as “share political” or “mean of prob_toxic”. */
  measure: string;
  /** Whether values are means, written as 0.21, and no shares of posts. */
  isMean?: boolean;
  series: ShareSeries[];
  facts: FigureFacts;
  timeZone: string;
  history?: History;
}

interface Point {
  day: Date;
  value: number;
  low: number;
  high: number;
}

const DAY = 86_400_000;
/** History that is nearer than this stands on the same axis. */
const NEAR = 90 * DAY;
const HEIGHT = 220;

/** Draw shares or means per day with their intervals; days without posts are gaps. */
export function shareOverTime(options: ShareOverTimeOptions): Chart | Note {
  const { series, facts, history, measure } = options;
  if (facts.n === 0) return nothingToDraw(options.title, facts);
  const written = series.flatMap(({ days }) => days.map(({ time }) => time));
  const past = (history?.points ?? []).map(({ day }) => day);
  const isNear = past.length > 0 && written.length > 0 &&
    Math.min(...written.map(Number)) - Math.max(...past.map(Number)) < NEAR;
  const days = everyDay(isNear ? [...written, ...past] : written);
  const lines = series.map((one) => points(one, days));
  const highest = Math.max(
    ...lines.flat().map(({ value, high }) => Number.isNaN(high) ? value : high)
      .filter(Number.isFinite),
    ...(history?.points ?? []).map(({ value }) => value).filter(Number.isFinite),
  );
  const format = options.isMean ? formatMean : asShare;
  const y = options.isMean ? shareScale(highest, formatMean) : shareScale(highest);
  const entries = [
    ...series.map(({ name }, index) => ({
      name,
      color: seriesColor(index),
      dash: seriesDash(index),
    })),
    ...history ? [{ name: history.name, color: "var(--muted)", dash: "1 2" }] : [],
  ];
  return new Chart({
    title: titleOf(options.title, facts),
    subtitle: `By ${dayOfPosts(allTimes(facts))} (${options.timeZone}), ${formatRange(days)}.`,
    caption: `${
      factsLine({ ...facts, about: aboutDays(series) })
    } A day without labelled posts is a gap: nothing is filled in.`,
    alt: altText(series, format, history),
    numbers: numbers(series, options.isMean ? "mean" : "share", format),
    panels: (width) => [
      ...entries.length > 1 ? [legend(entries, width)] : [],
      ...history && !isNear ? [historyPanel(history, y, width)] : [],
      {
        ...panel({
          ...DAY_MARGINS,
          width,
          height: HEIGHT,
          x: dayScale(days),
          y,
          marks: [
            Plot.ruleY([0], { stroke: "currentColor" }),
            ...history && isNear ? [historyLine(history)] : [],
            ...lines.flatMap((line, index) =>
              lineMarks(line, index, days.length, lines.length > 2)
            ),
            dayAxis(days, width),
          ],
        }, measure),
        tips: dayTips(series, days, width, format),
      },
      ...series.length === 1 ? [countPanel(series[0]!, days, width)] : [],
    ],
  });
}

/** The times of all groups of a figure; posts of two sources count in each. */
function allTimes({ unbelieved, groups }: FigureFacts): UnbelievedTimes | undefined {
  const all = groups?.flatMap(({ facts }) => facts.unbelieved ?? []);
  if (all === undefined) return unbelieved;
  const sum = (name: "n" | "of") => all.reduce((total, times) => total + times[name], 0);
  return { n: sum("n"), of: sum("of") };
}

function points({ days }: ShareSeries, every: Date[]): Point[] {
  const known = new Map(days.map((day) => [day.time.getTime(), day.estimate]));
  return every.map((day) => {
    const estimate = known.get(day.getTime());
    return {
      day: noon(day),
      value: estimate?.value ?? NaN,
      low: estimate?.interval?.low ?? NaN,
      high: estimate?.interval?.high ?? NaN,
    };
  });
}

/** Where there are many lines, only days that no line leads to are marked: the others are in the way. */
function lineMarks(line: Point[], index: number, days: number, many: boolean): Plot.Markish[] {
  const color = seriesColor(index);
  const marked = many ? line.filter((_, place) => isAlone(line, place)) : line;
  const hasInterval = marked.filter(({ low }) => !Number.isNaN(low));
  return [
    Plot.areaY(line, { x: "day", y1: "low", y2: "high", fill: color, fillOpacity: 0.18 }),
    // A band of one day has no width.
    ...days <= 45
      ? [
        Plot.ruleX(hasInterval, {
          x: "day",
          y1: "low",
          y2: "high",
          stroke: color,
          strokeOpacity: 0.6,
        }),
      ]
      : [],
    Plot.lineY(line, {
      x: "day",
      y: "value",
      stroke: color,
      strokeWidth: 1.8,
      strokeDasharray: seriesDash(index),
    }),
    Plot.dot(marked, { x: "day", y: "value", r: days <= 45 ? 3.2 : 1.4, fill: color }),
  ];
}

function isAlone(line: Point[], place: number): boolean {
  return [line[place - 1], line[place + 1]].every((point) => !Number.isFinite(point?.value));
}

function countPanel({ days }: ShareSeries, every: Date[], width: number): Panel {
  const rows = days.map(({ time, sums }) => ({ time, n: sums.n_labeled }));
  return panel({
    ...DAY_MARGINS,
    width,
    height: 84,
    x: dayScale(every),
    y: { label: null, grid: true, ticks: 2, nice: true, tickFormat: formatNumber },
    marks: [
      Plot.rectY(rows, {
        x1: (row: { time: Date }) => row.time,
        x2: (row: { time: Date }) => new Date(row.time.getTime() + DAY),
        y: "n",
        inset: every.length > 100 ? 0 : 0.5,
        insetLeft: Math.max(0.5, ((width - 64) / every.length - 44) / 2),
        insetRight: Math.max(0.5, ((width - 64) / every.length - 44) / 2),
        fill: "var(--muted)",
        fillOpacity: 0.7,
      }),
      Plot.ruleY([0], { stroke: "currentColor" }),
      dayAxis(every, width),
    ],
  }, "n: labelled posts");
}

function dayTips(series: ShareSeries[], days: Date[], width: number, format: ValueFormat): Tip[] {
  const band = (width - DAY_MARGINS.marginLeft - DAY_MARGINS.marginRight) / days.length;
  return days.map((day, index) => ({
    x: DAY_MARGINS.marginLeft + index * band,
    y: 0,
    width: band,
    height: HEIGHT,
    text: [
      formatDay(day),
      ...series.map(({ name, days }) => {
        const found = days.find(({ time }) => time.getTime() === day.getTime());
        const said = found
          ? describeEstimate(found.estimate, found.sums.n_labeled, format)
          : "no posts";
        return series.length > 1 ? `${name}: ${said}` : said;
      }),
    ].join("\n"),
  }));
}

/** What the intervals of days are for: each sentence once, with the lines that it is true of. */
function aboutDays(series: ShareSeries[]): string {
  const said = series.flatMap(({ name, days }) =>
    days.filter(({ sampling }) => sampling.n_labeled > 0)
      .map(({ estimate }) => ({ name, about: estimate.about }))
  );
  return [...Map.groupBy(said, ({ about }) => about)].map(([about, lines]) => {
    const names = new Set(lines.map(({ name }) => name));
    return names.size === series.length ? about : `${[...names].join(", ")}: ${about}`;
  }).join(" ");
}

function altText(series: ShareSeries[], format: ValueFormat, history?: History): string {
  const said = series.map(({ name, days }) => {
    const values = days.filter(({ estimate }) => !Number.isNaN(estimate.value));
    if (values.length === 0) return `${name}: no labelled posts`;
    const sorted = values.toSorted((a, b) => a.estimate.value - b.estimate.value);
    const at = (day: ShareOfTime) =>
      `${formatDay(day.time)}: ${describeEstimate(day.estimate, day.sums.n_labeled, format)}`;
    return `${name}, ${values.length} days; first ${at(values[0]!)}; last ${at(values.at(-1)!)}; ` +
      `lowest ${at(sorted[0]!)}; highest ${at(sorted.at(-1)!)}`;
  });
  if (history) said.push(`${history.name}: ${history.points.length} days`);
  return `${said.join(". ")}.`;
}

function numbers(series: ShareSeries[], value: string, format: ValueFormat) {
  return from(series.flatMap(({ name, days }) =>
    days.map(({ time, estimate, sums, sampling }) => ({
      ...series.length > 1 ? { series: name } : {},
      day: formatDay(time),
      [value]: Number.isNaN(estimate.value) ? "–" : format(estimate.value),
      "95% interval": formatInterval(estimate, format),
      n: sums.n_labeled,
      failed: sampling.n_failed,
      "design effect": estimate.interval?.design_effect.toFixed(2) ?? "",
      "effective n": estimate.interval ? Math.round(estimate.interval.effective_n) : "",
    }))
  ));
}
