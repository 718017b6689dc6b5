import { createHash } from "node:crypto";
import type { LabelReason } from "../../../etl/labels/label_reason.ts";
import type { PendingPost, StoredAnswer } from "../../../etl/sampling/pending.ts";
import type { PaidClassifier } from "./paid_classifier.ts";

/** A post with its day, and what is stored of the same request. */
export interface QueuedPost extends PendingPost {
  date: string;
  stored?: StoredAnswer;
}

/** What became of a post: an answer that can be read, or why there is none. */
export interface Answered {
  answer: string | null;
  reason: LabelReason | null;
}

/** A post that is to be asked about, with the hash of its request. */
export interface AskedPost {
  post: QueuedPost;
  hash: string;
  /** Told once; of undefined where the run stopped before there was an answer or a reason. */
  tell(answered: Answered | undefined): void;
}

/** Give the hash by which equal requests about a post are known. */
export function requestHash(classifier: PaidClassifier, post: PendingPost): string {
  return createHash("sha256").update(classifier.request(post)).digest("hex");
}

/** Give items in an order of their own, so that a post's place in a request has nothing to do with its turn. */
export function shuffled<T>(items: T[]): T[] {
  return items.map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key).map(({ item }) => item);
}
