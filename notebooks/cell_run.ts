import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../etl/run/error.ts";
import { cellLine, type CellModule, cellModule } from "./cell_module.ts";
import { ENGINE } from "./engine.ts";
import type { Cell, CellOutput, Notebook } from "./notebook.ts";
import { VIEWS } from "./views.ts";

export interface CellRunOptions {
  /** For errors, such as `01-overview`. */
  name: string;
  /** The folder that relative imports of the notebook mean, as a file URL ending in a slash. */
  folder: string;
  data: string;
  /** Path of the study file. */
  study: string;
  /** The time after which the run is ended. */
  limitMs: number;
  signal?: AbortSignal;
}

interface Ended {
  success: boolean;
  late: boolean;
  stderr: string;
  /** The place of the last cell that was begun, undefined where none was. */
  cell: number | undefined;
  outputs: CellOutput[][];
}

const CONFIG = fileURLToPath(new URL("../deno.json", import.meta.url));
const CHANNEL = new URL("output_channel.ts", import.meta.url).href;

/**
 * Run the code cells of a notebook in a process of their own, which may read the data folder and the
 * study, write nothing and reach no network; Deno itself fetches an npm package that is imported for
 * the first time.
 *
 * Gives what each cell put out, by its place in the notebook. Throws a `UserError` that names the
 * code cell and its line where a cell fails or the time is up, and the signal's reason when aborted.
 */
export async function runCells(
  notebook: Notebook,
  options: CellRunOptions,
): Promise<CellOutput[][]> {
  const module = cellModule(notebook.cells, options.folder, CHANNEL);
  const ended = await run(module.text, options);
  options.signal?.throwIfAborted();
  if (ended.success && !ended.late) return ended.outputs;
  if (ended.cell === undefined && !ended.late) {
    throw await unreadableCell(notebook.cells, options) ??
      failed(options.name, "no cell could be run", firstLine(ended.stderr));
  }
  const running = module.cells.findIndex(({ index }) => index === ended.cell) + 1;
  if (ended.late) {
    const seconds = Math.round(options.limitMs / 1000);
    throw failed(options.name, `code cell ${running}`, `it did not end within ${seconds} s`);
  }
  const where = place(module, ended.stderr) ?? { cell: running };
  throw failed(options.name, describe(where), firstLine(ended.stderr));
}

async function run(text: string, options: CellRunOptions): Promise<Ended> {
  const marker = `\x1e${crypto.randomUUID()} `;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      `--config=${CONFIG}`,
      `--allow-read=${[options.data, options.study, VIEWS, ENGINE].map(listed).join(",")}`,
      "--allow-env=CIVICSKY_DATA,CIVICSKY_STUDY",
      "--ignore-env",
      // Without it a cell may import from some hosts, whatever its permissions.
      "--no-remote",
      // A library of DuckDB-WASM counts them while it loads.
      "--allow-sys=cpus",
      "--ext=ts",
      "-",
      marker,
    ],
    env: { CIVICSKY_DATA: options.data, CIVICSKY_STUDY: options.study, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = false;
  const kill = () => child.kill("SIGKILL");
  const timer = setTimeout(() => {
    late = true;
    kill();
  }, options.limitMs);
  options.signal?.addEventListener("abort", kill);
  try {
    const output = child.output();
    const stdin = child.stdin.getWriter();
    await stdin.write(new TextEncoder().encode(text));
    await stdin.close();
    const { success, stdout, stderr } = await output;
    const decoder = new TextDecoder();
    return {
      success,
      late,
      stderr: decoder.decode(stderr),
      ...parse(decoder.decode(stdout), marker),
    };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", kill);
  }
}

/** Take the stream apart: marked messages, and between them what the cells printed. */
function parse(stdout: string, marker: string): Pick<Ended, "cell" | "outputs"> {
  const outputs: CellOutput[][] = [];
  let cell: number | undefined;
  const add = (output: CellOutput) => {
    if (cell !== undefined) (outputs[cell] ??= []).push(output);
  };
  for (const piece of stdout.split(marker).slice(1)) {
    const end = piece.indexOf("\n");
    // A child that was killed may leave half a message, always the last.
    if (end < 0) break;
    const message = JSON.parse(piece.slice(0, end));
    if ("cell" in message) cell = message.cell;
    else if ("display" in message) add({ display: message.display });
    else add({ stream: "stderr", text: message.stderr });
    const printed = piece.slice(end + 1);
    if (printed !== "") add({ stream: "stdout", text: printed });
  }
  return { cell, outputs };
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
    const { success, stderr } = await run(`Deno.exit(0); ${alone.text}`, options);
    if (success) continue;
    const line = place(alone, stderr)?.line;
    return failed(options.name, describe({ cell: number, line }), firstLine(stderr));
  }
}

function place(module: CellModule, stderr: string): { cell: number; line: number } | undefined {
  for (const [, line] of stderr.matchAll(/\$deno\$stdin\.m?ts:(\d+):\d+/g)) {
    const found = cellLine(module, Number(line));
    if (found) return found;
  }
}

function describe({ cell, line }: { cell: number; line?: number }): string {
  return line === undefined ? `code cell ${cell}` : `code cell ${cell}, line ${line}`;
}

function firstLine(stderr: string): string {
  const line = /^error: (?:Uncaught (?:\(in promise\) )?)?(.*)$/m.exec(stderr)?.[1] ?? "no message";
  return line.replace(/ at file:\S+$/, "").slice(0, 300);
}

function failed(name: string, where: string, what: string): UserError {
  return new UserError(
    `render ${name}`,
    `${where}: ${what}`,
    "Mend that cell and run the task again; the page of the last good run still stands",
  );
}

/**
 * Commas part the entries of a permission, and Deno 2.9 takes no escape for them: of a path that has
 * one, the folder above must do.
 */
function listed(path: string): string {
  const comma = path.indexOf(",");
  return comma < 0 ? path : dirname(path.slice(0, comma + 1));
}
