/** The place of an event in a stream without numbers. */
export type Succession = "next" | "again" | "after_gap";

/**
 * Follows a stream whose cursors are times, which several events may share.
 *
 * From a cursor, its host sends the event at it once more. So an event is known by its content, and no
 * other event of its microsecond is taken for it. A host that no longer has the event sends the oldest
 * one that it has and says nothing: there something is missing.
 */
export class TimedEvents {
  #at: number | undefined;
  /** Messages that came at the cursor. */
  #came = new Set<string>();
  #isResumed = false;

  /** `cursor` is that of the last event. */
  constructor(cursor: number | undefined) {
    this.#at = cursor;
    this.resumed();
  }

  /** Say that the next event comes from a new connection, from the last cursor on. */
  resumed(): void {
    this.#isResumed = this.#at !== undefined;
  }

  /** Tell how the next event follows the last one. */
  judge(cursor: number, message: Uint8Array | string): Succession {
    const isAfterGap = this.#isResumed && cursor !== this.#at;
    this.#isResumed = false;
    if (cursor !== this.#at) this.#came.clear();
    this.#at = cursor;
    const content = message.toString();
    if (this.#came.has(content)) return "again";
    this.#came.add(content);
    return isAfterGap ? "after_gap" : "next";
  }
}
