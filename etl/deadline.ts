import { now } from "./run/clock.ts";

/** A stretch that ends in the past is over when the stream is silent for so long. */
const QUIET_MS = 10_000;

/** Ends a stretch when its time is up, or when the stream has nothing more from before `until`. */
export class Deadline {
  #timers: ReturnType<typeof setTimeout>[] = [];
  /** When the host was last heard, undefined while there is no connection. */
  #heard: number | undefined;

  constructor({ ms, until }: { ms?: number; until?: Date }, end: AbortController) {
    if (ms !== undefined) this.#timers.push(setTimeout(() => end.abort(), ms));
    if (until === undefined) return;
    this.#timers.push(setInterval(() => {
      const quiet = this.#heard !== undefined && performance.now() - this.#heard > QUIET_MS;
      if (quiet && now().getTime() > until.getTime() + QUIET_MS) end.abort();
    }, 1000));
  }

  /** Say that the host took a connection or sent something. */
  heard(): void {
    this.#heard = performance.now();
  }

  /** Say that the connection is gone: a host that is away is not a host without events. */
  disconnected(): void {
    this.#heard = undefined;
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
