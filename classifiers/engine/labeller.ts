import { createHash } from "node:crypto";
import type { LabelReason } from "../../etl/label_reason.ts";
import { now } from "../../etl/run/clock.ts";
import { UserError } from "../../etl/run/error.ts";
import type { Answer, AnswerSegment } from "./answer_segment.ts";
import type { Pacer } from "./pacer.ts";
import type { PaidClassifier } from "./paid_classifier.ts";
import type { PendingPost } from "./pending.ts";
import { ServiceError } from "./service_error.ts";

/** Times that a post is asked for before its failure is written down; the next run tries it again. */
const TRIES = 5;
const BACKOFF_MS = 500;
/** A service that answered nobody for so long is gone for this run. */
const PATIENCE_MS = 5 * 60_000;
/** A wait that is longer than this is for the next run. */
const LONGEST_PAUSE_MS = 15 * 60_000;

/** A post with its day, and what is stored of the same request. */
export interface QueuedPost extends PendingPost {
  date: string;
  stored?: { answer: string | null; reason: string | null };
}

export interface LabellerOptions {
  classifier: PaidClassifier;
  /** In the order in which they are to be labelled; asked for one by one. */
  posts: AsyncGenerator<QueuedPost, void>;
  pacer: Pacer;
  segment: AnswerSegment;
  runId: string;
  /** Requests in flight at most. */
  workers: number;
  /** Posts after which it stops. */
  limit?: number | undefined;
  /** US dollars that it may spend. */
  maxCost?: number | undefined;
  signal: AbortSignal;
  /** Called after each post and before each pause. */
  onProgress: (counts: LabellerCounts) => void;
  onPause: (ms: number, reason: string) => void;
}

export interface LabellerCounts {
  /** Posts with an answer or a reason. */
  done: number;
  labelled: number;
  failed: Partial<Record<LabelReason, number>>;
  requests: number;
  retries: number;
  /** Posts that took the answer to another post's request. */
  reused: number;
  /** US dollars. */
  cost: number;
}

/** Why it ended before all posts were done. */
export type Stop = "signal" | "limit" | "cost" | "quota";

/**
 * Asks a service about posts: workers pull, so that memory does not grow with what is pending.
 *
 * Every answer is durable before it is read. The first request goes alone: a key that is wrong costs one
 * request. What passes (5xx, time-outs) is tried again with growing waits, a 429 lets all workers wait.
 */
export class Labeller {
  readonly counts: LabellerCounts = {
    done: 0,
    labelled: 0,
    failed: {},
    requests: 0,
    retries: 0,
    reused: 0,
    cost: 0,
  };
  stop: Stop | undefined;
  readonly #end = new AbortController();
  readonly #inFlight = new Map<string, Promise<Answered>>();
  #failure: unknown;
  /** Posts that were pulled, so that a limit is not overshot by what is in flight. */
  #pulled = 0;
  /** What requests in flight may cost. */
  #reserved = 0;
  #answeredAt = performance.now();
  #failuresInARow = 0;

  constructor(readonly options: LabellerOptions) {}

  /** Label until nothing is left or something stops it; what was answered is then durable. */
  async run(): Promise<void> {
    const { workers, signal } = this.options;
    const stop = () => this.#stopFor("signal");
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      await this.#work(() => this.counts.requests > 0);
      await Promise.all(Array.from({ length: workers }, () => this.#work(() => false)));
    } finally {
      signal.removeEventListener("abort", stop);
      await this.options.posts.return();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Take posts until there are none, something stops, or `isEnough`. */
  async #work(isEnough: () => boolean): Promise<void> {
    const { posts, classifier, limit, maxCost } = this.options;
    try {
      while (this.stop === undefined && this.#failure === undefined && !isEnough()) {
        if (limit !== undefined && this.#pulled >= limit) return this.#stopFor("limit");
        this.#pulled++;
        const { done, value: post } = await posts.next();
        if (done) return;
        const price = classifier.price(post);
        if (maxCost !== undefined && this.counts.cost + this.#reserved + price > maxCost) {
          return this.#stopFor("cost");
        }
        this.#reserved += price;
        try {
          await this.#label(post);
        } finally {
          this.#reserved -= price;
        }
      }
    } catch (error) {
      this.#failure ??= error;
      this.#end.abort();
    }
  }

  #stopFor(stop: Stop): void {
    this.stop ??= stop;
    // What is in flight is paid for: it is waited for, and only what waits its turn is let go.
    if (stop === "signal" || stop === "quota") this.#end.abort();
  }

  async #label(post: QueuedPost): Promise<void> {
    const { classifier, segment, onProgress } = this.options;
    const unscorable = classifier.unscorable(post);
    if (unscorable !== undefined) {
      await this.#keep(post, null, { answer: null, reason: unscorable });
      return onProgress(this.counts);
    }
    const hash = createHash("sha256").update(classifier.request(post)).digest("hex");
    const answered = await this.#answer(post, hash);
    if (answered === undefined) return;
    await this.#keep(post, hash, answered);
    onProgress(this.counts);
    void segment;
  }

  /** Give what is known of a request, or ask; undefined where the run stops before. */
  async #answer(post: QueuedPost, hash: string): Promise<Answered | undefined> {
    if (!post.is_repeated) return await this.#ask(post);
    const key = `${post.date} ${hash}`;
    const known = post.stored ?? await this.#inFlight.get(key) ??
      await this.options.segment.find(hash);
    if (known !== undefined) {
      this.counts.reused++;
      return { answer: known.answer, reason: known.reason as LabelReason | null };
    }
    const asking = this.#ask(post);
    this.#inFlight.set(key, asking as Promise<Answered>);
    try {
      return await asking;
    } finally {
      this.#inFlight.delete(key);
    }
  }

