/**
 * One line on stderr that says how a long piece of work goes: rewritten in place on a terminal,
 * written once a minute otherwise, so that a cron mail stays readable.
 */
export class Progress {
  #terminal = Deno.stderr.isTerminal();
  #every = this.#terminal ? 200 : 60_000;
  #last = performance.now();
  #shown = false;

  /** Show the line that `text` gives, if it is time for one. */
  update(text: () => string): void {
    const time = performance.now();
    if (time - this.#last < this.#every) return;
    this.#last = time;
    this.#write(this.#terminal ? `\r\x1b[2K${text()}` : `${text()}\n`);
    this.#shown = this.#terminal;
  }

  /** Say something at once, on a line of its own. */
  say(text: string): void {
    this.#write(`${this.#shown ? "\r\x1b[2K" : ""}${text}\n`);
    this.#shown = false;
  }

  /** Remove the line. */
  clear(): void {
    if (this.#shown) this.#write("\r\x1b[2K");
    this.#shown = false;
  }

  #write(text: string): void {
    try {
      Deno.stderr.writeSync(new TextEncoder().encode(text));
    } catch {
      // Its session was closed: nobody reads it, and the work continues to its end.
    }
  }
}
