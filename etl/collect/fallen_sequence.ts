/** Events by which a sequence that fell back is told from events that are sent again. */
const FEWEST = 3;

/**
 * Tells a sequence that its host began anew from events that are sent again: those are not younger than
 * the stream. Too few events prove neither, and wait for others.
 */
export class FallenSequence<T extends { event: { time: number } }> {
  #fallen: T[] = [];

  /** Forget what waits; gives how many there were. */
  clear(): number {
    return this.#fallen.splice(0).length;
  }

  /**
   * Add an event at or below the last sequence number; `time` is that of the stream, where it is known.
   *
   * Gives the events, and whether they begin a sequence anew, once there are enough.
   */
  add(fallen: T, time: number | undefined): { fallen: T[]; isAnew: boolean } | undefined {
    this.#fallen.push(fallen);
    if (this.#fallen.length < FEWEST) return undefined;
    const all = this.#fallen.splice(0);
    const times = all.map(({ event }) => event.time).sort((a, b) => a - b);
    return { fallen: all, isAnew: time !== undefined && times[(times.length - 1) >> 1]! > time };
  }
}
