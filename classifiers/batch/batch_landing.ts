import type { LabelReason } from "../../etl/labels/label_reason.ts";
import type { OpenBatch } from "../../etl/batches/open_batch.ts";
import type { DataPaths } from "../../etl/store/paths.ts";
import { join } from "node:path";
import { removeIfThere } from "../../etl/store/if_there.ts";
import { type BatchLine, readBatchLine } from "../clients/groq_batch_line.ts";
import { answerOf, AnswerSegment, type Said } from "../../etl/answers/answer_segment.ts";
import { type BatchedPost, batchedPosts } from "../../etl/batches/batched_posts.ts";
import type { LabellingCounts } from "../engine/labelling_counts.ts";
import type { PaidClassifier } from "../engine/paid_classifier.ts";
import { partOf } from "../../etl/answers/answer_reader.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";
import { Quarantine } from "../../etl/store/quarantine.ts";
import { recordLost } from "../../etl/answers/spending.ts";

/** Lines whose answers become durable together, before any of them is read. */
const AT_ONCE = 500;

/** What landing a batch needs. */
export interface LandingOptions {
  paths: DataPaths;
  classifier: PaidClassifier;
  batch: OpenBatch;
  runId: string;
  counts: LabellingCounts;
}

/** What landing a batch met beside answers. */
export interface Landed {
  /** Answers to posts that were removed meanwhile; they are not kept. */
  dropped: number;
  /** Lines that belong to no batch. */
  unreadable: number;
  /** Posts that the files do not mention. */
  missing: number;
  /** Why no post can be labelled this way; undefined where posts can. */
  fatal: ServiceError | undefined;
}

/**
 * Bring the answers of a batch into a segment named after it, so that landing it again after a crash
 * counts its cost once. The cost of an answer is durable before the answer is read.
 */
export async function landBatch(
  options: LandingOptions,
  lines: AsyncIterable<string>,
): Promise<Landed> {
  const { paths, classifier, batch } = options;
  const { name } = batch;
  await removeIfThere(join(paths.answers(classifier.name, batch.label_set_id), `${name}.jsonl`));
  const segment = await AnswerSegment.create(
    paths.answers(classifier.name, batch.label_set_id),
    { name },
  );
  const landing = new Landing(options, segment);
  try {
    await landing.land(lines);
  } finally {
    await segment.close();
  }
  await landing.quarantine.commit();
  if (landing.lost > 0) await recordLost(paths, classifier.name, `${name}-lost`, landing.lost);
  return landing.landed;
}

class Landing {
  readonly landed: Landed = { dropped: 0, unreadable: 0, missing: 0, fatal: undefined };
  /** US dollars of answers that are not kept. */
  lost = 0;
  readonly #posts = new Map<string, BatchedPost[]>();
  readonly #done = new Set<string>();
  /** Why a line has no answer; another line may have it. */
  readonly #problems = new Map<string, ServiceError>();

  readonly quarantine: Quarantine;

  constructor(readonly options: LandingOptions, readonly segment: AnswerSegment) {
    this.quarantine = new Quarantine(options.paths, options.classifier.name);
  }

