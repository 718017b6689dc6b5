import type { LabelReason } from "../../etl/labels/label_reason.ts";
import { doubtful, doubtOf } from "../../etl/answers/doubt.ts";
import { UserError } from "../../etl/run/error.ts";
import type { Pacer } from "../../etl/quota/pacer.ts";
import type { ServiceError } from "../../etl/answers/service_error.ts";

/** Tries of a post before its failure is recorded. */
const TRIES = 5;
const BACKOFF_MS = 500;
/** This many failures in a row are the service's fault, not a post's. */
const OUTAGE = 20;
/** A service without an answer for this long is gone for this run. */
const PATIENCE_MS = 5 * 60_000;
const LONGEST_BACKOFF_MS = 60_000;
/** Waits of a labelling run that would be longer are left to the next one. */
export const LONGEST_WAIT_MS = 15 * 60_000;

/** Tries of a post, and failed posts, after which a service that labelled none is gone. */
const [FIRST_TRIES, FIRST_POSTS] = [3, 3];
/** Refusals in a row after which a service that labelled posts before has changed. */
const REFUSALS = 10;
/** Reasons for good in a row after which one that labelled posts in this run has. */
const LATER_REASONS = 20;
/** Unreadable paid answers in a row that end the run: at first, and later. */
const [FIRST_UNREADABLE, UNREADABLE] = [5, 20];

/** What to do after a failure: wait and ask again, record it, or leave the rest to another day. */
export type Verdict = { againAfterMs: number } | "give up" | "quota";

/** Decides what the failures of a service mean for a post and for the run. */
export class Patience {
  /** Whether the service has labelled a post in this run. */
  hasProof = false;
  /** Why the run must end: reasons that are stored and cannot be believed. */
  end: UserError | undefined;
  #refused = 0;
  /** Posts in a row that got a reason for good. */
  #reasoned = 0;
  #unreadable = 0;
  /** Failed posts before the service labelled any. */
  #lost = 0;
  #failures = 0;
  #silentSince: number | undefined;
  #pausedAt = -Infinity;
  #pauses = 0;
  #saidMs = 0;

  /**
   * `onPause` is called for each pause of all workers, once, and again if it becomes much longer.
   */
  constructor(
    readonly name: string,
    readonly pacer: Pacer,
    readonly onPause: (ms: number, reason: string) => void,
  ) {}

  /** Note that the service answered a request of some moment. */
  answered(askedAt: number): void {
    this.#failures = 0;
    this.#silentSince = undefined;
    if (askedAt >= this.#pausedAt) this.#pauses = 0;
  }

  /** Note that the service labelled a post. */
  labelled(): void {
    this.hasProof = true;
    [this.#refused, this.#reasoned, this.#unreadable, this.#lost] = [0, 0, 0, 0];
  }

  /**
   * Give the reason for a post that the service refuses, or that its answer refuses (`isAnswer`).
   *
   * If only the status says so, the reason is the post's own only if the service labelled
   * another post since the last such refusal. Throws a UserError after so many refusals in a row
   * that the posts cannot be at fault; after so many reasons it is `end`.
   */
  refused(error: ServiceError, isAnswer: boolean): LabelReason | null {
    if (isAnswer || error.problem !== "denied" && error.reason !== "rejected") {
      const doubt = doubtOf(error.reason);
      if (doubt === undefined) return error.reason;
      this.#reasoned++;
      const most = this.hasProof ? Math.max(LATER_REASONS, doubt.fewest) : doubt.fewest;
      if (this.#reasoned >= most) this.end = doubtful(this.name, doubt, this.#reasoned, error);
      return error.reason;
    }
    this.#refused++;
    if (this.#refused >= (this.hasProof ? REFUSALS : FIRST_POSTS)) {
      throw this.#none(`${error.message}, for ${this.#refused} posts in a row`, error);
    }
    return this.hasProof && this.#refused === 1 ? error.reason : "unavailable";
  }

  /**
   * Judge a temporary failure or a refusal for the rate limit; the latter costs no try.
   *
   * Pauses all workers where the service asks for it or does not answer; `isAnswer` says that it
   * gave an unreadable answer. Throws a UserError where it has not answered for too long, or
   * gave only unreadable answers.
   */
  judge(error: ServiceError, tries: number, askedAt: number, isAnswer = false): Verdict {
    if (isAnswer && ++this.#unreadable >= (this.hasProof ? UNREADABLE : FIRST_UNREADABLE)) {
      const found = `${this.#unreadable} answers of the service in a row cannot be read`;
      throw this.#none(`${found} (${error.message})`, error);
    }
    const now = performance.now();
    const isLimit = error.problem === "rate_limited";
    if (!isLimit) this.#failures++;
    this.#silentSince ??= now;
    const silentMs = now - this.#silentSince;
    const wantedMs = error.retryAfterMs ?? 0;
    if (isLimit && Math.max(wantedMs, silentMs) > LONGEST_WAIT_MS) return "quota";
    if (!isLimit && this.#failures >= OUTAGE && silentMs > PATIENCE_MS) {
      throw this.#gone(error, silentMs);
    }
    if (isLimit || this.#failures >= OUTAGE) this.#pause(error, askedAt, now);
    // The common pause is long enough.
    if (isLimit) return { againAfterMs: 0 };
    if (tries >= (this.hasProof ? TRIES : FIRST_TRIES) || wantedMs > LONGEST_WAIT_MS) {
      if (!this.hasProof && ++this.#lost >= FIRST_POSTS) {
        const found = `${error.message}, and the first ${this.#lost} posts got no answer`;
        throw this.#none(found, error);
      }
      return "give up";
    }
    const ms = Math.max(wantedMs, BACKOFF_MS * 2 ** (tries - 1));
    return { againAfterMs: ms * (1 + Math.random() / 2) };
  }

  #pause(error: ServiceError, askedAt: number, now: number): void {
    // Requests from before a pause do not show whether the pause helped.
    const isNew = askedAt >= this.#pausedAt;
    if (isNew) {
      this.#pausedAt = now;
      this.#pauses++;
    }
    const backoff = Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** this.#pauses);
    // A server that says 0 would be asked without a pause.
    const ms = Math.min(Math.max(error.retryAfterMs ?? 0, backoff), LONGEST_WAIT_MS);
    this.pacer.pause(ms, error.message);
    // A line that says a second must not stand for an hour.
    if (!isNew && ms < 2 * this.#saidMs) return;
    this.#saidMs = ms;
    this.onPause(ms, error.message);
  }

  #none(found: string, cause: ServiceError): UserError {
    return this.#end(
      found,
      "Check the address and the key of the service in .env and the network, then run it again " +
        "later",
      cause,
    );
  }

  #gone(cause: ServiceError, silentMs: number): UserError {
    const minutes = Math.round(silentMs / 60_000);
    const found = `the service has not answered for ${minutes} minutes (${cause.message})`;
    return this.#end(found, "Run it again later", cause);
  }

  #end(found: string, remedy: string, cause: ServiceError): UserError {
    return new UserError(
      `run classify:${this.name}`,
      found,
      `${remedy}: pending posts stay pending, and received answers are kept`,
      { cause },
    );
  }
}
