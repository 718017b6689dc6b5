import { createHash } from "node:crypto";

/** No gap of numbers that is filled with more of them is believed to be filled. */
const MOST = 100_000;

/** Messages that could not be read since the last event: each may be one of the numbers that are missing. */
export class UnreadMessages {
  readonly #known = new Set<string>();
  /** Those of this connection. */
  readonly #here = new Set<string>();

  /** Take a message; false where it came before: hosts send again what lies behind the cursor. */
  add(message: Uint8Array | string): boolean {
    if (this.#known.size >= MOST) return true;
    const hash = createHash("sha256").update(message).digest("base64");
    const isNew = !this.#known.has(hash);
    this.#known.add(hash);
    this.#here.add(hash);
    return isNew;
  }

  /** How many different ones came since the last event or reconnect. */
  get count(): number {
    return this.#here.size;
  }

  /** The connection was cut: what lies behind the cursor comes again. */
  resumed(): void {
    this.#here.clear();
  }

  /** An event came. */
  clear(): void {
    this.#known.clear();
    this.#here.clear();
  }
}
