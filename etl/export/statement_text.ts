import { utc } from "../store/duckdb.ts";

/** Text forms of a data statement. */

export const number = (value: number) => value.toLocaleString("en");
export const hours = (value: number | null) =>
  value === null ? "none laid" : (Math.round(value * 100) / 100).toLocaleString("en");
export const minute = (time: Date | string) =>
  (time instanceof Date ? time : utc(time)).toISOString().slice(0, 16).replace("T", " ");
export const percent = (part: number, of: number) =>
  of === 0 ? "–" : `${(100 * part / of).toFixed(1)}%`;

/** Give the lines of a Markdown table, the first row its head. */
export function markdownTable([head, ...body]: string[][]): string[] {
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replace(/\|/g, "\\|").replace(/\s+/g, " ")).join(" | ")} |`;
  return [line(head!), line(head!.map(() => "---")), ...body.map(line)];
}
