/** Plots as SVG text. The document lives here: a global one would break DuckDB-WASM. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Panel } from "./chart.ts";
import { formatShareTick } from "../measures/number_format.ts";

const { document } = parseHTML("<!doctype html><html><body></body></html>") as unknown as {
  document: Plot.PlotOptions["document"];
};

/** Draw a plot for a chart. */
export function panel(options: Plot.PlotOptions & { height: number }, label?: string): Panel {
  const figure = Plot.plot({
    ...options,
    document,
    style: { background: "none", color: "currentColor", fontSize: "12px", overflow: "visible" },
  });
  return { svg: figure.outerHTML, height: options.height, label };
}

/** A scale from nothing to the highest share or mean. */
export function shareScale(
  highest: number,
  format: (value: number) => string = formatShareTick,
): Plot.ScaleOptions {
  return {
    label: null,
    grid: true,
    ticks: 5,
    nice: true,
    domain: [0, highest > 0 ? highest : 1],
    tickFormat: format,
  };
}
