import * as Plot from "@observablehq/plot";
import { DAY, type Day } from "../measures/days.ts";

/** The margins of every plot over days, so that panels stand exactly under each other. */
export const DAY_MARGINS = { marginLeft: 52, marginRight: 12, marginTop: 10 };

/** Give the scale of a plot over days. */
export function dayScale(days: Day[]): Plot.ScaleOptions {
  return {
    type: "utc",
    domain: [days[0]!, new Date(days.at(-1)!.getTime() + DAY)],
    label: null,
  };
}

/** Give an axis that names as many days as have room, each under its middle. */
export function dayAxis(days: Day[], width: number): Plot.Markish {
  const room = Math.max(1, Math.floor((width - 64) / 52));
  const step = [1, 2, 3, 7, 14, 28, 56, 91, 182, 365].find((s) => days.length / s <= room) ?? 730;
  const named = days.filter((_, index) => index % step === 0).map(noon);
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: "UTC",
    day: "numeric",
    month: "short",
  });
  return Plot.axisX(named, { tickFormat: (date: Date) => format.format(date), tickSize: 4 });
}

/** Draw one bar a day from zero; a day that is not among the rows stays empty. */
export function dayBars(
  rows: { day: Day; n: number }[],
  days: Day[],
  width: number,
): Plot.Markish {
  const band = (width - 64) / days.length;
  const inset = Math.max(band > 6 ? 1 : 0, (band - 44) / 2);
  return Plot.rectY(rows, {
    x1: (row: { day: Day }) => row.day,
    x2: (row: { day: Day }) => new Date(row.day.getTime() + DAY),
    y: "n",
    insetLeft: inset,
    insetRight: inset,
    fill: "var(--accent)",
  });
}

/** Give the middle of a day, where its dot stands. */
export function noon(day: Day): Date {
  return new Date(day.getTime() + DAY / 2);
}
