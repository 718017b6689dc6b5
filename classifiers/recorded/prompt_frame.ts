import { createHash } from "node:crypto";

/**
 * The common part of the prompts of recorded replies: the lines with which all begin and end.
 *
 * It holds the question without the post: its hash identifies the prompt of a
 * label set, and reveals no post.
 */
export class PromptFrame {
  #head: string[] | undefined;
  #tail: string[] = [];
  #areDifferent = false;

  take(prompt: string): void {
    const lines = prompt.split("\n");
    if (this.#head === undefined) {
      this.#head = lines;
      this.#tail = lines.toReversed();
      return;
    }
    const tail = lines.toReversed();
    this.#areDifferent ||= lines.length !== this.#head.length ||
      lines.some((line, i) => line !== this.#head![i]);
    this.#head = this.#head.slice(0, common(this.#head, lines));
    this.#tail = this.#tail.slice(0, common(this.#tail, tail));
  }

  /** Give its sha256; null where no two prompts differ, so that frame and post cannot be told apart. */
  hash(): string | null {
    if (!this.#areDifferent) return null;
    return createHash("sha256").update(JSON.stringify([this.#head, this.#tail])).digest("hex");
  }
}

/** Count the lines with which both begin. */
function common(a: string[], b: string[]): number {
  const different = a.findIndex((line, i) => line !== b[i]);
  return different === -1 ? a.length : different;
}
