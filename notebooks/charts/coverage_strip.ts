import { from } from "arquero";
import { Chart, type Panel, type Tip } from "./chart.ts";
import type { CoveredHour } from "../measures/covered_hours.ts";
import { everyDay, formatDay, formatRange } from "../measures/days.ts";
import { legend } from "./legend.ts";
import { md, type Note } from "./note.ts";
import { formatNumber } from "../measures/number_format.ts";

/** What a strip of covered hours shows. */
export interface CoverageStripOptions {
  title: string;
  hours: CoveredHour[];
}

const COLLECTED = "var(--series-0)";
const MISSED = "var(--series-1)";
const DAY = 86_400_000;

/**
 * Draw which hours (UTC) of each day were read without a gap, and which were asked for and not read.
 *
 * Days go from left to right, hours from top to bottom; one panel a source.
 */
export function coverageStrip(options: CoverageStripOptions): Chart | Note {
  if (options.hours.length === 0) {
    return md`**${options.title}**: no stream has collected anything, so there is nothing to draw.`;
  }
  const sources = [...Map.groupBy(options.hours, ({ source }) => source)];
  const days = everyDay(options.hours.map(({ hour }) => dayOf(hour)));
  return new Chart({
    title: options.title,
    subtitle: `Hours (UTC) that were read without a gap, ${formatRange(days)}.`,
    caption:
      "Hours that were asked for and not read are missing. No figure fills them in. Hours outside " +
      "the windows are empty unless somebody collected them by hand.",
    alt: sources.map(([source, hours]) => describe(source, hours, days)).join(". "),
    numbers: from(sources.flatMap(([source, hours]) =>
      days.map((day) => {
        const ofDay = hours.filter(({ hour }) => dayOf(hour).getTime() === day.getTime());
        return {
          source,
          day: formatDay(day),
          "hours asked for": ofDay.filter(({ is_asked }) => is_asked).length,
          "hours read": round(sum(ofDay)),
        };
      })
    )),
    panels: (width) => [
      legend([
        { name: "read", color: COLLECTED },
        { name: "read in part", color: COLLECTED, opacity: 0.45 },
        { name: "asked for, not read", color: MISSED },
      ], width),
      ...sources.map(([source, hours]) => strip(source, hours, days, width)),
    ],
  });
}

function strip(source: string, hours: CoveredHour[], days: Date[], width: number): Panel {
  const [left, head, row] = [44, 4, 7];
  const column = Math.min(60, (width - left - 6) / days.length);
  const bottom = head + 24 * row;
  const parts: string[] = [
    `<rect x="${left}" y="${head}" width="${column * days.length}" height="${24 * row}" ` +
    `fill="none" stroke="var(--rule)"/>`,
  ];
  for (const hour of [0, 6, 12, 18]) {
    parts.push(
      `<text x="${left - 6}" y="${head + hour * row + 9}" font-size="11" text-anchor="end">` +
        `${hour}:00</text>`,
    );
  }
  const step = Math.max(1, Math.ceil(52 / column));
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: "UTC",
    day: "numeric",
    month: "short",
  });
  days.forEach((day, index) => {
    if (index % step > 0) return;
    parts.push(
      `<text x="${left + index * column}" y="${bottom + 14}" font-size="11">${
        format.format(day)
      }</text>`,
    );
  });
  const gap = column > 4 ? 1 : 0;
  /** Cells of one colour are one path: a month has 720 of them. */
  const cells = new Map<string, string>();
  for (const { hour, covered, is_asked } of hours) {
    const x = left + (dayOf(hour).getTime() - days[0]!.getTime()) / DAY * column;
    const y = head + hour.getUTCHours() * row;
    const add = (color: string, opacity: number) => {
      const fill = `fill="${color}" fill-opacity="${opacity}"`;
      const width = (column - gap).toFixed(1);
      const path = `M${x.toFixed(1)},${y}h${width}v${row - 1}h-${width}z`;
      cells.set(fill, (cells.get(fill) ?? "") + path);
    };
    if (covered < 0.005 && is_asked) add(MISSED, 1);
    else if (covered > 0) add(COLLECTED, covered > 0.95 ? 1 : 0.45);
  }
  for (const [fill, path] of cells) parts.push(`<path d="${path}" ${fill}/>`);
  const tips = days.map((day, index): Tip => ({
    x: left + index * column,
    y: head,
    width: column,
    height: 24 * row,
    text: describeDay(day, hours.filter(({ hour }) => dayOf(hour).getTime() === day.getTime())),
  }));
  return {
    svg: parts.join(""),
    height: bottom + 20,
    label: describe(source, hours, days),
    tips,
  };
}

function describeDay(day: Date, hours: CoveredHour[]): string {
  const asked = hours.filter(({ is_asked }) => is_asked);
  const drawn = asked.some(({ window_prob }) => window_prob !== null && window_prob < 1);
  const of = `; of ${asked.length} asked for${drawn ? " (drawn)" : ""}, ${
    formatNumber(round(sum(asked)))
  }`;
  return `${formatDay(day)}: ${formatNumber(round(sum(hours)))} hours read` +
    (asked.length > 0 ? of : "");
}

function describe(source: string, hours: CoveredHour[], days: Date[]): string {
  const asked = hours.filter(({ is_asked }) => is_asked);
  const of = asked.length > 0
    ? `; of ${formatNumber(asked.length)} asked for, ${formatNumber(round(sum(asked)))}`
    : "";
  return `${source}: ${formatNumber(round(sum(hours)))} of ${
    formatNumber(days.length * 24)
  } hours read${of}`;
}

function sum(hours: CoveredHour[]): number {
  return hours.reduce((sum, { covered }) => sum + covered, 0);
}

function round(hours: number): number {
  return Math.round(hours * 10) / 10;
}

function dayOf(hour: Date): Date {
  return new Date(Math.floor(hour.getTime() / DAY) * DAY);
}
