import type { Answered, AskedPost, QueuedPost } from "../contract/asked_post.ts";
import type { Asker } from "./asker.ts";

/** How long a request waits for more posts; they come within a millisecond where there are any. */
const WAIT_MS = 50;

/**
 * Gathers posts that workers ask about at the same time into one request.
 *
 * In an order of their own, so that a post's place in a request has nothing to do with its turn.
 */
export class Packer {
  #waiting: (AskedPost & { fail(error: unknown): void })[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly asker: Asker) {}

  /** Ask about a post; gives undefined where the run stops before. */
  ask(post: QueuedPost, hash: string): Promise<Answered | undefined> {
    const { classifier } = this.asker.options;
    return new Promise((tell, fail) => {
      this.#waiting.push({ post, hash, tell, fail });
      // What is asked first goes alone.
      const isFull = this.#waiting.length >= classifier.postsPerRequest || !this.asker.hasProof;
      if (isFull) this.#send();
      else this.#timer ??= setTimeout(() => this.#send(), WAIT_MS);
    });
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const pack = shuffled(this.#waiting);
    this.#waiting = [];
    this.asker.ask(pack).catch((error) => pack.forEach(({ fail }) => fail(error)));
  }
}

function shuffled<T>(items: T[]): T[] {
  return items.map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place).map(({ item }) => item);
}
