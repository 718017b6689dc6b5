import { UserError } from "../../etl/run/error.ts";
import { cellLine, type CellModule, cellModule } from "./cell_module.ts";
import { type CellLimits, type CellProcessOptions, runProcess } from "./cell_process.ts";
import type { Cell, CellOutput, Notebook } from "./notebook.ts";

/** Which notebook a run of cells is of, and what they may read. */
export interface CellRunOptions extends CellProcessOptions {
  /** For errors, such as `01-overview`. */
  name: string;
  /** The folder that relative imports of the notebook mean, as a file URL ending in a slash. */
  folder: string;
}

const CHANNEL = new URL("output_channel.ts", import.meta.url).href;

/**
 * Run the code cells of a notebook in a process of their own, as `runProcess` says.
 *
 * Gives what each cell put out, by its place in the notebook. Throws a `UserError` that names the
 * code cell and its line where a cell fails or a limit is reached, and the signal's reason when
 * aborted.
 */
export async function runCells(
  notebook: Notebook,
  options: CellRunOptions,
): Promise<CellOutput[][]> {
  const { name, limits } = options;
  const module = cellModule(notebook.cells, options.folder, CHANNEL);
  const ended = await runProcess(module.text, options);
  options.signal?.throwIfAborted();
  if (ended.success && ended.isDone && !ended.limit) return ended.outputs;
  if (ended.cell === undefined && !ended.limit) {
    throw await unreadableCell(notebook.cells, options) ??
      failed(name, "no cell could be run", firstLine(ended.stderr));
  }
  const running = module.cells.findIndex(({ index }) => index === ended.cell) + 1;
  if (ended.limit) throw failed(name, `code cell ${running}`, reached(ended.limit, limits));
  if (ended.success) throw failed(name, `code cell ${running}`, "it ended the run");
  const where = place(module, ended.stderr) ?? { cell: running };
  throw failed(name, describe(where), firstLine(ended.stderr));
}

function reached(limit: keyof CellLimits, limits: CellLimits): string {
  if (limit === "ms") return `it did not end within ${Math.round(limits.ms / 1000)} s`;
  const megabytes = `${Math.round(limits[limit] / 1e6)} MB`;
  return limit === "memory"
    ? `it took more than ${megabytes} of memory`
    : `it put out more than ${megabytes}`;
}

/** Find the cell that is no TypeScript by reading each alone: together, one brace shifts the blame. */
async function unreadableCell(
  cells: Cell[],
  options: CellRunOptions,
): Promise<UserError | undefined> {
  let number = 0;
  for (const cell of cells) {
    if (cell.cell_type !== "code") continue;
    number++;
    const alone = cellModule([cell], options.folder, CHANNEL);
    const { success, stderr } = await runProcess(`Deno.exit(0); ${alone.text}`, options);
    if (success) continue;
    const line = place(alone, stderr)?.line;
    return failed(options.name, describe({ cell: number, line }), firstLine(stderr));
  }
}

function place(module: CellModule, stderr: string): { cell: number; line: number } | undefined {
  for (const [, line] of stderr.matchAll(/\bblob:\S+?:(\d+):\d+/g)) {
    const found = cellLine(module, Number(line));
    if (found) return found;
  }
}

function describe({ cell, line }: { cell: number; line?: number }): string {
  return line === undefined ? `code cell ${cell}` : `code cell ${cell}, line ${line}`;
}

function firstLine(stderr: string): string {
  const line = /^error: (?:Uncaught (?:\(in promise\) )?)?(.*)$/m.exec(stderr)?.[1] ??
    stderr.trimEnd().split("\n").at(-1)!;
  return line.replace(/ at file:\S+$/, "").slice(0, 300);
}

function failed(name: string, where: string, what: string): UserError {
  return new UserError(
    `render ${name}`,
    `${where}: ${what}`,
    "Mend that cell and run the task again; the page of the last good run still stands",
  );
}
