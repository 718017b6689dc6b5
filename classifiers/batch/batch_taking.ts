import { isUnderWay, type OpenBatch } from "../../etl/batches/open_batch.ts";
import type { Context } from "../../etl/command/command.ts";
import { MAX_BATCH_LINES } from "../clients/groq_batch.ts";
import { answerOf, type AnswerSegment } from "../../etl/answers/answer_segment.ts";
import { type QueuedPost, requestHash, shuffled } from "../engine/asked_post.ts";
import { type Answered, readStored } from "../../etl/answers/answer_reader.ts";
import type { LabellingCounts } from "../engine/labelling_counts.ts";
import type { LabellingStop } from "../engine/labelling_stop.ts";
import type { PaidClassifier } from "../engine/paid_classifier.ts";
import { isLimited } from "../../etl/answers/service_error.ts";
import { type BatchHead, BatchWriter } from "./batch_writer.ts";

/** Asks about posts in requests of a batch. */
export interface BatchClassifier extends PaidClassifier {
  /** Give the body of a request of a batch about posts. */
  batchBody(posts: QueuedPost[]): unknown;
}

/** Requests about posts of the same day, text and context. */
interface Asked {
  hash: string;
  posts: QueuedPost[];
  /** Its place, once it is written. */
  at?: { writer: BatchWriter; custom_id: string; place?: number };
}

/** The limits of a batch; bytes are half of what a service accepts. */
const MOST = { requests: MAX_BATCH_LINES, bytes: 100_000_000 };

/** What a taking of posts into batches needs, and its limits. */
export interface TakingOptions {
  context: Context;
  classifier: BatchClassifier;
  head: BatchHead;
  posts: AsyncGenerator<QueuedPost, void>;
  segment: AnswerSegment;
  counts: LabellingCounts;
  stop: LabellingStop;
  limit: number;
  /** US dollars that all requests are expected to cost at most. */
  budget: number;
  /** Day and hash of requests that are under way. */
  underWay: Set<string>;
  most?: typeof MOST;
  /** Send a batch whose files are written. */
  send(batch: OpenBatch): Promise<void>;
}

/** What was put into batches. */
export interface Submitted {
  batches: number;
  posts: number;
  requests: number;
  /** US dollars that it probably costs. */
  cost: number;
}

/**
 * Take posts until none is left or a limit stops the run, gather them into requests, and send these in
 * batches. The same request is sent once a day.
 */
export class BatchTaking {
  readonly submitted: Submitted = { batches: 0, posts: 0, requests: 0, cost: 0 };
  /** The request that is gathered. */
  #pack: Asked[] = [];
  /** Requests of the present day that may come again. */
  readonly #repeated = new Map<string, Asked>();
  #day = "";
  #writer: BatchWriter | undefined;
  /** US dollars of the present batch. */
  #cost = 0;

  constructor(readonly options: TakingOptions) {}

  async run(): Promise<void> {
    const { posts, stop, limit, context } = this.options;
    let taken = 0;
    try {
      for await (const post of posts) {
        if (context.signal.aborted) stop.for("signal");
        else if (taken >= limit) stop.for("limit");
        if (stop.isSet) break;
        taken++;
        await this.#take(post);
        context.progress.update(() =>
          `${taken.toLocaleString("en")} posts taken, ${this.submitted.batches} batches sent`
        );
      }
      if (stop.failure !== undefined) throw stop.failure;
      if (stop.reason === undefined || stop.reason === "limit") await this.#write();
      // An interrupted request is not sent, so that the run ends soon.
      if (stop.reason === "signal") await this.#writer?.discard();
      else await this.#send();
    } catch (error) {
      await this.#writer?.discard();
      throw error;
    } finally {
      await posts.return();
    }
  }

