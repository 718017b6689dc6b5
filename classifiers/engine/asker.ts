import { type LabelReason, PASSING_REASONS } from "../../etl/labels/label_reason.ts";
import { UserError } from "../../etl/run/error.ts";
import { answerOf, type AnswerSegment } from "../../etl/answers/answer_segment.ts";
import type { AskedPost, QueuedPost } from "./asked_post.ts";
import { type Answered, partOf } from "../../etl/answers/answer_reader.ts";
import type { LabellingCounts } from "./labelling_counts.ts";
import type { LabellingStop } from "./labelling_stop.ts";
import type { Pacer } from "../../etl/quota/pacer.ts";
import type { PaidClassifier, Reply, Used } from "./paid_classifier.ts";
import { Patience } from "./patience.ts";
import { delay } from "../../etl/run/pause.ts";
import type { PendingPost } from "../../etl/sampling/pending.ts";
import { heldTokens } from "../../etl/quota/quota.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";
import type { Budget } from "./budget.ts";

/** What asking takes from its labelling run. */
export interface AskerOptions {
  classifier: PaidClassifier;
  pacer: Pacer;
  segment: AnswerSegment;
  runId: string;
  budget: Budget;
  counts: LabellingCounts;
  stop: LabellingStop;
  /** Called when all workers pause. */
  onPause: (ms: number, reason: string) => void;
}

/** A paid answer is worth waiting for: only its time-out ends a request. */
const { signal: NEVER } = new AbortController();
/** Times that a run asks for a cut answer again, each with twice the cap. */
export const MOST_EFFORT = 3;
/** Most characters of an answer; a longer one comes from a faulty service. */
const LONGEST_ANSWER = 2 ** 20;

/** Asks a service about posts until there is an answer or a reason, each durable before it is read. */
export class Asker {
  readonly #patience: Patience;

  constructor(readonly options: AskerOptions) {
    const { classifier, pacer, onPause } = options;
    this.#patience = new Patience(classifier.name, pacer, onPause);
  }

  /** Whether the service has labelled a post in this run. */
  get hasProof(): boolean {
    return this.#patience.hasProof;
  }

  /**
   * Ask about posts in one request, retry temporary failures, and give each post its result.
   *
   * Posts that an answer leaves out are asked about again in two halves. Posts that were asked
   * about and then waited when the run stopped keep the reason of their failure. Throws a UserError
   * where no post can be labelled, and where an answer cannot be kept; not all are told then.
   */
  async ask(pack: AskedPost[]): Promise<void> {
    const { counts, stop } = this.options;
    const isAlone = pack.length === 1;
    const posts = pack.map(({ post }) => post);
    let failed: { reason: LabelReason | null; isKept: boolean } | undefined;
    let [owed, effort] = [0, 0];
    const giveUp = async () => {
      const answered = failed && { answer: null, reason: failed.reason ?? "unavailable" };
      if (answered && !failed!.isKept) await this.#keepAll(pack, answered, owed);
      for (const { tell } of pack) tell(answered);
    };
    for (let tries = 1;;) {
      const price = this.options.classifier.price(posts, effort);
      if (!await this.#mayGo(posts, effort, price)) return await giveUp();
      const askedAt = performance.now();
      counts.requests++;
      if (failed) counts.retries++;
      let reply: Reply | undefined;
      let isKept = false;
      let spent = price;
      let left: AskedPost[];
      try {
        reply = await this.options.classifier.ask(posts, effort, NEVER);
        this.#patience.answered(askedAt);
        if (reply.isPromptCut) counts.cut_prompts++;
        spent = this.#account(posts, effort, reply) ?? price;
        if (reply.answer.length > LONGEST_ANSWER) throw tooLongAnswer();
        await this.#keepAll(pack, { answer: reply.answer, reason: null }, owed + spent);
        [owed, isKept] = [0, true];
        left = this.#read(pack, reply.answer);
        if (left.length < pack.length) this.#patience.labelled();
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        // A request that broke may be billed; a refused one is not.
        if (reply === undefined) this.#letGo(posts, effort);
        if (!isKept) {
          if (error.problem === "passing") owed += spent;
          else spent = 0;
        }
        if (error.problem === "fatal") throw this.#fatal(error);
        failed = { reason: error.reason, isKept };
        if (["rejected", "denied", "cut"].includes(error.problem)) {
          this.#patience.answered(askedAt);
          if (isAlone) {
            if (error.problem === "cut" && this.#mayTakeMore(posts, ++effort)) continue;
            failed.reason = this.#patience.refused(error, isKept);
            await giveUp();
            // With the result on disk: it is what tells that none of them can be believed.
            if (this.#patience.end !== undefined) stop.fail(this.#patience.end);
            return;
          }
          left = pack;
        } else {
          const verdict = this.#patience.judge(error, tries, askedAt, reply !== undefined);
          if (verdict === "quota") stop.for("quota");
          // One post may keep the model from answering; the others must not suffer for it.
          const isOfSome = verdict === "give up" && failed.reason === "invalid_answer" && !isAlone;
          if (typeof verdict === "string" && !isOfSome) return await giveUp();
          if (typeof verdict !== "string") {
            if (error.problem === "passing") tries++;
            await delay(verdict.againAfterMs, stop.signal);
            continue;
          }
          left = pack;
        }
      } finally {
        this.options.budget.settle(price, spent);
        counts.cost += spent;
      }
      return await this.#askInHalves(left, pack.length);
    }
  }

  /** Append the result of a post; resolves when it is durable. */
  async keep(
    post: QueuedPost,
    requestHash: string | null,
    { answer, reason }: Answered,
    { price = 0, place }: { price?: number; place?: number } = {},
  ): Promise<void> {
    const { segment, runId, classifier } = this.options;
    const about = answer === null ? undefined : classifier.about?.(post);
    const isPassing = reason !== null && PASSING_REASONS.includes(reason);
    const said = { requestHash, answer, reason, place, about, price, runId };
    await segment.append(answerOf(post, said), post.is_repeated && !isPassing);
  }

  /** Keep the result of each post of a request; the first one carries the price. */
  async #keepAll(pack: AskedPost[], answered: Answered, price: number): Promise<void> {
    await Promise.all(pack.map(({ post, hash }, index) => {
      const place = answered.answer !== null && pack.length > 1 ? { place: index } : {};
      return this.keep(post, hash, answered, { price: index === 0 ? price : 0, ...place });
    }));
  }

  /** Read the reply about each post; gives the posts that it leaves out. Throws for a single post. */
  #read(pack: AskedPost[], reply: string): AskedPost[] {
    const { classifier } = this.options;
    return pack.filter(({ tell }, index) => {
      try {
        const answer = partOf(classifier, reply, pack.length > 1 ? index : undefined);
        classifier.read(answer);
        tell({ answer, reason: null });
        return false;
      } catch (error) {
        if (!(error instanceof ServiceError) || pack.length === 1) throw error;
        if (error.problem === "rejected") tell({ answer: null, reason: error.reason });
        return error.problem !== "rejected";
      }
    });
  }

  /** Ask again about the remaining posts of a request, in requests of at most half its size. */
  async #askInHalves(left: AskedPost[], size: number): Promise<void> {
    if (left.length > 0) {
      this.options.counts.retries += Math.ceil(left.length / Math.ceil(size / 2));
    }
    const half = Math.ceil(size / 2);
    for (let from = 0; from < left.length; from += half) {
      await this.ask(left.slice(from, from + half));
    }
  }

