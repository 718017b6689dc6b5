import type { Verdict } from "./verdict.ts";

/** So far ahead of our own clock no host's events are, but where it is wrong. */
const WRONG_MS = 86_400_000;
/** Events in a row that say it: more than a server sends at once, and than the stream's time waits for. */
const WRONG = 8192;
/** So few say it where nothing else tells the time of the stream. */
const WRONG_AT_FIRST = 9;

/**
 * Finds out whether our own clock is days behind a stream.
 *
 * What the clock cuts off of the events' times looks like the present: where the time of the stream is
 * not known, it would be found by that. Where it is known, it stands still.
 */
export class OwnClock {
  /** Events in a row that are dated so far ahead, and how far the last one is. */
  #ahead = 0;
  #ms = 0;

  /** Look at the `time` of the next event, which came when our clock said `received`. */
  compare(time: number, received: number): void {
    this.#ms = time - received;
    this.#ahead = this.#ms > WRONG_MS ? this.#ahead + 1 : 0;
  }

  /**
   * Judge what is to be placed: undefined where nothing speaks against it.
   *
   * `isUnknown` says that the time of the stream is not known: then a few events that are ahead wait, and
   * at the end (`isEnd`) prove that our clock is behind.
   */
  judge(isUnknown: boolean, isEnd = false): Verdict | undefined {
    const fewest = isUnknown && isEnd ? WRONG_AT_FIRST : WRONG;
    if (this.#ahead >= fewest) return { behind: this.#ms };
    return isUnknown && this.#ahead >= WRONG_AT_FIRST ? "go_on" : undefined;
  }
}
