import { utc } from "../store/duckdb.ts";

/** Write a count for the data statement, with thousands separators. */
export const number = (value: number) => value.toLocaleString("en");
/** Write hours for the data statement, to hundredths; null where no window was laid. */
export const hours = (value: number | null) =>
  value === null ? "none laid" : (Math.round(value * 100) / 100).toLocaleString("en");
/** Write a time for the data statement, to the minute. */
export const minute = (time: Date | string) =>
  (time instanceof Date ? time : utc(time)).toISOString().slice(0, 16).replace("T", " ");
/** Write a part for the data statement as a percentage of a whole. */
export const percent = (part: number, of: number) =>
  of === 0 ? "–" : `${(100 * part / of).toFixed(1)}%`;
