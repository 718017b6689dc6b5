/** A real peer in a process of its own (see peer.mjs). */
import { fileURLToPath } from "node:url";
import type { Installation } from "./installation.ts";

const SCRIPT = fileURLToPath(new URL("peer.mjs", import.meta.url));
const PATIENCE_MS = 120_000;

export type Role = "postgres" | "plc" | "pds" | "appview";

export class Peer {
  readonly #process: Deno.ChildProcess;

  private constructor(
    process: Deno.ChildProcess,
    /** What the peer said of itself when it was ready. */
    readonly ready: Record<string, unknown>,
  ) {
    this.#process = process;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Start a peer and wait until it answers; `scratch` is where it puts temporary files. */
  static async start(
    { folder, node }: Installation,
    role: Role,
    config: Record<string, unknown>,
    scratch: string,
  ): Promise<Peer> {
    const process = new Deno.Command(node, {
      args: [SCRIPT, folder, role, JSON.stringify(config)],
      clearEnv: true,
      env: { PATH: Deno.env.get("PATH") ?? "", TMPDIR: scratch, NODE_ENV: "test" },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const late = setTimeout(() => process.kill("SIGKILL"), PATIENCE_MS);
    const line = await firstLine(process.stdout);
    clearTimeout(late);
    if (line === undefined) {
      const { code, signal } = await process.status;
      throw new Error(`Cannot start the ${role}: it ended with ${signal ?? code}`);
    }
    return new Peer(process, JSON.parse(line));
  }

  /** End the peer as a crash of its machine would. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this[Symbol.asyncDispose]();
  }

  /** End the peer and what it started. */
  async [Symbol.asyncDispose](): Promise<void> {
    const late = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE_MS);
    // Of a peer that has ended already the pipe is broken or closed, which is the state we want.
    await this.#process.stdin.close().catch(() => undefined);
    await this.#process.status;
    clearTimeout(late);
  }
}

/** Give the first line of a stream, undefined where it ends before; the rest is read and dropped. */
async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) return undefined;
    text += value;
  }
  void (async () => {
    while (!(await reader.read()).done);
  })();
  return text.slice(0, text.indexOf("\n"));
}
