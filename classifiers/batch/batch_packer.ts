import { createHash } from "node:crypto";
import type { PaidClassifier } from "../engine/contract/paid_classifier.ts";
import type { QueuedPost } from "../engine/contract/asked_post.ts";
import type { BatchWriter } from "./batch_writer.ts";

/** Asks about posts in requests of a batch. */
export interface BatchClassifier extends PaidClassifier {
  /** Give the body of a request of a batch about posts. */
  batchBody(posts: QueuedPost[]): unknown;
}

/** What asks about posts of the same day, text and context. */
interface Asked {
  hash: string;
  posts: QueuedPost[];
  /** Where it stands, once it is written. */
  at?: { writer: BatchWriter; custom_id: string; place?: number };
}

/** Give the hash by which equal requests are known. */
export function requestHash(classifier: PaidClassifier, post: QueuedPost): string {
  return createHash("sha256").update(classifier.request(post)).digest("hex");
}

/** Gathers posts into requests and writes them; the same is asked once a day. */
export class BatchPacker {
  #pack: Asked[] = [];
  #day = "";
  readonly #repeated = new Map<string, Asked>();
  /** Requests of batches that are under way, by day and hash. */
  readonly #underWay: Set<string>;

  constructor(readonly classifier: BatchClassifier, underWay: Set<string>) {
    this.#underWay = underWay;
  }

  /** Give the posts of the request that is gathered, in an order that has nothing to do with their turns. */
  close(): QueuedPost[] {
    this.#pack = shuffled(this.#pack);
    return this.#pack.map(({ posts }) => posts[0]!);
  }

  get isFull(): boolean {
    return this.#pack.length >= this.classifier.postsPerRequest;
  }

  /**
   * Take a post; `writer` writes the present batch.
   *
   * Where the same is asked in a batch that is sent, the post is left pending: its answer will be there.
   */
  take(post: QueuedPost, writer: BatchWriter | undefined): void {
    const hash = requestHash(this.classifier, post);
    const key = `${post.date} ${hash}`;
    if (post.date !== this.#day) this.#repeated.clear();
    this.#day = post.date;
    if (post.is_repeated) {
      if (this.#underWay.has(key)) return;
      const same = this.#repeated.get(key);
      if (same !== undefined) return this.#share(same, post, writer);
    }
    const asked = { hash, posts: [post] };
    this.#pack.push(asked);
    if (post.is_repeated) this.#repeated.set(key, asked);
  }

  /** Write the request about the posts that `close` gave. */
  async write(posts: QueuedPost[], writer: BatchWriter, cost: number): Promise<void> {
    const pack = this.#pack;
    this.#pack = [];
    const body = this.classifier.batchBody(posts);
    const custom_id = await writer.ask(body, cost);
    for (const [place, asked] of pack.entries()) {
      asked.at = { writer, custom_id, ...pack.length > 1 ? { place } : {} };
      for (const post of asked.posts) this.#note(asked, post);
      // What is written is needed no more, and may be a million posts.
      asked.posts = [];
    }
  }

  #share(same: Asked, post: QueuedPost, writer: BatchWriter | undefined): void {
    if (same.at === undefined) same.posts.push(post);
    else if (same.at.writer === writer) this.#note(same, post);
  }

  #note({ hash, at }: Asked, post: QueuedPost): void {
    const { writer, custom_id, place } = at!;
    const about = this.classifier.about?.(post);
    writer.note({
      custom_id,
      ...place === undefined ? {} : { place },
      date: post.date,
      uri: post.uri,
      cid: post.cid,
      text_hash: post.text_hash,
      request_hash: hash,
      is_repeated: post.is_repeated,
      ...about ? { about } : {},
    });
  }
}

function shuffled<T>(items: T[]): T[] {
  return items.map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key).map(({ item }) => item);
}
