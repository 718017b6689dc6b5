import type { Panel } from "./chart.ts";
import { escape } from "./html.ts";

/** More than this many series nobody can tell apart; what is beyond it is drawn in grey. */
const COLORS = 6;
/** Lines are told apart without colours too. */
const DASHES = ["", "7 3", "2 3", "8 3 2 3", "12 4", "4 2"];
const LINE = 20;
/** Nothing here measures text. */
const CHARACTER = 6.9;

/** Give the colour of a series by its place, light and dark, safe for the colour-blind. */
export function seriesColor(index: number): string {
  return `var(--series-${index < COLORS ? index : "rest"})`;
}

/** Give the dashes of the line of a series by its place. */
export function seriesDash(index: number): string {
  return DASHES[index % DASHES.length]!;
}

/** One entry of a legend. */
export interface LegendEntry {
  name: string;
  color: string;
  /** Drawn as a line, dashed like this, instead of as a square. */
  dash?: string;
  opacity?: number;
}

/** Draw a legend in as many lines as it takes. */
export function legend(entries: LegendEntry[], width: number): Panel {
  let [x, line] = [0, 0];
  const parts: string[] = [];
  for (const { name, color, dash, opacity = 1 } of entries) {
    const taken = 30 + name.length * CHARACTER + 14;
    if (x > 0 && x + taken > width) [x, line] = [0, line + 1];
    const y = line * LINE + LINE / 2;
    parts.push(
      dash === undefined
        ? `<rect x="${x}" y="${y - 6}" width="22" height="12" fill="${color}" ` +
          `fill-opacity="${opacity}" stroke="var(--rule)" stroke-width="0.5"/>`
        : `<line x1="${x}" x2="${x + 22}" y1="${y}" y2="${y}" stroke="${color}" stroke-width="2" ` +
          `stroke-dasharray="${dash}"/>`,
      `<text x="${x + 28}" y="${y + 4}" font-size="12">${escape(name)}</text>`,
    );
    x += taken;
  }
  return { svg: parts.join(""), height: (line + 1) * LINE };
}
