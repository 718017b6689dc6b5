import { from } from "arquero";
import { Chart, type Panel, type Tip } from "./chart.ts";
import {
  factsLine,
  type FigureFacts,
  titleOf,
  withoutIntervals,
} from "../measures/figure_facts.ts";
import { escape } from "./html.ts";
import { legend, seriesColor } from "./legend.ts";
import { type Note, nothingToDraw } from "./note.ts";
import { formatNumber, formatShare } from "../measures/number_format.ts";

/** One bar: weighted counts by category, which need not add up to anything. */
export interface StackedBar {
  name: string;
  /** Posts that the bar rests on. */
  n: number;
  parts: Record<string, number>;
}

/** What a chart of stacked bars shows. */
export interface StackedShareOptions {
  title: string;
  bars: StackedBar[];
  /** Categories in the order in which they are stacked; the seventh and later are grey. */
  categories: string[];
  /** A category that is drawn in grey, such as what the others are not. */
  rest?: string;
  facts: FigureFacts;
}

const BAR = 24;
const ROW = 46;

/** Draw what each bar is made of, as shares of the bar; a bar of nothing stays empty. */
export function stackedShare(options: StackedShareOptions): Chart | Note {
  const { bars, categories, facts, rest } = options;
  if (facts.n === 0) return nothingToDraw(options.title, facts);
  const shares = bars.map((bar) => {
    const sum = categories.reduce((sum, name) => sum + (bar.parts[name] ?? 0), 0);
    return { ...bar, shares: categories.map((name) => sum > 0 ? (bar.parts[name] ?? 0) / sum : 0) };
  });
  const colors = categories.map((name, index) => seriesColor(name === rest ? Infinity : index));
  return new Chart({
    title: titleOf(options.title, facts),
    subtitle: "Each bar is 100% of its posts.",
    caption: factsLine(withoutIntervals(facts)),
    alt: shares.map(({ name, n, shares }) =>
      `${name} (n = ${formatNumber(n)}): ${
        categories.map((category, index) => `${category} ${formatShare(shares[index]!, 1)}`)
          .join(", ")
      }`
    ).join("; "),
    numbers: from(shares.map(({ name, n, shares }) => ({
      posts: name,
      n,
      ...Object.fromEntries(
        categories.map((category, index) => [category, formatShare(shares[index]!, 1)]),
      ),
    }))),
    panels: (width) => [
      legend(categories.map((name, index) => ({ name, color: colors[index]! })), width),
      stack(shares, categories, colors, width),
    ],
  });
}

function stack(
  bars: (StackedBar & { shares: number[] })[],
  categories: string[],
  colors: string[],
  width: number,
): Panel {
  const parts: string[] = [];
  const tips: Tip[] = [];
  bars.forEach(({ name, n, shares }, row) => {
    const top = row * ROW + 18;
    parts.push(
      `<text y="${top - 5}" font-size="12">${escape(name)}, n = ${formatNumber(n)}</text>`,
      `<rect x="0.5" y="${top}" width="${width - 1}" height="${BAR}" fill="none" ` +
        `stroke="var(--rule)"/>`,
    );
    let x = 0;
    shares.forEach((share, index) => {
      const wide = share * width;
      if (share === 0) return;
      parts.push(
        `<rect x="${x.toFixed(1)}" y="${top}" width="${wide.toFixed(1)}" height="${BAR}" ` +
          `fill="${colors[index]}" stroke="var(--paper)"/>`,
      );
      const text = formatShare(share, 1);
      if (wide > text.length * 8 + 12) {
        // Paper on colour reads in both schemes: light colours on dark, dark ones on light.
        parts.push(
          `<text x="${(x + wide / 2).toFixed(1)}" y="${top + BAR / 2 + 4}" font-size="12" ` +
            `text-anchor="middle" style="fill:var(--paper);font-weight:600">${text}</text>`,
        );
      }
      tips.push({
        x,
        y: top,
        width: wide,
        height: BAR,
        text: `${name}\n${categories[index]}: ${text} of n = ${formatNumber(n)}`,
      });
      x += wide;
    });
  });
  return { svg: parts.join(""), height: bars.length * ROW, tips };
}
