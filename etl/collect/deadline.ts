import { now } from "../run/clock.ts";

/** A stretch that ends in the past is over when the stream is silent for so long. */
const QUIET_MS = 10_000;

/** Ends a stretch when its time is up, or when the stream has nothing more from before `until`. */
export class Deadline {
  #timers: ReturnType<typeof setTimeout>[] = [];
  #connected = false;
  /** Since when a message is waited for, undefined while one is worked on. */
  #waiting: number | undefined;
  #quietMs: number;

  constructor(
    { ms, until }: { ms?: number; until?: Date },
    end: AbortController,
    quietMs = QUIET_MS,
  ) {
    this.#quietMs = quietMs;
    if (ms !== undefined) this.#timers.push(setTimeout(() => end.abort(), ms));
    if (until === undefined) return;
    this.#timers.push(setInterval(() => {
      if (this.#isQuiet() && now().getTime() > until.getTime() + quietMs) end.abort();
    }, Math.min(quietMs, 1000)));
  }

  /** Say that the host took a connection. */
  connected(): void {
    this.#connected = true;
    this.#waiting = performance.now();
  }

  /** Say that the connection is gone: a host that is away is not a host without events. */
  disconnected(): void {
    this.#connected = false;
  }

  /**
   * Say whether a message is waited for.
   *
   * While one is written down or a segment lands, nobody listens, and the host is not silent.
   */
  waits(isWaiting: boolean): void {
    this.#waiting = isWaiting ? performance.now() : undefined;
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #isQuiet(): boolean {
    return this.#connected && this.#waiting !== undefined &&
      performance.now() - this.#waiting > this.#quietMs;
  }
}
