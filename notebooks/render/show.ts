import { ColumnTable } from "arquero";
import { BarTable } from "../charts/bar_table.ts";
import { Chart } from "../charts/chart.ts";
import { Note } from "../charts/note.ts";
import { tableHtml, tableText } from "../charts/table_view.ts";

/** What a cell puts out, by media type. */
export type Output = Record<string, string>;

/** Where `deno task render` hangs the function that takes outputs. */
export const SINK = Symbol.for("civicsky.output");

/**
 * Long enough that the kernel sends what was displayed before it says that the cell is done: with 30 ms one
 * output of 50 runs was lost, on two cores with seven times as much other work.
 */
const KERNEL_DELAY_MS = 100;

/**
 * Put a chart, a table, a note or a text under the cell; end a cell with `await show(x)`.
 *
 * A trailing expression is not safe: the kernel may lose it.
 */
export async function show(value: unknown): Promise<void> {
  const output = outputOf(value);
  const sink = (globalThis as { [SINK]?: (output: Output) => void })[SINK];
  if (sink) return sink(output);
  const kernel = kernelDisplay();
  if (kernel === undefined) return console.log(output["text/plain"]);
  await kernel(output, { raw: true });
  await new Promise((resolve) => setTimeout(resolve, KERNEL_DELAY_MS));
}

function outputOf(value: unknown): Output {
  if (value instanceof Chart) return { "text/html": value.html(), "text/plain": value.alt };
  if (value instanceof BarTable) return { "text/html": value.html(), "text/plain": value.text() };
  if (value instanceof ColumnTable) {
    return { "text/html": tableHtml(value), "text/plain": tableText(value) };
  }
  if (value instanceof Note) {
    return { "text/markdown": value.markdown, "text/plain": value.plain };
  }
  return { "text/plain": typeof value === "string" ? value : Deno.inspect(value) };
}

function kernelDisplay(): typeof Deno.jupyter.display | undefined {
  try {
    return Deno.jupyter.display;
  } catch {
    // Outside the kernel there is no such thing, and asking for it throws.
    return undefined;
  }
}

Object.defineProperty(ColumnTable.prototype, Symbol.for("Jupyter.display"), {
  value(this: ColumnTable) {
    return outputOf(this);
  },
});
