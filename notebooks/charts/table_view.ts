import type { ColumnTable } from "arquero";
import { escape } from "./html.ts";
import { formatNumber } from "../measures/number_format.ts";

/** More than this is for a file, not for a page. */
const ROWS = 50;
const CHARACTERS = 200;
/** A browser would break it at its hyphens. */
const DATE = /^\d{4}-\d\d-\d\d\b/;

/** Write a table as HTML, at most fifty rows of it; every value is escaped. */
export function tableHtml(table: ColumnTable): string {
  const { names, rows, rest } = cells(table);
  const numeric = names.map((_, index) =>
    rows.some((row) => row[index] !== "") &&
    rows.every((row) => /^$|^–$|^[-<>]?[\d,.]+%?$/.test(row[index]!))
  );
  const line = (tag: string, values: string[]) =>
    values.map((value, index) => {
      const style = numeric[index]
        ? ' style="text-align:right"'
        : DATE.test(value)
        ? ' style="white-space:nowrap"'
        : "";
      return `<${tag}${style}>${escape(value)}</${tag}>`;
    }).join("");
  const body = rows.map((row) => `<tr>${line("td", row)}</tr>`).join("\n");
  if (rows.length === 0) return `<p>No rows: ${escape(names.join(", "))}.</p>`;
  const note = rest > 0 ? `<p>… and ${escape(formatNumber(rest))} more rows</p>` : "";
  return `<table><thead><tr>${
    line("th", names)
  }</tr></thead>\n<tbody>${body}</tbody></table>${note}`;
}

/** Write a table as plain text in aligned columns. */
export function tableText(table: ColumnTable): string {
  const { names, rows, rest } = cells(table);
  const widths = names.map((name, index) =>
    Math.max(name.length, ...rows.map((row) => row[index]!.length))
  );
  if (rows.length === 0) return `No rows: ${names.join(", ")}.`;
  const lines = [names, ...rows].map((row) =>
    row.map((value, index) => value.padEnd(widths[index]!)).join("  ").trimEnd()
  );
  return [...lines, ...rest > 0 ? [`… and ${formatNumber(rest)} more rows`] : []].join("\n");
}

function cells(table: ColumnTable): { names: string[]; rows: string[][]; rest: number } {
  const names = table.columnNames();
  const objects = table.objects({ limit: ROWS }) as Record<string, unknown>[];
  const rows = objects.map((object) => names.map((name) => cell(object[name])));
  return { names, rows, rest: table.numRows() - rows.length };
}

function cell(value: unknown): string {
  const text = cellText(value).replace(/\s+/g, " ");
  return text.length > CHARACTERS ? `${text.slice(0, CHARACTERS)}…` : text;
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "bigint") return formatNumber(value);
  if (value instanceof Date) {
    return value.toISOString().replace(/T00:00:00.000Z$/, "").replace("T", " ").slice(0, 16);
  }
  if (Array.isArray(value)) return value.map(cellText).join(", ");
  if (value instanceof Map) {
    return [...value].map(([key, item]) => `${cellText(key)}: ${cellText(item)}`).join(", ");
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
