import { createHash } from "node:crypto";
import type { PendingPost } from "../../etl/sampling/pending.ts";
import type { Answered } from "../../etl/answers/answer_reader.ts";
import type { StoredAnswer } from "../../etl/answers/stored_answers.ts";
import type { PaidClassifier } from "./paid_classifier.ts";

/** A post with its day, and the stored answer to the same request. */
export interface QueuedPost extends PendingPost {
  date: string;
  stored?: StoredAnswer;
}

/** A post to ask about, with the hash of its request. */
export interface AskedPost {
  post: QueuedPost;
  hash: string;
  /** Called once; with undefined where the run stopped without an answer or a reason. */
  tell(answered: Answered | undefined): void;
}

/** Give the hash that identifies equal requests about a post. */
export function requestHash(classifier: PaidClassifier, post: PendingPost): string {
  return createHash("sha256").update(classifier.request(post)).digest("hex");
}

/**
 * Give the posts of a labelling run, or other items, in a shuffled order, so that a post's place in
 * a request is independent of its turn.
 */
export function shuffled<T>(items: T[]): T[] {
  return items.map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key).map(({ item }) => item);
}
