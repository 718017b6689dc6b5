import { escape } from "./html.ts";
import { from } from "arquero";
import { Chart, type Panel } from "./chart.ts";
import {
  countsByAttribute,
  factsLine,
  type FigureFacts,
  titleOf,
  withoutIntervals,
} from "../measures/figure_facts.ts";
import { legend, seriesColor, seriesDash } from "./legend.ts";
import { type Note, nothingToDraw } from "./note.ts";
import { formatNumber, formatShare } from "../measures/number_format.ts";

/** In how many bins a chart draws a distribution, each 0.05 wide. */
export const BINS = 20;

/** What a chart of distributions draws: how the values of one column spread from 0 to 1. */
export interface Distribution {
  column: string;
  /** Labelled posts. */
  n: number;
  /** The weighted share of posts in each of twenty bins, each 0.05 wide. */
  shares: number[];
}

/** What a chart of distributions shows. */
export interface DistributionsOptions {
  title: string;
  /** What is compared, such as firehose and most liked; each has its distributions. */
  groups: { name: string; distributions: Distribution[] }[];
  facts: FigureFacts;
}

const CELL_HEIGHT = 104;

/** Draw a small panel a column, with the distributions of the groups over each other. */
export function distributions(options: DistributionsOptions): Chart | Note {
  const { facts } = options;
  if (facts.n === 0) return nothingToDraw(options.title, facts);
  const groups = options.groups.filter(({ distributions }) => distributions.length > 0);
  const also = countsByAttribute(
    groups.flatMap(({ name, distributions }) => distributions.map(({ n }) => ({ group: name, n }))),
  );
  const columns = [
    ...new Set(groups.flatMap(({ distributions }) => distributions.map(({ column }) => column))),
  ];
  return new Chart({
    title: titleOf(options.title, facts),
    subtitle: `Share of posts in bins of 0.05 from 0 to 1; each panel has its own height.`,
    caption: factsLine(withoutIntervals({ ...facts, also })),
    alt: `Median bin by attribute. ${
      columns.map((column) =>
        `${column}: ${
          groups.flatMap(({ name, distributions }) => {
            const found = distributions.find((one) => one.column === column);
            return found ? [`${name} ${medianBin(found)} (n = ${formatNumber(found.n)})`] : [];
          }).join(", ")
        }`
      ).join("; ")
    }.`,
    numbers: from(columns.flatMap((attribute) =>
      groups.flatMap(({ name, distributions }) => {
        const found = distributions.find(({ column }) => column === attribute);
        if (found === undefined) return [];
        const above = (bin: number) =>
          formatShare(found.shares.slice(bin).reduce((sum, share) => sum + share, 0), 1);
        return [{
          attribute,
          posts: name,
          n: found.n,
          "median lies in": medianBin(found),
          "0.5 or more": above(10),
          "0.7 or more": above(14),
          "0.9 or more": above(18),
        }];
      })
    )),
    panels: (width) => {
      const across = width > 500 ? 4 : 2;
      const rows: Panel[] = [];
      for (let start = 0; start < columns.length; start += across) {
        rows.push(row(columns.slice(start, start + across), groups, width / across));
      }
      const entries = groups.map(({ name }, index) => ({
        name,
        color: seriesColor(index),
        dash: seriesDash(index),
      }));
      return groups.length > 1 ? [legend(entries, width), ...rows] : rows;
    },
  });
}

function row(columns: string[], groups: DistributionsOptions["groups"], width: number): Panel {
  const cells = columns.map((column, index) =>
    `<g transform="translate(${index * width},0)">${cell(column, groups, width - 16)}</g>`
  );
  return { svg: cells.join(""), height: CELL_HEIGHT };
}

/** Drawn by hand: as plots, so many panels would be most of a page. */
function cell(column: string, groups: DistributionsOptions["groups"], width: number): string {
  const found = groups.map(({ distributions }) =>
    distributions.find((one) => one.column === column)
  );
  const highest = Math.max(...found.flatMap((one) => one?.shares ?? []));
  const [top, bottom] = [24, CELL_HEIGHT - 18];
  const steps = found.map((one) =>
    (one?.shares ?? []).map((share) => {
      const y = bottom - share / highest * (bottom - top);
      return `V${y.toFixed(1)}h${(width / BINS).toFixed(2)}`;
    }).join("")
  );
  const lines = steps.map((path, index) => {
    // The first group is an area too, so that two are told apart where they cross.
    const fill = index === 0 ? `${seriesColor(0)}" fill-opacity="0.2` : "none";
    return path === "" ? "" : `<path d="M0,${bottom}${path}V${bottom}" fill="${fill}" ` +
      `stroke="${seriesColor(index)}" stroke-width="1.6" stroke-dasharray="${seriesDash(index)}"/>`;
  });
  const ticks = ["0", "0.5", "1"].map((tick, index) =>
    `<text x="${index * width / 2}" y="${bottom + 13}" font-size="11" ` +
    `text-anchor="${["start", "middle", "end"][index]}">${tick}</text>`
  );
  return `<text y="14" font-size="12" font-weight="600">${
    escape(column.replace(/^(prob|score)_/, "").replaceAll("_", " "))
  }</text>${lines.join("")}` +
    `<path d="M0,${bottom}h${width}" stroke="currentColor"/>${ticks.join("")}`;
}

function medianBin({ shares }: Distribution): string {
  let sum = 0;
  const bin = shares.findIndex((share) => (sum += share) >= 0.5);
  return `${(bin / BINS).toFixed(2)}–${((bin + 1) / BINS).toFixed(2)}`;
}