  async land(lines: AsyncIterable<string>): Promise<void> {
    const { paths, batch, classifier } = this.options;
    for await (const post of batchedPosts(paths, batch)) {
      const posts = this.#posts.get(post.custom_id);
      if (posts === undefined) this.#posts.set(post.custom_id, [post]);
      else posts.push(post);
    }
    let [read, number]: [BatchLine[], number] = [[], 0];
    for await (const text of lines) {
      number++;
      const line = readBatchLine(text, batch.host ?? "vllm run-batch", batch.model);
      if (line === undefined) this.#setAside(text, number);
      else read.push(line);
      if (read.length < AT_ONCE) continue;
      await this.#land(classifier, read);
      read = [];
    }
    await this.#land(classifier, read);
    await Promise.all([...this.#problems].flatMap(([id, problem]) => {
      if (this.#done.has(id)) return [];
      this.#done.add(id);
      const posts = this.#posts.get(id) ?? [];
      return posts.flatMap((post) => this.#refuse(post, problem, posts.length));
    }));
    for (const [id, posts] of this.#posts) {
      if (!this.#done.has(id)) this.landed.missing += posts.length;
    }
  }

  async #land(classifier: PaidClassifier, lines: BatchLine[]): Promise<void> {
    const answered: { posts: BatchedPost[]; body: string }[] = [];
    const kept: Promise<void>[] = [];
    for (const { customId, body, problem } of lines) {
      if (this.#done.has(customId)) continue;
      if (body === undefined) {
        this.#problems.set(customId, problem!);
        continue;
      }
      this.#done.add(customId);
      const posts = this.#posts.get(customId);
      const price = this.#priceOf(body);
      this.options.counts.cost += price;
      this.options.counts.requests++;
      if (posts === undefined) {
        this.landed.dropped++;
        this.lost += price;
        continue;
      }
      answered.push({ posts, body });
      kept.push(...posts.map((post, index) => {
        const { place, about } = post;
        const said = { answer: body, reason: null, place, about };
        return this.#keep(post, { ...said, price: index === 0 ? price : 0 });
      }));
    }
    await Promise.all(kept);
    await Promise.all(
      answered.flatMap(({ posts, body }) =>
        posts.flatMap((post) => this.#read(classifier, post, body))
      ),
    );
  }

  /** Set a line aside that cannot be read; without the post that it is about, only its size. */
  #setAside(text: string, line: number): void {
    this.landed.unreadable++;
    const [, id = ""] = /"custom_id"\s*:\s*"([^"]+)"/.exec(text) ?? [];
    const [post, ...others] = this.#posts.get(id) ?? [];
    const where = { batch: this.options.batch.name, line };
    // Where several posts are asked about in one request, the line could not go with one of them.
    if (post === undefined || others.length > 0) this.quarantine.add("unreadable_line", where, "");
    else this.quarantine.add("unreadable_line", { ...where, uri: post.uri }, text);
  }

  /** Read an answer about a post; where it lacks one, a smaller request may have it. */
  #read(classifier: PaidClassifier, post: BatchedPost, body: string): Promise<void>[] {
    const { counts } = this.options;
    try {
      classifier.read(partOf(classifier, body, post.place));
      counts.add(null);
      return [];
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const isAlone = post.place === undefined;
      const reason = isAlone || error.problem === "rejected"
        ? error.reason ?? "invalid_answer"
        : "invalid_answer";
      counts.add(reason);
      return reason === error.reason || isAlone ? [] : [this.#keep(post, { answer: null, reason })];
    }
  }

  /** Record why a post has no answer; a request of several posts may be at fault, not the post. */
  #refuse(post: BatchedPost, problem: ServiceError, size: number): Promise<void>[] {
    if (problem.problem === "fatal") {
      this.landed.fatal ??= problem;
      this.landed.missing++;
      return [];
    }
    const isPassing = post.place !== undefined && size > 1 && problem.problem === "rejected";
    const reason: LabelReason = isPassing ? "unavailable" : problem.reason ?? "unavailable";
    this.options.counts.add(reason);
    return [this.#keep(post, { answer: null, reason })];
  }

  #keep(
    post: BatchedPost,
    said: Pick<Said, "answer" | "reason" | "place" | "about" | "price">,
  ): Promise<void> {
    const { runId } = this.options;
    return this.segment.append(answerOf(post, { ...said, requestHash: post.request_hash, runId }));
  }

  /** Give the cost in US dollars; the expected cost where the answer does not say. */
  #priceOf(body: string): number {
    const { classifier, batch } = this.options;
    const expected = batch.cost / Math.max(1, batch.requests);
    try {
      return classifier.used?.(body)?.cost ?? expected;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return expected;
    }
  }
}
