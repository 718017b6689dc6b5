/** Cells of notebooks that take all they can get. */
import { runSources } from "../notebooks/cells.ts";
import { fails } from "../notebooks/render/failing_cell.ts";
import { withData } from "../rows.ts";

Deno.test("a cell that never ends is stopped at the limit and named", () =>
  withData(async (data) => {
    // On a machine that is busy, cells that end take long too.
    const started = performance.now();
    await runSources(data, ["const a = 1;"]);
    const seconds = Math.ceil(1 + 3 * (performance.now() - started) / 1000);
    const found = `Cannot render 01-test: code cell 2: it did not end within ${seconds} s`;
    const ms = 1000 * seconds;
    await fails(data, ["const a = 1;", "while (true) {}"], found, { ms });
    await fails(
      data,
      ["const a = 1;", "setInterval(() => {}, 50); await new Promise(() => {});"],
      found,
      { ms },
    );
  }));

Deno.test("a cell that takes too much memory, prints without end or ends the run is named", () =>
  withData(async (data) => {
    await fails(
      data,
      ["const a = 1;", "const b = [];\nfor (;;) b.push(new Uint8Array(1e6).fill(1));"],
      "Cannot render 01-test: code cell 2: it took more than 400 MB of memory",
      { memory: 4e8 },
    );
    await fails(
      data,
      ["const a = 1;", 'for (;;) console.log("again and again");'],
      "Cannot render 01-test: code cell 2: it put out more than 1 MB",
      { output: 1e6 },
    );
    await fails(
      data,
      ["Deno.exit(0);", 'console.log("never");'],
      "Cannot render 01-test: code cell 1: it ended the run",
    );
  }));