  async #take(post: QueuedPost): Promise<void> {
    const { classifier, counts } = this.options;
    const unscorable = classifier.unscorable(post);
    if (unscorable !== undefined) {
      return this.#keep(post, null, { answer: null, reason: unscorable });
    }
    const known = post.stored && readStored(classifier, post.stored);
    if (known !== undefined) {
      counts.reused++;
      return this.#keep(post, requestHash(classifier, post), known);
    }
    this.#gather(post);
    if (this.#pack.length >= classifier.postsPerRequest) await this.#write();
  }

  /** A post stays pending if a sent batch has the same request: the answer will come. */
  #gather(post: QueuedPost): void {
    const { classifier, underWay } = this.options;
    const hash = requestHash(classifier, post);
    const key = `${post.date} ${hash}`;
    if (post.date !== this.#day) this.#repeated.clear();
    this.#day = post.date;
    if (post.is_repeated) {
      if (underWay.has(key)) return;
      const same = this.#repeated.get(key);
      if (same?.at !== undefined) {
        if (same.at.writer === this.#writer) this.#note(same, post);
        return;
      }
      if (same !== undefined) return void same.posts.push(post);
    }
    const asked = { hash, posts: [post] };
    this.#pack.push(asked);
    if (post.is_repeated) this.#repeated.set(key, asked);
  }

  #note({ hash, at }: Asked, post: QueuedPost): void {
    const { writer, custom_id, place } = at!;
    const { date, uri, cid, text_hash, is_repeated } = post;
    const about = this.options.classifier.about?.(post);
    writer.note({
      custom_id,
      ...place === undefined ? {} : { place },
      ...{ date, uri, cid, text_hash, request_hash: hash, is_repeated },
      ...about ? { about } : {},
    });
  }

  /** Write the request that is gathered, in the next batch where this one is full. */
  async #write(): Promise<void> {
    const { classifier, stop, budget, context, head, most = MOST } = this.options;
    const pack = this.#pack = shuffled(this.#pack);
    if (pack.length === 0) return;
    const posts = pack.map(({ posts }) => posts[0]!);
    const cost = expectedCost(classifier, posts);
    if (this.submitted.cost + this.#cost + cost > budget) return stop.for("cost");
    const isFull = this.#writer !== undefined &&
      (this.#writer.requests >= most.requests || this.#writer.bytes >= most.bytes);
    if (isFull) await this.#send();
    if (stop.isSet) return;
    const writer = this.#writer ??= await BatchWriter.create(context.paths, head);
    this.#pack = [];
    const custom_id = await writer.ask(classifier.batchBody(posts), cost);
    for (const [place, asked] of pack.entries()) {
      asked.at = { writer, custom_id, ...pack.length > 1 ? { place } : {} };
      for (const post of asked.posts) this.#note(asked, post);
      // Written posts are not needed any more, and may be a million.
      asked.posts = [];
    }
    this.#cost += cost;
  }

  async #send(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    const batch = await writer.finish();
    this.#writer = undefined;
    try {
      await this.options.send(batch);
    } catch (error) {
      if (!isLimited(error)) throw error;
      this.options.context.warn(error.message);
      this.options.stop.for("quota");
      if (!isUnderWay(batch)) return;
    }
    this.submitted.batches++;
    this.submitted.posts += batch.posts;
    this.submitted.requests += batch.requests;
    this.submitted.cost += batch.cost;
    this.#cost = 0;
  }

  /** Record a result without cost. */
  #keep(post: QueuedPost, requestHash: string | null, { answer, reason }: Answered): void {
    const { segment, counts, classifier, context, stop } = this.options;
    const about = answer === null ? undefined : classifier.about?.(post);
    counts.add(reason);
    const said = { requestHash, answer, reason, about, runId: context.runId };
    segment.append(answerOf(post, said)).catch((error) => stop.fail(error));
  }
}

function expectedCost(classifier: PaidClassifier, posts: QueuedPost[]): number {
  return classifier.expected?.(posts).cost ?? classifier.price(posts, 0);
}
