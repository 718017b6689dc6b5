/** Catches what a run prints that goes on in the process of its test, apart from other such runs. */
import { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import { format } from "node:util";

/** What a run has printed so far. */
interface Printed {
  stdout: Uint8Array[];
  stderr: Uint8Array[];
}

type Stream = keyof Printed;

const printing = new AsyncLocalStorage<Printed>();

for (const name of ["log", "info", "debug"] as const) catchConsole(name, "stdout");
for (const name of ["error", "warn"] as const) catchConsole(name, "stderr");
for (const stream of ["stdout", "stderr"] as const) {
  catchDeno(stream);
  catchNode(stream);
}

/** Run something and give what it gave, and what it printed on either stream. */
export async function printed<T>(
  run: () => Promise<T>,
): Promise<{ result: T; stdout: string; stderr: string }> {
  const caught: Printed = { stdout: [], stderr: [] };
  const result = await printing.run(caught, run);
  return { result, stdout: text(caught.stdout), stderr: text(caught.stderr) };
}

function text(pieces: Uint8Array[]): string {
  const decoder = new TextDecoder();
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
}

/** Keep bytes, where a run is there whose they are. */
function keep(stream: Stream, bytes: Uint8Array): boolean {
  return printing.getStore()?.[stream].push(bytes.slice()) !== undefined;
}

function catchConsole(name: "log" | "info" | "debug" | "error" | "warn", stream: Stream): void {
  const print = console[name];
  console[name] = (...values: unknown[]) => {
    if (!keep(stream, new TextEncoder().encode(`${format(...values)}\n`))) print(...values);
  };
}

function catchDeno(stream: Stream): void {
  const target = Deno[stream];
  const [write, writeSync] = [target.write.bind(target), target.writeSync.bind(target)];
  const isTerminal = target.isTerminal.bind(target);
  target.write = (bytes) => keep(stream, bytes) ? Promise.resolve(bytes.length) : write(bytes);
  target.writeSync = (bytes) => keep(stream, bytes) ? bytes.length : writeSync(bytes);
  target.isTerminal = () => printing.getStore() === undefined && isTerminal();
}

/** `commander` prints help through Node's streams. */
function catchNode(stream: Stream): void {
  const target = process[stream];
  const write = target.write.bind(target);
  // deno-lint-ignore no-explicit-any
  target.write = (chunk: Uint8Array | string, ...rest: any[]) => {
    const bytes = typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
    return keep(stream, bytes) || write(chunk, ...rest);
  };
}
