import { UserError } from "../run/error.ts";
import type { LabelReason } from "../labels/label_reason.ts";

/** A reason for good that a service gives to posts that are not at fault, where it gives it to most. */
export interface Doubt {
  /** So many posts of a run, and none with a label between them, are no coincidence. */
  fewest: number;
  found: string;
  remedy: string;
}

/** By reason. An answer that is cut short is paid for, and tried with larger caps before. */
const DOUBTS: Partial<Record<LabelReason, Doubt>> = {
  too_long: {
    fewest: 10,
    found: "are longer than the server takes",
    remedy: "Give the model server a larger context, or the study shorter instructions",
  },
  cut_short: {
    fewest: 3,
    found: "got an answer that is cut short",
    remedy: "Let the model think less (reasoning_effort) or write more (max_completion_tokens)",
  },
  refused: {
    fewest: 10,
    found: "were refused by the model",
    remedy: "Look at the codebook's instructions, or name another model",
  },
  rejected: {
    fewest: 10,
    found: "were refused by the server",
    remedy: "Check the address, the key and the model",
  },
  language_not_supported: {
    fewest: 50,
    found: "are in a language that the service does not score, as it says",
    remedy: "Check that the service scores the attributes that are asked for",
  },
};

/** Give the doubt that a reason raises where a service gives it to so many posts; undefined for none. */
export function doubtOf(reason: LabelReason | null): Doubt | undefined {
  return reason === null ? undefined : DOUBTS[reason];
}

/** Give the error of a run, or of a batch, in which a service gave a reason for good to most posts. */
export function doubtful(
  classifier: string,
  { found, remedy }: Doubt,
  posts: number,
  cause?: unknown,
): UserError {
  return new UserError(
    `run classify:${classifier}`,
    `${posts} posts ${found}, and too few got a label to believe that they are at fault`,
    `${remedy}: those posts stay pending, and received answers are kept`,
    cause === undefined ? {} : { cause },
  );
}

/** Counts the results of a segment of answers, to tell whether its reasons for good can be believed. */
export class SegmentResults {
  #labelled = 0;
  /** By post, the last reason that can be doubted. */
  readonly #refused = new Map<string, LabelReason>();

  /** Add the result of a post that was asked about; one that is asked about again has several. */
  add(post: string, reason: string | null): void {
    if (reason === null) {
      this.#labelled++;
      this.#refused.delete(post);
    } else if (DOUBTS[reason as LabelReason]) this.#refused.set(post, reason as LabelReason);
  }

  /**
   * Give the reason that cannot be believed, undefined where all can: more posts have it than have a
   * label. Only a label proves that a service works.
   */
  get doubted(): { reason: LabelReason; posts: number; doubt: Doubt } | undefined {
    const counts = new Map<LabelReason, number>();
    for (const reason of this.#refused.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    for (const [reason, posts] of counts) {
      const doubt = DOUBTS[reason]!;
      // Most posts of a study may be in other languages.
      const labelled = reason === "language_not_supported" && this.#labelled > 0
        ? Infinity
        : this.#labelled;
      if (posts >= doubt.fewest && posts > labelled) return { reason, posts, doubt };
    }
    return undefined;
  }
}
