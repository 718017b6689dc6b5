import { UserError } from "../../etl/run/error.ts";
import type { Pacer } from "./pacer.ts";
import type { ServiceError } from "./service_error.ts";

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

/** What to do after a failure: wait and ask again, write it down, or leave the rest to another day. */
export type Verdict = { againAfterMs: number } | "give up" | "quota";

/** Judges what the failures of a service mean for a post and for the run. */
export class Patience {
  #failures = 0;
  #silentSince: number | undefined;
  #pausedAt = -Infinity;
  #pauses = 0;
  #saidMs = 0;

  /** `onPause` is told of each pause of all workers, once, and again where it becomes much longer. */
  constructor(
    readonly name: string,
    readonly pacer: Pacer,
    readonly onPause: (ms: number, reason: string) => void,
  ) {}

  /** Take notice that the service answered what was asked at some moment. */
  answered(askedAt: number): void {
    this.#failures = 0;
    this.#silentSince = undefined;
    if (askedAt >= this.#pausedAt) this.#pauses = 0;
  }

  /**
   * Judge a failure that passes or a refusal for the rate limit; the latter costs no try.
   *
   * Pauses all workers where the service asks for it or answers nobody. Throws a UserError where it
   * has answered nobody for too long.
   */
  judge(error: ServiceError, tries: number, askedAt: number): Verdict {
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
    if (tries >= TRIES || wantedMs > LONGEST_WAIT_MS) return "give up";
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

  #gone(error: ServiceError, silentMs: number): UserError {
    return new UserError(
      `run ${this.name}`,
      `the service has answered nobody for ${Math.round(silentMs / 60_000)} minutes ` +
        `(${error.message})`,
      "Run it again later: what is pending stays pending, and what was answered is kept",
      { cause: error },
    );
  }
}
