import { from } from "arquero";
import { Chart, type Panel, type Tip } from "./chart.ts";
import {
  factsLine,
  type FigureFacts,
  titleOf,
  withoutIntervals,
} from "../measures/figure_facts.ts";
import { legend } from "./legend.ts";
import { type MeasuredShare, shareOfParts, type ShareOfTime } from "../measures/measured_shares.ts";
import { type Note, nothingToDraw } from "./note.ts";
import { formatNumber, formatShare } from "../measures/number_format.ts";
import { describeEstimate } from "../measures/estimate.ts";

/** What a heatmap shows. */
export interface HeatmapOptions {
  title: string;
  /** Hours of the study's time zone (`sharesByHour`). */
  hours: ShareOfTime[];
  facts: FigureFacts;
  timeZone: string;
}

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const ROW = 26;
const HEAD = 20;
/** A share of so few posts says nothing: its cell is drawn with a dot. */
const FEW = 20;
const STEPS = 5;

/** Draw a share by hour of the day and day of the week; cells without labelled posts stay empty. */
export function heatmap(options: HeatmapOptions): Chart | Note {
  const { facts } = options;
  if (facts.n === 0) return nothingToDraw(options.title, facts);
  const groups = Map.groupBy(
    options.hours,
    ({ time }) => time.getUTCDay() * 24 + time.getUTCHours(),
  );
  const cells = [...groups].map(([key, hours]) => ({
    day: (Math.floor(key / 24) + 6) % 7,
    hour: key % 24,
    share: shareOfParts(hours),
  })).filter(({ share }) => share.sums.n_labeled > 0)
    .sort((a, b) => a.day - b.day || a.hour - b.hour);
  const highest = Math.max(0, ...cells.filter(isEnough).map(({ share }) => share.estimate.value)) ||
    Math.max(0, ...cells.map(({ share }) => share.estimate.value)) || 1;
  const best = cells.filter(isEnough).sort((a, b) =>
    b.share.estimate.value - a.share.estimate.value
  );
  const told = (cell: Cell) =>
    `${DAYS[cell.day]} ${cell.hour}:00 ${formatShare(cell.share.estimate.value, 1)}`;
  return new Chart({
    title: titleOf(options.title, facts),
    subtitle: `By the hour in which posts were written (${options.timeZone}).`,
    caption:
      `${
        factsLine(withoutIntervals(facts))
      } An empty cell has no labelled posts; a dot marks fewer than ` +
      `${FEW}, of which a share says little.`,
    alt: best.length === 0
      ? `No hour has ${FEW} labelled posts; ${cells.length} of 168 have any.`
      : `Highest: ${best.slice(0, 3).map(told).join(", ")}; lowest: ${
        best.slice(-3).map(told).join(", ")
      }; ${cells.length} of 168 hours have labelled posts.`,
    numbers: from(cells.map(({ day, hour, share }) => ({
      day: DAYS[day],
      hour: `${hour}:00`,
      share: formatShare(share.estimate.value, 1),
      n: share.sums.n_labeled,
    }))),
    panels: (width) => [
      legend(
        Array.from({ length: STEPS }, (_, step) => ({
          name: formatShare(highest * (step + 1) / STEPS, 1),
          color: "var(--series-0)",
          opacity: opacity((step + 1) / STEPS),
        })),
        width,
      ),
      grid(cells, highest, width),
    ],
  });
}

interface Cell {
  day: number;
  hour: number;
  share: MeasuredShare;
}

function isEnough({ share }: Cell): boolean {
  return share.sums.n_labeled >= FEW;
}

function opacity(part: number): number {
  return 0.06 + 0.94 * Math.min(1, part);
}

function grid(cells: Cell[], highest: number, width: number): Panel {
  const left = width > 500 ? 88 : 36;
  const column = (width - left) / 24;
  const parts: string[] = [];
  const tips: Tip[] = [];
  DAYS.forEach((name, day) => {
    parts.push(
      `<text x="0" y="${HEAD + day * ROW + ROW / 2 + 4}" font-size="12">${
        width > 500 ? name : name.slice(0, 3)
      }</text>`,
    );
  });
  for (let hour = 0; hour < 24; hour += width > 500 ? 3 : 6) {
    parts.push(`<text x="${left + hour * column}" y="12" font-size="12">${hour}:00</text>`);
  }
  parts.push(
    `<rect x="${left}" y="${HEAD}" width="${width - left - 1}" height="${7 * ROW}" fill="none" ` +
      `stroke="var(--rule)"/>`,
  );
  const squares: string[] = [];
  const dots: string[] = [];
  for (const cell of cells) {
    const { value } = cell.share.estimate;
    const [x, y] = [left + cell.hour * column, HEAD + cell.day * ROW];
    squares.push(
      `<rect x="${x.toFixed(1)}" y="${y}" width="${(column - 1).toFixed(1)}" height="${ROW - 1}" ` +
        `fill-opacity="${opacity(value / highest).toFixed(3)}"/>`,
    );
    if (!isEnough(cell)) {
      dots.push(`<circle cx="${(x + column / 2).toFixed(1)}" cy="${y + ROW / 2}" r="2.2"/>`);
    }
    tips.push({
      x,
      y,
      width: column,
      height: ROW,
      text: `${DAYS[cell.day]} ${cell.hour}:00\n${
        describeEstimate(cell.share.estimate, cell.share.sums.n_labeled)
      }, ${formatNumber(cell.share.sampling.n_failed)} failed`,
    });
  }
  parts.push(
    `<g fill="var(--series-0)">${squares.join("")}</g>`,
    `<g fill="var(--ink)" stroke="var(--paper)" stroke-width="0.8">${dots.join("")}</g>`,
  );
  return { svg: parts.join(""), height: HEAD + 7 * ROW + 2, tips };
}
