import * as Plot from "@observablehq/plot";
import { from } from "arquero";
import { BINS, type Distribution } from "./attribute_scores.ts";
import { Chart, type Panel } from "./chart.ts";
import { factsLine, type FigureFacts, titleOf } from "./figure_facts.ts";
import { legend, seriesColor, seriesDash } from "./legend.ts";
import { type Note, nothingToDraw } from "./note.ts";
import { formatNumber, formatShare } from "./number_format.ts";
import { panel } from "./plot.ts";

export interface DistributionsOptions {
  title: string;
  /** What is compared, such as firehose and most liked; each has its distributions. */
  groups: { name: string; distributions: Distribution[] }[];
  facts: FigureFacts;
}

const CELL_HEIGHT = 116;

/** Draw a small panel a column, with the distributions of the groups over each other. */
export function distributions(options: DistributionsOptions): Chart | Note {
  const { groups, facts } = options;
  if (facts.n === 0) return nothingToDraw(options.title, facts);
  const columns = [
    ...new Set(groups.flatMap(({ distributions }) => distributions.map(({ column }) => column))),
  ];
  return new Chart({
    title: titleOf(options.title, facts),
    subtitle: `Share of posts in bins of 0.05 from 0 to 1; each panel has its own height.`,
    caption: factsLine(facts),
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
  const cells = columns.map((column, index) => {
    const { svg } = cell(column, groups, width - 8);
    return `<svg x="${index * width}" width="${width}" height="${CELL_HEIGHT}">${svg}</svg>`;
  });
  return { svg: cells.join(""), height: CELL_HEIGHT };
}

function cell(column: string, groups: DistributionsOptions["groups"], width: number): Panel {
  const steps = groups.map(({ distributions }) => {
    const found = distributions.find((one) => one.column === column);
    // The last bin is drawn to its end.
    return found
      ? [...found.shares, found.shares.at(-1)!].map((share, bin) => ({ x: bin / BINS, share }))
      : [];
  });
  return panel({
    width,
    height: CELL_HEIGHT,
    marginTop: 24,
    marginBottom: 22,
    marginLeft: 6,
    marginRight: 8,
    x: { domain: [0, 1], label: null, ticks: [0, 0.5, 1], tickFormat: String },
    y: { axis: null },
    marks: [
      ...steps.flatMap((step, index) => [
        ...index === 0
          ? [Plot.areaY(step, {
            x: "x",
            y: "share",
            curve: "step-after",
            fill: seriesColor(index),
            fillOpacity: 0.2,
          })]
          : [],
        Plot.lineY(step, {
          x: "x",
          y: "share",
          curve: "step-after",
          stroke: seriesColor(index),
          strokeWidth: 1.6,
          strokeDasharray: seriesDash(index),
        }),
      ]),
      Plot.ruleY([0], { stroke: "currentColor" }),
      Plot.text([column.replace(/^prob_/, "").replaceAll("_", " ")], {
        frameAnchor: "top-left",
        dy: -20,
        fontWeight: 600,
      }),
    ],
  });
}

function medianBin({ shares }: Distribution): string {
  let sum = 0;
  const bin = shares.findIndex((share) => (sum += share) >= 0.5);
  return `${(bin / BINS).toFixed(2)}–${((bin + 1) / BINS).toFixed(2)}`;
}