  /** Learn from a response; gives its cost in US dollars, undefined where it does not say. */
  #account(posts: PendingPost[], effort: number, reply: Reply): number | undefined {
    const { classifier, pacer } = this.options;
    let used: Used | undefined;
    try {
      used = classifier.used?.(reply.answer);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
    }
    this.#letGo(posts, effort, used?.tokens);
    // After giving back: the remaining quota of the server already includes that.
    if (reply.headers) pacer.learn(reply.headers);
    return used?.cost;
  }

  /** Give back what a request did not use; if unknown, the likely use counts. */
  #letGo(posts: PendingPost[], effort: number, used?: number): void {
    const weight = this.options.classifier.weight(posts, effort);
    const unused = Math.max(0, weight.tokens - (used ?? weight.likely ?? weight.tokens));
    this.options.pacer.refund({ requests: 0, tokens: unused }, heldTokens(weight));
  }

  /** Whether a cut answer is worth another request with a larger cap. */
  #mayTakeMore(posts: PendingPost[], effort: number): boolean {
    const { classifier, pacer } = this.options;
    return effort <= MOST_EFFORT && pacer.fits(classifier.weight(posts, effort));
  }

  /** Wait for the turn of a request; gives false where the run stops before. */
  async #mayGo(posts: PendingPost[], effort: number, price: number): Promise<boolean> {
    const { classifier, budget, pacer, stop } = this.options;
    if (stop.signal.aborted) return false;
    if (!await budget.reserveInTurn(price)) {
      stop.for("cost");
      return false;
    }
    let isTaken = false;
    try {
      isTaken = await pacer.take(classifier.weight(posts, effort), stop.signal);
    } finally {
      if (!isTaken) budget.settle(price, 0);
    }
    return isTaken;
  }

  #fatal(error: ServiceError): UserError {
    return new UserError(
      `run classify:${this.options.classifier.name}`,
      error.message,
      "Nothing more was asked, and earlier answers are kept. Mend this, then run it again",
      { cause: error },
    );
  }
}

function tooLongAnswer(): ServiceError {
  return new ServiceError(
    "passing",
    "invalid_answer",
    `an answer has more than ${LONGEST_ANSWER} characters`,
  );
}
