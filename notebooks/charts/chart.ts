import type { ColumnTable } from "arquero";
import { escape } from "./html.ts";
import { tableHtml } from "./table_view.ts";

/** One drawing under the chart's head; what it draws is `width` wide. */
export interface Panel {
  /** An `<svg>` without a head of its own. */
  svg: string;
  height: number;
  /** Written above the panel. */
  label?: string;
  tips?: Tip[];
}

/** What a reader sees who rests the pointer on a part of a panel; in its coordinates. */
export interface Tip {
  x: number;
  y: number;
  width: number;
  height: number;
  text: string;
}

/** What every chart shows. */
export interface ChartOptions {
  title: string;
  /** What was counted: n, the denominator, the label set. */
  subtitle: string;
  /** What a reader must know to read it right: gaps, failures. */
  caption: string;
  /** What the chart shows, for people who do not see it. */
  alt: string;
  /** The numbers behind the chart, which a reader can unfold. */
  numbers?: ColumnTable;
  panels(width: number): Panel[];
}

/** For a page and for a phone; the text keeps its size on both. */
const WIDE = 720;
const NARROW = 350;
const NARROW_SCREEN = "(max-width: 600px)";

const STYLE = `
:root { --ink: #1c1e21; --muted: #5c6067; --paper: #ffffff; --rule: #d9dce0; --accent: #0072b2;
  --series-0: #0072b2; --series-1: #c65200; --series-2: #00855f; --series-3: #aa4499;
  --series-4: #997700; --series-5: #332288; --series-rest: #8d9197;
  color: var(--ink); fill: var(--ink); background: var(--paper);
  font-family: system-ui, sans-serif; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6e7e9; --muted: #a4a9b0; --paper: #15171a; --rule: #3a3e44; --accent: #56b4e9;
    --series-0: #56b4e9; --series-1: #f58c4b; --series-2: #2bbf96; --series-3: #dd9ad0;
    --series-4: #f0c04a; --series-5: #b7b1f2; --series-rest: #888d94; }
}
.title { font-size: 17px; font-weight: 600; }
.subtitle { font-size: 13px; fill: var(--muted); }
.label { font-size: 13px; font-weight: 600; }
.caption { font-size: 12px; fill: var(--muted); }`;

interface Line {
  className: string;
  size: number;
  text: string;
}

/** A chart as self-contained pictures that follow the light or dark scheme of their reader. */
export class Chart {
  readonly alt: string;
  /** SVG documents. */
  readonly wide: string;
  readonly narrow: string;
  readonly numbers: ColumnTable | undefined;
  readonly #tips: string;

  constructor(options: ChartOptions) {
    this.alt = `${options.title}. ${options.alt}`;
    this.numbers = options.numbers;
    const wide = draw(options, this.alt, WIDE);
    this.wide = wide.svg;
    this.narrow = draw(options, this.alt, NARROW).svg;
    this.#tips = wide.tips.map((tip) => tipHtml(tip, wide.height)).join("");
  }

  /** Give the chart as HTML in which nothing but the pictures is left of what the data says. */
  html(): string {
    const picture = `<picture><source media="${NARROW_SCREEN}" srcset="${dataUrl(this.narrow)}">` +
      `<img src="${dataUrl(this.wide)}" alt="${
        escape(this.alt)
      }" style="max-width:100%"></picture>`;
    const chart = this.#tips === ""
      ? picture
      : `<div class="chart" style="position:relative;max-width:${WIDE}px">${picture}${this.#tips}</div>`;
    if (this.numbers === undefined) return chart;
    return `${chart}<details><summary>Numbers</summary>${tableHtml(this.numbers)}</details>`;
  }
}

/** A picture takes no pointer, so what answers to it lies over it, in shares of the picture's size. */
function tipHtml({ x, y, width, height, text }: Tip, of: number): string {
  const share = (part: number, whole: number) => `${(100 * part / whole).toFixed(1)}%`;
  const place = `left:${share(x, WIDE)};top:${share(y, of)};width:${share(width, WIDE)};` +
    `height:${share(height, of)}`;
  return `<span class="tip" style="position:absolute;${place}" title="${escape(text)}"></span>`;
}

function draw(
  options: ChartOptions,
  alt: string,
  width: number,
): { svg: string; height: number; tips: Tip[] } {
  const head = [
    ...wrap(options.title, width, { className: "title", size: 17 }),
    ...wrap(options.subtitle, width, { className: "subtitle", size: 13 }),
  ];
  const parts: string[] = [];
  const tips: Tip[] = [];
  let y = 4;
  const write = (line: Line) => {
    y += line.size * 1.35;
    parts.push(`<text class="${line.className}" y="${y.toFixed(1)}">${escape(line.text)}</text>`);
  };
  head.forEach(write);
  for (const panel of options.panels(width)) {
    y += 10;
    if (panel.label) wrap(panel.label, width, { className: "label", size: 13 }).forEach(write);
    y += 4;
    parts.push(`<svg y="${y.toFixed(1)}" width="${width}" height="${panel.height}">`);
    parts.push(panel.svg, "</svg>");
    for (const tip of panel.tips ?? []) tips.push({ ...tip, y: tip.y + y });
    y += panel.height;
  }
  y += 4;
  wrap(options.caption, width, { className: "caption", size: 12 }).forEach(write);
  const height = Math.ceil(y + 8);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `width="${width}" height="${height}" role="img" aria-label="${escape(alt)}">` +
    `<style>${STYLE}</style>${parts.join("\n")}</svg>`;
  return { svg, height, tips };
}

/** There is nothing here that measures text: a character is taken as this part of its size. */
const CHARACTER = 0.54;
const BOLD_CHARACTER = 0.61;

function wrap(text: string, width: number, style: Omit<Line, "text">): Line[] {
  const isBold = style.className === "title" || style.className === "label";
  const most = Math.floor(width / (style.size * (isBold ? BOLD_CHARACTER : CHARACTER)));
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines.map((line) => ({ ...style, text: line }));
}

function dataUrl(svg: string): string {
  return `data:image/svg+xml;base64,${new TextEncoder().encode(compactSvg(svg)).toBase64()}`;
}

/**
 * Leave out of the SVG of a chart what its picture on a page has no use for: roles and names of its parts (the page
 * has the text beside it), styles that nothing in it uses, digits that nobody sees.
 */
export function compactSvg(svg: string): string {
  return svg
    .replace(/<style>:where\(\.plot-[^]*?<\/style>/g, "")
    .replace(/<style>([^]*?)<\/style>/g, (_, style) => `<style>${compactStyle(style, svg)}</style>`)
    .replace(/\s*\n\s*/g, "\n")
    .replace(
      /<[a-z](?:[^<>"]|"[^"]*")*>/g,
      (tag) =>
        tag.replace(/ (?:role|aria-[a-z]+|stroke-dasharray="")(?:="[^"]*")?(?=[\s/>])/g, "")
          .replace(/ class="plot-\w+"/, "")
          .replace(/-?\d+\.\d+(?:e-\d+)?/g, (number) => String(round(Number(number)))),
    );
}

function compactStyle(style: string, svg: string): string {
  return style.replace(
    /\s*(--[\w-]+):[^;]*;/g,
    (setting, name) => svg.includes(`var(${name})`) ? setting : "",
  )
    .replace(/\s*([{};:,])\s*/g, "$1");
}

function round(number: number): number {
  return Math.round(number * 100) / 100;
}
