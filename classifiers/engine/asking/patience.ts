import type { LabelReason } from "../../../etl/labels/label_reason.ts";
import { UserError } from "../../../etl/run/error.ts";
import type { Pacer } from "../quota/pacer.ts";
import type { ServiceError } from "../contract/service_error.ts";

/** Times that a post is asked for before its failure is written down. */
const TRIES = 5;
const BACKOFF_MS = 500;
/** So many failures without an answer between them are the service's and not a post's. */
const OUTAGE = 20;
/** A service that answered nobody for so long is gone for this run. */
const PATIENCE_MS = 5 * 60_000;
const LONGEST_BACKOFF_MS = 60_000;
/** What lasts longer is for the next run. */
export const LONGEST_WAIT_MS = 15 * 60_000;

/** Tries of a post, and posts that come to nothing, before a service that labelled none is gone. */
const [FIRST_TRIES, FIRST_POSTS] = [3, 3];
/** Posts that a service that labelled others refuses one after the other before it is changed. */
const REFUSALS = 10;
/** Answers in a row that nobody can read, which are paid for: at first, and later. */
const [FIRST_UNREADABLE, UNREADABLE] = [5, 20];

/** What to do after a failure: wait and ask again, write it down, or leave the rest to another day. */
export type Verdict = { againAfterMs: number } | "give up" | "quota";

/** Judges what the failures of a service mean for a post and for the run. */
export class Patience {
  /** Whether the service has labelled a post in this run, or said of one why it cannot be. */
  hasProof = false;
  #refused = 0;
  #unreadable = 0;
  /** Posts that came to nothing before there was proof. */
  #lost = 0;
  #failures = 0;
  #silentSince: number | undefined;
  #pausedAt = -Infinity;
  #pauses = 0;
  #saidMs = 0;

  /**
   * `onPause` is told of each pause of all workers, once, and again where it becomes much longer;
   * `hasLabels` says that the service labelled posts in a run before.
   */
  constructor(
    readonly name: string,
    readonly pacer: Pacer,
    readonly onPause: (ms: number, reason: string) => void,
    readonly hasLabels = false,
  ) {}

  /** Take notice that the service answered what was asked at some moment. */
  answered(askedAt: number): void {
    this.#failures = 0;
    this.#silentSince = undefined;
    if (askedAt >= this.#pausedAt) this.#pauses = 0;
  }

  /** Take notice that the service labelled a post, or said of one why it cannot be. */
  labelled(): void {
    this.hasProof = true;
    [this.#refused, this.#unreadable, this.#lost] = [0, 0, 0];
  }

  /**
   * Give the reason for a post that the service refuses, or that its answer refuses (`isAnswer`).
   *
   * Where nothing but the status speaks, it is the post's own for good only if the service labelled
   * another one since the last such refusal. Throws a UserError where so many were refused in a row
   * that it is not theirs.
   */
  refused(error: ServiceError, isAnswer: boolean): LabelReason | null {
    if (isAnswer || error.problem !== "denied" && error.reason !== "rejected") {
      this.labelled();
      return error.reason;
    }
    this.#refused++;
    if (this.#refused >= (this.hasProof || this.hasLabels ? REFUSALS : FIRST_POSTS)) {
      throw this.#none(`${error.message}, for ${this.#refused} posts in a row`, error);
    }
    return this.hasProof && this.#refused === 1 ? error.reason : "unavailable";
  }

  /**
   * Judge a failure that passes or a refusal for the rate limit; the latter costs no try.
   *
   * Pauses all workers where the service asks for it or answers nobody; `isAnswer` says that it
   * answered what cannot be read. Throws a UserError where it has answered nobody for too long, or
   * nothing that can be read.
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
    // The pause of all is wait enough.
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
    // What was under way when a pause began says nothing of whether it helped.
    const isNew = askedAt >= this.#pausedAt;
    if (isNew) {
      this.#pausedAt = now;
      this.#pauses++;
    }
    const backoff = Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** this.#pauses);
    const ms = Math.min(error.retryAfterMs ?? backoff, LONGEST_WAIT_MS);
    this.pacer.pause(ms, error.message);
    // Nobody is to wait an hour behind a line that says a second.
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
