/** So far ahead of our own clock no host's events are, but where it is wrong. */
const WRONG_MS = 86_400_000;
/** Events in a row that say it: more than a server sends at once, or so few where the stream ends. */
const [WRONG, WRONG_AT_END] = [512, 9];

/** Finds out whether our own clock is days behind a stream. */
export class OwnClock {
  /** Events in a row that are dated so far ahead, and how far the last one is. */
  #ahead = 0;
  #ms = 0;

  /** Look at the `time` of the next event, which came when our clock said `received`. */
  compare(time: number, received: number): void {
    this.#ms = time - received;
    this.#ahead = this.#ms > WRONG_MS ? this.#ahead + 1 : 0;
  }

  /** May it be wrong? Then no event can be placed: what it cuts off would look like the present. */
  get isDoubtful(): boolean {
    return this.#ahead >= WRONG_AT_END;
  }

  /**
   * Say by how many milliseconds it is behind the stream, where it is a day or more.
   *
   * No single server and no burst is a stream: 512 events say it, or the last nine where it ends.
   */
  behind(isEnd: boolean): number | undefined {
    return this.#ahead >= (isEnd ? WRONG_AT_END : WRONG) ? this.#ms : undefined;
  }
}
