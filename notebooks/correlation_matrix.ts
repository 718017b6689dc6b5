import { from } from "arquero";
import type { Correlations } from "./attribute_scores.ts";
import { Chart, type Panel } from "./chart.ts";
import { factsLine, type FigureFacts, titleOf } from "./figure_facts.ts";
import { escape } from "./html.ts";
import { legend } from "./legend.ts";
import { type Note, nothingToDraw } from "./note.ts";

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

/** Draw Pearson's r of each pair, its number in the cell where there is room. */
export function correlationMatrix(options: CorrelationMatrixOptions): Chart | Note {
  const { correlations, facts } = options;
  if (facts.n === 0) return nothingToDraw(options.title, facts);
  const { columns, r } = correlations;
  const pairs = columns.flatMap((a, i) =>
    columns.slice(i + 1).map((b, offset) => ({ a, b, r: r[i]![i + 1 + offset]! }))
  ).filter(({ r }) => Number.isFinite(r)).sort((a, b) => Math.abs(b.r) - Math.abs(a.r));
  return new Chart({
    title: titleOf(options.title, facts),
    subtitle: "Pearson's r over posts, weighted; a cell without a number has none.",
    caption: factsLine(facts),
    alt: `The strongest of ${pairs.length} pairs: ${
      pairs.slice(0, 8).map(({ a, b, r }) => `${words(a)} and ${words(b)} ${r.toFixed(2)}`)
        .join("; ")
    }.`,
    numbers: from(pairs.map(({ a, b, r }) => ({ attribute: a, with: b, r: r.toFixed(3) }))),
    panels: (width) => [
      legend([
        { name: "together (r = 1)", color: POSITIVE, opacity: MOST_OPAQUE },
        { name: "one instead of the other (r = -1)", color: NEGATIVE, opacity: MOST_OPAQUE },
      ], width),
      matrix(correlations, width),
    ],
  });
}

/** Each pair once: the cells under the diagonal. */
function matrix({ columns, r }: Correlations, width: number): Panel {
  const left = Math.max(...columns.map((name) => words(name).length)) * 6.3 + 8;
  const size = Math.floor(Math.min(46, (width - left) / columns.length));
  const cells: string[] = [];
  const values: string[] = [];
  const names: string[] = [];
  columns.forEach((column, i) => {
    const y = i * size;
    const name = escape(words(column));
    names.push(`<text x="${left - 6}" y="${y + size / 2 + 4}" text-anchor="end">${name}</text>`);
    // The head of a column stands where its cells begin, over the empty half.
    names.push(
      `<text transform="translate(${left + (i + 0.5) * size + 3},${y + size - 5}) rotate(-40)">` +
        `${name}</text>`,
    );
    for (let j = 0; j < i; j++) {
      const value = r[i]![j]!;
      if (!Number.isFinite(value)) continue;
      const x = Math.round(left) + j * size;
      cells.push(
        `<path d="M${x},${y}h${size - 1}v${size - 1}h${1 - size}z" ` +
          `fill="${value < 0 ? NEGATIVE : POSITIVE}" ` +
          `fill-opacity="${(Math.abs(value) * MOST_OPAQUE).toFixed(2)}"/>`,
      );
      if (size < 24) continue;
      values.push(`<text x="${x + size / 2}" y="${y + size / 2 + 4}">${short(value)}</text>`);
    }
  });
  const svg = `<g transform="translate(0,${HEAD})">${cells.join("")}` +
    `<g font-size="${size < 30 ? 10 : 11}" text-anchor="middle">${values.join("")}</g>` +
    `<g font-size="12">${names.join("")}</g></g>`;
  return { svg, height: HEAD + columns.length * size + 4 };
}

/** Two digits have to do in a small cell: 0.31 is .31. */
function short(r: number): string {
  return r.toFixed(2).replace(/^(-?)0\./, "$1.").replace("-", "−");
}

function words(column: string): string {
  return column.replace(/^prob_/, "").replaceAll("_", " ");
}
