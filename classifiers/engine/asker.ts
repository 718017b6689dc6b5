import { type LabelReason, PASSING_REASONS } from "../../etl/label_reason.ts";
import { now } from "../../etl/run/clock.ts";
import { UserError } from "../../etl/run/error.ts";
import type { AnswerSegment } from "./answer_segment.ts";
import type { LabellingCounts } from "./labelling_counts.ts";
import type { LabellingStop } from "./labelling_stop.ts";
import type { Pacer } from "./pacer.ts";
import type { PaidClassifier } from "./paid_classifier.ts";
import { Patience } from "./patience.ts";
import type { PendingPost, StoredAnswer } from "./pending.ts";
import { ServiceError } from "./service_error.ts";
import type { Budget } from "./spending.ts";

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

export interface AskerOptions {
  classifier: PaidClassifier;
  pacer: Pacer;
  segment: AnswerSegment;
  runId: string;
  budget: Budget;
  counts: LabellingCounts;
  stop: LabellingStop;
  /** Called where all workers pause. */
  onPause: (ms: number, reason: string) => void;
}

/** An answer that is paid for is waited for: only its time-out ends a request. */
const { signal: NEVER } = new AbortController();

/** Asks a service about one post until there is an answer or a reason, each durable before it is read. */
export class Asker {
  readonly #patience: Patience;

  constructor(readonly options: AskerOptions) {
    const { classifier, pacer, onPause } = options;
    this.#patience = new Patience(classifier.name, pacer, onPause);
  }

  /**
   * Ask for a post, again where the failure passes; gives undefined where the run stops before.
   *
   * A post that was asked for and then waited when the run stopped keeps the reason of its failure.
   * Throws a UserError where no post can be labelled, and where an answer cannot be kept.
   */
  async ask(post: QueuedPost, requestHash: string): Promise<Answered | undefined> {
    const { classifier, budget, counts, stop } = this.options;
    const price = classifier.price(post);
    let failed: { answered: Answered; isKept: boolean } | undefined;
    let owed = 0;
    const giveUp = async () => {
      if (failed && !failed.isKept) await this.keep(post, requestHash, failed.answered, owed);
      return failed?.answered;
    };
    for (let tries = 1;;) {
      if (!await this.#mayGo(post, price)) return await giveUp();
      const askedAt = performance.now();
      counts.requests++;
      if (failed) counts.retries++;
      let answer: string | null = null;
      let isSpent = true;
      try {
        answer = await classifier.ask(post, NEVER);
        this.#patience.answered(askedAt);
        await this.keep(post, requestHash, { answer, reason: null }, owed + price);
        owed = 0;
        classifier.read(answer);
        return { answer, reason: null };
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        // What broke on the way may be on the bill; what was refused is not.
        isSpent = answer !== null || error.problem === "passing";
        if (isSpent && answer === null) owed += price;
        if (error.problem === "fatal") throw this.#fatal(error);
        const reason = error.reason ?? "unavailable";
        failed = { answered: { answer: null, reason }, isKept: answer !== null };
        if (error.problem === "rejected") {
          this.#patience.answered(askedAt);
          return await giveUp();
        }
        const verdict = this.#patience.judge(error, tries, askedAt);
        if (verdict === "quota") stop.for("quota");
        if (typeof verdict === "string") return await giveUp();
        if (error.problem === "passing") tries++;
        await pause(verdict.againAfterMs, stop.signal);
      } finally {
        budget.settle(price, isSpent);
        if (isSpent) counts.cost += price;
      }
    }
  }

  /** Append what became of a post; resolves when it is durable. */
  async keep(
    post: QueuedPost,
    requestHash: string | null,
    { answer, reason }: Answered,
    price = 0,
  ): Promise<void> {
    const { segment, runId } = this.options;
    const isPassing = reason !== null && PASSING_REASONS.includes(reason);
    await segment.append({
      date: post.date,
      uri: post.uri,
      cid: post.cid,
      text_hash: post.text_hash,
      request_hash: requestHash,
      answer,
      reason,
      received_at: now().toISOString(),
      run_id: runId,
      ...price > 0 ? { price } : {},
    }, post.is_repeated && !isPassing);
  }

  /** Wait for the turn of a request; gives false where the run stops before. */
  async #mayGo(post: QueuedPost, price: number): Promise<boolean> {
    const { classifier, budget, pacer, stop } = this.options;
    if (stop.signal.aborted) return false;
    if (!budget.reserve(price)) {
      stop.for("cost");
      return false;
    }
    let isTaken = false;
    try {
      isTaken = await pacer.take(classifier.weight(post), stop.signal);
    } finally {
      if (!isTaken) budget.settle(price, false);
    }
    return isTaken;
  }

  #fatal(error: ServiceError): UserError {
    return new UserError(
      `run classify:${this.options.classifier.name}`,
      error.message,
      "Nothing more was asked for, and what was answered before is kept; run it again once that is mended",
      { cause: error },
    );
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (ms <= 0 || signal.aborted) return done();
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      done();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish);
  });
}
