import * as Plot from "@observablehq/plot";
import type { Panel } from "./chart.ts";
import { everyDay, formatRange } from "../measures/days.ts";
import { DAY_MARGINS, dayAxis, dayScale, noon } from "./day_axis.ts";
import { panel } from "./plot.ts";

/** Daily values of before, that somebody else measured. */
export interface History {
  name: string;
  points: { day: Date; value: number }[];
}

/** Draw the line of a history; days without a value are gaps. */
export function historyLine({ points }: History): Plot.Markish {
  const every = everyDay(points.map(({ day }) => day));
  const known = new Map(points.map(({ day, value }) => [day.getTime(), value]));
  return Plot.lineY(
    every.map((day) => ({ day: noon(day), value: known.get(day.getTime()) ?? NaN })),
    {
      x: "day",
      y: "value",
      stroke: "var(--muted)",
      strokeWidth: 1.6,
      strokeDasharray: "1 2",
    },
  );
}

/** Draw a history on its own axis, with the scale of the chart that it stands over. */
export function historyPanel(history: History, y: Plot.ScaleOptions, width: number): Panel {
  const days = everyDay(history.points.map(({ day }) => day));
  return panel({
    ...DAY_MARGINS,
    width,
    height: 140,
    x: dayScale(days),
    y: { ...y, ticks: 3 },
    marks: [
      Plot.ruleY([0], { stroke: "currentColor" }),
      historyLine(history),
      dayAxis(days, width),
    ],
  }, `${history.name}, ${formatRange(days)}, on the same scale`);
}
