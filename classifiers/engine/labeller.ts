import type { LabellingSettings } from "../../etl/study/labelling_settings.ts";
import { type AskedPost, type QueuedPost, requestHash, shuffled } from "./asked_post.ts";
import { type Answered, readStored } from "../../etl/answers/answer_reader.ts";
import { Asker, type AskerOptions } from "./asker.ts";
import { LONGEST_WAIT_MS } from "./patience.ts";

/** Rows that may wait for the disk without blocking a worker. */
const MOST_UNWRITTEN = 1000;
const WATCH_MS = 250;

/** How long a request waits for more posts, which come within a millisecond if there are any. */
const WAIT_MS = 50;

/** What labelling takes from its run, beside what asking does. */
export interface LabellerOptions extends AskerOptions {
  /** In the order of labelling; taken one by one. */
  posts: AsyncGenerator<QueuedPost, void>;
  /** Most posts in flight. */
  workers: number;
  /** Number of posts after which it stops. */
  limit?: number | undefined;
  /** Aborted when the run must end with everything durable. */
  signal: AbortSignal;
  /** Called after each post, and now and then while all wait. */
  onProgress: () => void;
}

/**
 * Asks a service about posts. Workers pull, so that memory does not grow with pending posts.
 *
 * Until the service labels a post, requests go one by one: a wrong key costs one request.
 * Posts that need none, because they cannot be labelled or repeat a request, are recorded
 * in their turn.
 */
export class Labeller {
  readonly #asker: Asker;
  readonly #packer: Packer;
  readonly #inFlight = new Map<string, Promise<Answered | undefined>>();
  /** Pulled posts, so that posts in flight do not exceed a limit. */
  #pulled = 0;
  readonly #unwritten = new Set<Promise<void>>();

  constructor(readonly options: LabellerOptions) {
    this.#asker = new Asker(options);
    this.#packer = new Packer(this.#asker);
  }

  /** Label until nothing is left or something stops it; received answers are then durable. */
  async run(): Promise<void> {
    const { workers, signal, stop, posts } = this.options;
    const onSignal = () => stop.for("signal");
    signal.addEventListener("abort", onSignal);
    if (signal.aborted) onSignal();
    const watch = setInterval(() => this.#watch(), WATCH_MS);
    try {
      await this.#work(() => this.#asker.hasProof);
      await Promise.all(Array.from({ length: workers }, () => this.#work(() => false)));
      await Promise.all(this.#unwritten);
    } finally {
      clearInterval(watch);
      signal.removeEventListener("abort", onSignal);
      await posts.return();
    }
    if (stop.failure !== undefined) throw stop.failure;
  }

  /** Take posts until none is left, something stops the run, or `isEnough`. */
  async #work(isEnough: () => boolean): Promise<void> {
    const { posts, limit, stop } = this.options;
    try {
      while (!stop.isSet && !isEnough()) {
        if (limit !== undefined && this.#pulled >= limit) return stop.for("limit");
        this.#pulled++;
        const { done, value: post } = await posts.next();
        if (done || stop.signal.aborted) return;
        await this.#label(post);
      }
    } catch (error) {
      stop.fail(error);
    }
  }

  /** Stop if all workers wait for something too late, such as another day. */
  #watch(): void {
    const { pacer, stop, onProgress } = this.options;
    const { waiting } = pacer;
    if (waiting) {
      const ms = waiting.untilMs - performance.now();
      const isLong = ms > LONGEST_WAIT_MS && ms !== Infinity;
      if (isLong || waiting.reason.includes("is used up")) stop.for("quota");
    }
    onProgress();
  }

  async #label(post: QueuedPost): Promise<void> {
    const { classifier } = this.options;
    const unscorable = classifier.unscorable(post);
    if (unscorable !== undefined) {
      return await this.#write(post, null, { answer: null, reason: unscorable });
    }
    const hash = requestHash(classifier, post);
    if (!post.is_repeated) return this.#done(await this.#packer.ask(post, hash));
    const key = `${post.date} ${hash}`;
    const asked = this.#inFlight.get(key);
    if (asked !== undefined) return await this.#reuse(post, hash, await asked);
    // In the map before the first wait, so that no worker asks the same meanwhile.
    let isKnown = true;
    const finding = this.#known(post, hash).then((known) => {
      isKnown = known !== undefined;
      return known ?? this.#packer.ask(post, hash);
    });
    this.#inFlight.set(key, finding);
    let answered: Answered | undefined;
    try {
      answered = await finding;
    } finally {
      this.#inFlight.delete(key);
    }
    if (isKnown) await this.#reuse(post, hash, answered);
    else this.#done(answered);
  }

  /** Give the readable stored answer to a request, from the labels or from this run. */
  async #known(post: QueuedPost, hash: string): Promise<Answered | undefined> {
    const known = post.stored ?? await this.options.segment.find(hash);
    return known && readStored(this.options.classifier, known);
  }

  /** Give a post the answer about another one with the same text, undefined where the run stopped. */
  async #reuse(post: QueuedPost, hash: string, answered: Answered | undefined): Promise<void> {
    if (answered === undefined) return;
    this.options.counts.reused++;
    await this.#write(post, hash, answered);
  }

  /** Record a result without cost; a worker waits for the disk only if many records wait. */
  async #write(post: QueuedPost, hash: string | null, answered: Answered): Promise<void> {
    const { stop } = this.options;
    const writing = this.#asker.keep(post, hash, answered)
      .then(() => this.#done(answered), (error) => stop.fail(error))
      .finally(() => this.#unwritten.delete(writing));
    this.#unwritten.add(writing);
    if (this.#unwritten.size >= MOST_UNWRITTEN) await Promise.race(this.#unwritten);
  }

  #done(answered: Answered | undefined): void {
    const { counts, onProgress } = this.options;
    if (answered === undefined) return;
    counts.add(answered.reason);
    onProgress();
  }
}

/**
 * Gathers posts that workers ask about at the same time into one request.
 */
class Packer {
  #waiting: (AskedPost & { fail(error: unknown): void })[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly asker: Asker) {}

  /** Ask about a post; gives undefined where the run stops before. */
  ask(post: QueuedPost, hash: string): Promise<Answered | undefined> {
    const { classifier } = this.asker.options;
    return new Promise((tell, fail) => {
      this.#waiting.push({ post, hash, tell, fail });
      // The first request goes alone.
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

/** Seconds that a request takes at most for the quota to be used up: latency, time-outs and syncs. */
const LATENCY_S = 3;
const [FEWEST_WORKERS, MOST_WORKERS] = [4, 1000];

/** Give how many requests are in flight at most. */
export function workersFor({ quota }: LabellingSettings): number {
  const perSecond = Math.min(
    quota.requests_per_second ?? Infinity,
    (quota.requests_per_minute ?? Infinity) / 60,
  );
  const wanted = perSecond === Infinity ? FEWEST_WORKERS : Math.ceil(perSecond * LATENCY_S);
  return Math.min(MOST_WORKERS, Math.max(FEWEST_WORKERS, wanted));
}
