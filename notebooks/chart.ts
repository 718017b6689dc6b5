import { escape } from "./html.ts";

/** One drawing under the chart's head; what it draws is `width` wide. */
export interface Panel {
  /** An `<svg>` without a head of its own. */
  svg: string;
  height: number;
  /** Written above the panel. */
  label?: string;
}

export interface ChartOptions {
  title: string;
  /** What was counted: n, the denominator, the label set. */
  subtitle: string;
  /** What a reader must know to read it right: gaps, failures. */
  caption: string;
  /** What the chart shows, for people who do not see it. */
  alt: string;
  panels(width: number): Panel[];
}

/** For a page and for a phone; the text keeps its size on both. */
const WIDE = 720;
const NARROW = 350;
const NARROW_SCREEN = "(max-width: 600px)";

const STYLE = `
:root { --ink: #1c1e21; --muted: #5c6067; --paper: #ffffff; --rule: #d9dce0; --accent: #0072b2;
  color: var(--ink); fill: var(--ink); background: var(--paper);
  font-family: system-ui, sans-serif; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6e7e9; --muted: #a4a9b0; --paper: #15171a; --rule: #3a3e44; --accent: #56b4e9; }
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

  constructor(options: ChartOptions) {
    this.alt = `${options.title}. ${options.alt}`;
    this.wide = document(options, this.alt, WIDE);
    this.narrow = document(options, this.alt, NARROW);
  }

  /** Give the chart as HTML in which nothing but the pictures is left of what the data says. */
  html(): string {
    return `<picture><source media="${NARROW_SCREEN}" srcset="${dataUrl(this.narrow)}">` +
      `<img src="${dataUrl(this.wide)}" alt="${
        escape(this.alt)
      }" style="max-width:100%"></picture>`;
  }
}

function document(options: ChartOptions, alt: string, width: number): string {
  const head = [
    ...wrap(options.title, width, { className: "title", size: 17 }),
    ...wrap(options.subtitle, width, { className: "subtitle", size: 13 }),
  ];
  const parts: string[] = [];
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
    y += panel.height;
  }
  y += 4;
  wrap(options.caption, width, { className: "caption", size: 12 }).forEach(write);
  const height = Math.ceil(y + 8);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `width="${width}" height="${height}" role="img" aria-label="${escape(alt)}">` +
    `<style>${STYLE}</style>${parts.join("\n")}</svg>`;
}

/** There is nothing here that measures text: an average character is taken as 0.54 of its size. */
function wrap(text: string, width: number, style: Omit<Line, "text">): Line[] {
  const most = Math.floor(width / (style.size * 0.54));
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
  return `data:image/svg+xml;base64,${new TextEncoder().encode(svg).toBase64()}`;
}
