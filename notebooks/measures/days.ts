import * as Plot from "@observablehq/plot";

const DAY = 86_400_000;

/** A local day as the midnight, in UTC, of its date: so that days can be counted and drawn. */
export type Day = Date;

/** A day as notebooks write it in their parameters. */
export type IsoDay = `${number}-${number}-${number}`;

/** Give the function that says on which day of a time zone an instant lies. */
export function dayIn(timeZone: string): (instant: Date) => Day {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  return (instant) => {
    const part = Object.fromEntries(format.formatToParts(instant).map((p) => [p.type, p.value]));
    return new Date(`${part.year}-${part.month}-${part.day}T00:00:00Z`);
  };
}

/** Give every day from the first to the last, those without posts too. */
export function everyDay(days: Day[]): Day[] {
  const times = days.map((day) => day.getTime());
  const first = times.reduce((a, b) => Math.min(a, b), Infinity);
  const last = times.reduce((a, b) => Math.max(a, b), -Infinity);
  const every: Day[] = [];
  for (let time = first; time <= last; time += DAY) every.push(new Date(time));
  return every;
}

/** Write a day as `YYYY-MM-DD`. */
export function formatDay(day: Day): string {
  return day.toISOString().slice(0, 10);
}

/** Write the first and the last of days, or the only one. */
export function formatRange(days: Day[]): string {
  const first = formatDay(days[0]!);
  const last = formatDay(days.at(-1)!);
  return first === last ? first : `${first} to ${last}`;
}

/** Give the middle of a day, where its dot stands. */
export function noon(day: Day): Date {
  return new Date(day.getTime() + DAY / 2);
}

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
