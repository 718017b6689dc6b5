import { fileURLToPath } from "node:url";
import { cellSandbox } from "./cell_sandbox.ts";
import type { CellOutput } from "./notebook.ts";

/** What the run of a notebook may take at most. */
export interface CellLimits {
  ms: number;
  /** Bytes of memory that the process holds, asked for twice a second. */
  memory: number;
  /** Bytes that the cells put out. */
  output: number;
}

/** What the process of a notebook's cells may read, and its limits. */
export interface CellProcessOptions {
  data: string;
  /** Path of the study file. */
  study: string;
  limits: CellLimits;
  signal?: AbortSignal;
}

/** How the process of a notebook ended. */
export interface CellProcessEnd {
  success: boolean;
  /** The limit that it reached. */
  limit?: keyof CellLimits;
  stderr: string;
  /** The place of the last cell that was begun, undefined where none was. */
  cell: number | undefined;
  /** Did the last cell end? */
  isDone: boolean;
  outputs: CellOutput[][];
}

const HOST = fileURLToPath(new URL("cell_host.ts", import.meta.url));
const MEMORY_EVERY_MS = 500;
/**
 * How long a function of DuckDB-WASM runs before V8 compiles it for speed. By default that is so soon
 * that on small data compiling takes more than the queries; long ones have it either way.
 */
const TIERING = "--wasm-tiering-budget=200000000";

/**
 * Run a module of cells in a process of its own, which may do what `cellSandbox` says. One that reaches
 * a limit is ended.
 */
export async function runProcess(
  module: string,
  { data, study, limits, signal }: CellProcessOptions,
): Promise<CellProcessEnd> {
  await using sandbox = await cellSandbox(data, study);
  const marker = `\x1e${crypto.randomUUID()} `;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      `--v8-flags=--max-old-space-size=${Math.ceil(limits.memory / 2 ** 20)},${TIERING}`,
      "--no-check",
      ...sandbox.args,
      HOST,
      marker,
    ],
    env: { ...sandbox.env, CIVICSKY_DATA: data, CIVICSKY_STUDY: study, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let limit: CellProcessEnd["limit"];
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch (error) {
      // It has ended meanwhile, and what it put out is still being read.
      if (!(error instanceof TypeError)) throw error;
    }
  };
  const stop = (reached: keyof CellLimits) => {
    limit ??= reached;
    kill();
  };
  const timer = setTimeout(() => stop("ms"), limits.ms);
  const watch = setInterval(async () => {
    if (await memoryOf(child.pid) > limits.memory) stop("memory");
  }, MEMORY_EVERY_MS);
  signal?.addEventListener("abort", kill);
  try {
    const output = [child.stdout, child.stderr].map((stream) =>
      textOf(stream, limits.output, () => stop("output"))
    );
    const stdin = child.stdin.getWriter();
    await stdin.write(new TextEncoder().encode(module));
    await stdin.close();
    const [stdout, stderr] = await Promise.all(output);
    const { success } = await child.status;
    if (!success && /JavaScript out of memory/.test(stderr!)) limit ??= "memory";
    return { success, limit, stderr: stderr!, ...parse(stdout!, marker) };
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    signal?.removeEventListener("abort", kill);
  }
}

async function textOf(
  stream: ReadableStream<Uint8Array>,
  most: number,
  stop: () => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > most) stop();
    else text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Give the bytes that a process holds; 0 where nobody can tell, as on Windows or once it has ended. */
async function memoryOf(pid: number): Promise<number> {
  try {
    const ps = new Deno.Command("ps", { args: ["-o", "rss=", "-p", `${pid}`], stderr: "null" });
    const { stdout } = await ps.output();
    return 1024 * Number(new TextDecoder().decode(stdout));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** Take the stream apart: marked messages, and between them what the cells printed. */
function parse(
  stdout: string,
  marker: string,
): Pick<CellProcessEnd, "cell" | "isDone" | "outputs"> {
  const outputs: CellOutput[][] = [];
  let cell: number | undefined;
  let isDone = false;
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
    else if ("done" in message) isDone = true;
    else add({ stream: "stderr", text: message.stderr });
    const printed = piece.slice(end + 1);
    if (printed !== "") add({ stream: "stdout", text: printed });
  }
  return { cell, isDone, outputs };
}
