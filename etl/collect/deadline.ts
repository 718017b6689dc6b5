import { now } from "../run/clock.ts";

/** A stretch that ends in the past is over after this much silence. */
const QUIET_MS = 10_000;

/** Ends a stretch when its time is up, or when the stream has no more events before `until`. */
export class Deadline {
  #timers: ReturnType<typeof setTimeout>[] = [];
  #connected = false;
  /** Start of the wait for a message, undefined while one is processed. */
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
    // Counted from here on, as the clock may be set anew while a run reads.
    const isPast = performance.now() + until.getTime() - now().getTime() + quietMs;
    this.#timers.push(setInterval(() => {
      if (this.#isQuiet() && performance.now() > isPast) end.abort();
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
   * While a message is written or a segment lands, the host does not count as silent.
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
