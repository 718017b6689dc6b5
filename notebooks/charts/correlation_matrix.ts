import { from } from "arquero";
import { Chart, type Panel } from "./chart.ts";
import {
  factsLine,
  type FigureFacts,
  titleOf,
  withoutIntervals,
} from "../measures/figure_facts.ts";
import { escape } from "./html.ts";
import { legend } from "./legend.ts";
import { md, type Note, nothingToDraw } from "./note.ts";

/** What a matrix draws: how attributes go together. */
export interface Correlations {
  columns: string[];
  /** Labelled posts that have all of the columns. */
  n: number;
  /** Pearson's r, weighted, by place in `columns`; NaN where a column does not vary. */
  r: number[][];
}

/** What a correlation matrix shows. */
export interface CorrelationMatrixOptions {
  title: string;
  correlations: Correlations;
  facts: FigureFacts;
}

const POSITIVE = "var(--series-0)";
const NEGATIVE = "var(--series-1)";
/** So that the number in a cell can be read on it, in light and in dark. */
const MOST_OPAQUE = 0.55;
/** Room for the name of the first column. */
const HEAD = 36;
/** Room for the name of the last. */
const RIGHT = 64;

/** Draw Pearson's r of each pair, its number in the cell where there is room. */
export function correlationMatrix(options: CorrelationMatrixOptions): Chart | Note {
  const { correlations, facts } = options;
  if (facts.n === 0) return nothingToDraw(options.title, facts);
  const { columns, r, n } = correlations;
  if (n === 0) return md`**${options.title}: no post has all of the attributes.**`;
  const pairs = columns.flatMap((a, i) =>
    columns.slice(i + 1).map((b, offset) => ({ a, b, r: r[i]![i + 1 + offset]! }))
  ).filter(({ r }) => Number.isFinite(r)).sort((a, b) => Math.abs(b.r) - Math.abs(a.r));
  return new Chart({
    title: titleOf(options.title, facts),
    subtitle: "Pearson's r over posts, weighted. A cell without a number has no value.",
    caption: factsLine(
      withoutIntervals({ ...facts, n, also: "n: posts that have all of the attributes." }),
    ),
    alt: `The strongest of ${pairs.length} pairs: ${
      pairs.slice(0, 8).map(({ a, b, r }) => `${words(a)} and ${words(b)} ${r.toFixed(2)}`)
        .join("; ")
    }.`,
    numbers: from(pairs.map(({ a, b, r }) => ({ attribute: a, with: b, r: r.toFixed(3) }))),
    panels: (width) => [
      legend([
        { name: "together (r = 1)", color: POSITIVE, opacity: MOST_OPAQUE },
        { name: "one instead of the other (r = −1)", color: NEGATIVE, opacity: MOST_OPAQUE },
      ], width),
      matrix(correlations, width),
    ],
  });
}

/** Each pair once: the cells under the diagonal, on which the names of the columns stand. */
function matrix({ columns, r }: Correlations, width: number): Panel {
  const isSmall = width < 500;
  const name = (i: number) => isSmall ? `${words(columns[i]!)} ${i + 1}` : words(columns[i]!);
  const left = Math.max(...columns.map((_, i) => name(i).length)) * (isSmall ? 5.6 : 6.3) + 8;
  const size = Math.floor(
    Math.min(46, (width - left - (isSmall ? 16 : RIGHT)) / columns.length),
  );
  const row = Math.max(size, 14);
  /** Cells of one colour are one path: there are hundreds of cells. */
  const cells = new Map<string, string>();
  const values: string[] = [];
  const names: string[] = [];
  columns.forEach((_, i) => {
    const y = i * row;
    names.push(
      `<text x="${left - 6}" y="${y + row / 2 + 4}" text-anchor="end">${escape(name(i))}</text>`,
      // On a phone a column is named by the number of its row.
      isSmall
        ? `<text x="${left + (i + 0.5) * size}" y="${y + row - 3}" text-anchor="middle">${
          i + 1
        }</text>`
        : `<text transform="translate(${left + (i + 0.5) * size + 3},${y + row - 5}) ` +
          `rotate(-40)">${escape(name(i))}</text>`,
    );
    for (let j = 0; j < i; j++) {
      const value = r[i]![j]!;
      if (!Number.isFinite(value)) continue;
      const x = Math.round(left) + j * size;
      const fill = `fill="${value < 0 ? NEGATIVE : POSITIVE}" ` +
        `fill-opacity="${(Math.abs(value) * MOST_OPAQUE).toFixed(2)}"`;
      const path = `M${x},${y}h${size - 1}v${row - 1}h${1 - size}z`;
      cells.set(fill, (cells.get(fill) ?? "") + path);
      if (size < 24) continue;
      values.push(`<text x="${x + size / 2}" y="${y + row / 2 + 4}">${short(value)}</text>`);
    }
  });
  const head = isSmall ? 4 : HEAD;
  const svg =
    `<g transform="translate(0,${head})">${
      [...cells].map(([fill, path]) => `<path d="${path}" ${fill}/>`).join("")
    }` +
    `<g font-size="${size < 30 ? 10 : 11}" text-anchor="middle">${values.join("")}</g>` +
    `<g font-size="${isSmall ? 10 : 12}">${names.join("")}</g></g>`;
  return { svg, height: head + columns.length * row + 4 };
}

/** Two digits have to do in a small cell: 0.31 is .31. */
function short(r: number): string {
  return r.toFixed(2).replace(/^-0\.00$/, "0.00").replace(/^(-?)0\./, "$1.").replace("-", "−");
}

function words(column: string): string {
  return column.replace(/^(prob|score)_/, "").replaceAll("_", " ");
}
