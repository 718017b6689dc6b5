/**
 * The child's end of the way from cells to the page: marked JSON lines on stdout. The marker is
 * drawn anew for each run, so that nothing a cell prints can pass for an output.
 */
import { formatWithOptions } from "node:util";
import { type Output, SINK } from "./show.ts";

const marker = Deno.args[0]!;

function send(message: unknown): void {
  const bytes = new TextEncoder().encode(`${marker}${JSON.stringify(message)}\n`);
  for (let sent = 0; sent < bytes.length;) sent += Deno.stdout.writeSync(bytes.subarray(sent));
}

/** Say that what follows comes from the cell at this place in the notebook. */
export function beginCell(index: number): void {
  send({ cell: index });
}

/** Say that the last cell has ended, so that a cell that ends the process does not pass for the end. */
export function endCells(): void {
  send({ done: true });
}

Object.assign(globalThis, { [SINK]: (output: Output) => send({ display: output }) });
// On a pipe of its own it would not be known which cell it belongs to.
console.warn = console.error = (...values: unknown[]) =>
  send({ stderr: `${formatWithOptions({ colors: false }, ...values)}\n` });
