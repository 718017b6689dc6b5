/** Runs a script of these tests in a process of its own, which can be killed at any instant. */
import { onlyThese } from "../../../etl/run/environment.ts";
import { ROOT } from "../../task.ts";

/** A process that answers each line written to it with one line. */
export class Child {
  readonly process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";

  /** Start `tests/etl/<script>` with arguments. */
  constructor(script: string, ...args: string[]) {
    this.process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--allow-all",
        "--config",
        `${ROOT}deno.json`,
        `${ROOT}tests/etl/${script}`,
        ...args,
      ],
      env: onlyThese({}),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = this.process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Give the next whole line, undefined at the end. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const { done, value } = await this.#lines.read();
      if (done) return undefined;
      this.#rest += value;
    }
  }

  /** Write a line and give the line that answers it. */
  async ask(question: string): Promise<string | undefined> {
    const writer = this.process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${question}\n`));
    writer.releaseLock();
    return await this.line();
  }

  /** Kill it at once and give the lines that it still wrote. */
  async kill(): Promise<string[]> {
    this.process.kill("SIGKILL");
    await this.process.status;
    const lines: string[] = [];
    for (let line = await this.line(); line !== undefined; line = await this.line()) {
      lines.push(line);
    }
    await this.process.stdin.abort().catch(() => {});
    return lines;
  }
}
