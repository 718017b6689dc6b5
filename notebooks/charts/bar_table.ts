import { escape } from "./html.ts";
import { formatNumber, formatShare } from "../measures/number_format.ts";
import {
  factsLine,
  type FigureFacts,
  titleOf,
  withoutIntervals,
} from "../measures/figure_facts.ts";

/** One line of the table; cells that are written as they are stand in `more`. */
export interface BarRow {
  name: string;
  /** Drawn as a bar from zero, or to both sides of it where some are less. */
  value: number;
  n?: number;
  more?: Record<string, string | number>;
}

/** What a table with bars shows. */
export interface BarTableOptions {
  title: string;
  /** Head of the bars, such as “share political”. */
  measure: string;
  rows: BarRow[];
  /** How values are written; shares where it is left out. */
  format?: (value: number) => string;
  facts: FigureFacts;
}

/** A table whose values are drawn as bars beside their numbers. */
export class BarTable {
  readonly #options: BarTableOptions;

  constructor(options: BarTableOptions) {
    this.#options = options;
  }

  /** Give the table as HTML; without styles, as on GitHub, the numbers are left. */
  html(): string {
    const { rows, measure, facts } = this.#options;
    const names = this.#names();
    const finite = rows.map(({ value }) => value).filter(Number.isFinite);
    const low = Math.min(0, ...finite);
    const high = Math.max(0, ...finite);
    const head = ["", measure, "", ...names].map((name) =>
      `<th${name === "" || name === measure ? "" : RIGHT}>${escape(name)}</th>`
    ).join("");
    const body = rows.map((row) => {
      const cells = names.map((name) => `<td${RIGHT}>${escape(this.#cell(row, name))}</td>`);
      return `<tr><td>${
        escape(row.name)
      }</td><td style="width:40%;min-width:96px;vertical-align:middle">${
        bar(row.value, low, high)
      }</td><td${RIGHT}>${escape(this.#format(row.value))}</td>${cells.join("")}</tr>`;
    });
    return `<p><strong>${escape(titleOf(this.#options.title, facts))}</strong></p>` +
      `<table><thead><tr>${head}</tr></thead>\n<tbody>${body.join("\n")}</tbody></table>` +
      `<p style="font-size:12px;opacity:0.75">${escape(factsLine(withoutIntervals(facts)))}</p>`;
  }

  /** Give the table as plain text. */
  text(): string {
    const { title, rows, facts } = this.#options;
    const names = this.#names();
    const lines = rows.map((row) =>
      [
        `${row.name}: ${this.#format(row.value)}`,
        ...names.map((name) => `${name} ${this.#cell(row, name)}`),
      ].join(", ")
    );
    return [titleOf(title, facts), ...lines, factsLine(withoutIntervals(facts))].join("\n");
  }

  #names(): string[] {
    const { rows } = this.#options;
    const more = rows.flatMap(({ more }) => Object.keys(more ?? {}));
    return [...rows.some(({ n }) => n !== undefined) ? ["n"] : [], ...new Set(more)];
  }

  #cell(row: BarRow, name: string): string {
    const value = name === "n" ? row.n : row.more?.[name];
    if (value === undefined) return "";
    return typeof value === "number" ? formatNumber(value) : value;
  }

  #format(value: number): string {
    if (Number.isNaN(value)) return "–";
    return (this.#options.format ?? ((share: number) => formatShare(share, 1)))(value);
  }
}

const RIGHT = ' style="text-align:right"';
/** Of one brightness on white and on black. */
const YES = "#2b83b6";
const NO = "#d1662c";

function bar(value: number, low: number, high: number): string {
  if (!Number.isFinite(value) || high === low) return "";
  const share = (part: number) => `${(100 * part / (high - low)).toFixed(1)}%`;
  const start = value < 0 ? value - low : -low;
  return `<span style="display:block;height:0.8em;margin-left:${share(start)};` +
    `width:${share(Math.abs(value))};background:${value < 0 ? NO : YES}"></span>`;
}