  /** Ask until there is an answer, a reason, or the run stops. */
  async #ask(post: QueuedPost): Promise<Answered | undefined> {
    const { classifier, pacer } = this.options;
    const { signal } = this.#end;
    for (let tries = 1;;) {
      if (!await pacer.take(classifier.weight(post), signal)) return undefined;
      this.counts.requests++;
      this.counts.cost += classifier.price(post);
      try {
        // Not `signal`: an answer that is paid for is waited for.
        const answer = await classifier.ask(post, new AbortController().signal);
        classifier.read(answer);
        this.#answeredAt = performance.now();
        this.#failuresInARow = 0;
        return { answer, reason: null };
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        const outcome = await this.#afterFailure(error, tries);
        if (outcome === "try again") {
          if (error.problem !== "rate_limited") tries++;
          this.counts.retries++;
        } else return outcome;
      }
    }
  }

  async #afterFailure(
    error: ServiceError,
    tries: number,
  ): Promise<Answered | undefined | "try again"> {
    if (error.problem === "fatal") {
      throw new UserError(
        `run ${this.options.classifier.name}`,
        error.message,
        "Nothing more was asked for; what was answered before is kept",
      );
    }
    if (error.problem === "rejected") {
      this.#answeredAt = performance.now();
      return { answer: null, reason: error.reason ?? "rejected" };
    }
    this.#failuresInARow++;
    const silentFor = performance.now() - this.#answeredAt;
    if (error.problem === "rate_limited") {
      const ms = error.retryAfterMs ?? BACKOFF_MS * 2 ** Math.min(6, this.#failuresInARow);
      if (ms > LONGEST_PAUSE_MS || silentFor > LONGEST_PAUSE_MS) {
        this.#stopFor("quota");
        return undefined;
      }
      this.options.pacer.pause(ms, error.message);
      this.options.onPause(ms, error.message);
      return "try again";
    }
    if (silentFor > PATIENCE_MS) {
      throw new UserError(
        `run ${this.options.classifier.name}`,
        `the service has answered nobody for ${
          Math.round(silentFor / 60_000)
        } minutes (${error.message})`,
        "Run it again later: what is pending stays pending, and what was answered is kept",
      );
    }
    if (tries >= TRIES) return { answer: null, reason: error.reason ?? "unavailable" };
    const wait = error.retryAfterMs ?? BACKOFF_MS * 2 ** (tries - 1);
    await pause(wait * (0.5 + Math.random()), this.#end.signal);
    return this.#end.signal.aborted ? undefined : "try again";
  }

  async #keep(post: QueuedPost, hash: string | null, answered: Answered): Promise<void> {
    const answer: Answer = {
      date: post.date,
      uri: post.uri,
      cid: post.cid,
      text_hash: post.text_hash,
      request_hash: hash,
      ...answered,
      received_at: now().toISOString(),
      run_id: this.options.runId,
    };
    await this.options.segment.append(answer, post.is_repeated);
    this.counts.done++;
    if (answered.reason === null) this.counts.labelled++;
    else this.counts.failed[answered.reason] = (this.counts.failed[answered.reason] ?? 0) + 1;
  }
}

interface Answered {
  answer: string | null;
  reason: LabelReason | null;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) return done();
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      done();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish);
  });
}
