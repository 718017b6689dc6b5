import { labelSetId } from "../../etl/labels/label_set.ts";
import type { PostContexts } from "../../etl/context/post_context.ts";
import { withContexts } from "../../etl/context/with_contexts.ts";
import { CONTEXT_COLUMNS, type ContextRow } from "../../etl/context/context_part.ts";
import type { UserError } from "../../etl/run/error.ts";
import { firstDamage } from "../../etl/store/damage.ts";
import { type Database, onOneThread, withMoreMemory } from "../../etl/store/duckdb.ts";
import type { DataPaths } from "../../etl/store/paths.ts";
import { type QueuedPost, requestHash } from "./asked_post.ts";
import { collectBatched } from "../../etl/batches/batched_posts.ts";
import { DrawnDays } from "../../etl/sampling/drawn_days.ts";
import type { PaidClassifier } from "./paid_classifier.ts";
import {
  findPending,
  type LabelledDay,
  type PendingCounts,
  pendingPages,
  type PendingPost,
} from "../../etl/sampling/pending.ts";
import { storedAnswers } from "../../etl/answers/stored_answers.ts";
import { type Sample, sampleOfDay, type SamplePlan } from "../../etl/sampling/sample.ts";

/** Give items while the next one is already being fetched. */
async function* ahead<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
  const ask = () => {
    const asked = items.next();
    // The error is thrown where the item is awaited.
    asked.catch(() => {});
    return asked;
  };
  try {
    for (let next = ask();;) {
      const { done, value } = await next;
      if (done) return;
      next = ask();
      yield value;
    }
  } finally {
    await items.return(undefined);
  }
}

/** Which posts a labelling run is asked about. */
export interface QueueOptions {
  since?: string | undefined;
  until?: string | undefined;
  retryFailed?: boolean | undefined;
  /** Whether begun days are recorded, as they must be before any request. */
  records?: boolean;
  /** Called for days that keep another seed. */
  warn?: (text: string) => void;
  /** Gives contexts; for classifiers that need them. */
  contexts?: PostContexts | undefined;
  /** Whether missing parts of contexts are fetched. */
  fetchesContexts?: boolean;
}

/** The posts in the queue of a labelling run, and why other posts of its days are not. */
export interface Survey extends PendingCounts {
  days: number;
}

/** The pending posts of a classifier, day after day, the oldest first. */
export class LabellingQueue {
  /** One error per day with a damaged file; the day is left out. */
  readonly errors: UserError[] = [];
  readonly #samples = new Map<string, Promise<Sample>>();
  readonly #pending = new Map<string, number>();
  /** Days whose posts were all given. */
  readonly #given: string[] = [];
  #drawn: DrawnDays | undefined;
  /** The last day whose pending posts were found. */
  #found: string | undefined;
  /** A table of the posts in batches; undefined where there are none. */
  #batched: string | undefined;

  constructor(
    readonly database: Database,
    readonly paths: DataPaths,
    readonly classifier: PaidClassifier,
    readonly plan: SamplePlan,
    readonly options: QueueOptions,
  ) {}

  /** Give the sample of a day; constant within a run. */
  sampleOf(date: string): Promise<Sample> {
    const sample = this.#samples.get(date) ?? this.#sampleOf(date);
    this.#samples.set(date, sample);
    return sample;
  }

  /** Record that all given posts are done; for the end of a run that nothing stopped. */
  async settle(): Promise<void> {
    await this.#drawnDays().judged(this.#given, this.#judgedBy);
  }

  /** Count pending posts, and find the days with damaged files. */
  async survey(): Promise<Survey> {
    const { database, paths, classifier } = this;
    const { since = "", until = "9999" } = this.options;
    const survey: Survey = {
      days: 0,
      posts: 0,
      pending: 0,
      labelled: 0,
      failed: 0,
      in_batch: 0,
      not_drawn: 0,
      filtered_out_not_drawn: 0,
    };
    const days = paths.files("posts").map((file) => file.day!)
      .filter((day) => day >= since && day <= until);
    this.#batched = await collectBatched(database, paths, classifier);
    for (const date of [...new Set(days)].sort()) {
      const files = [
        ...paths.filesOfDay("posts", date),
        ...paths.filesOfDay(`labels/${classifier.name}`, date),
      ];
      const doing = `label the posts of ${date}`;
      const damaged = await onOneThread(database, () => firstDamage(database, files, doing));
      if (damaged) {
        this.errors.push(damaged);
        continue;
      }
      const counts = await this.#find(date);
      survey.days++;
      for (const [name, count] of Object.entries(counts) as [keyof PendingCounts, number][]) {
        survey[name] += count;
      }
      if (counts.pending > 0) this.#pending.set(date, counts.pending);
    }
    this.#tellOfSeeds();
    return survey;
  }

  /** Give the pending posts that `survey` counted, in their order. */
  async *posts(): AsyncGenerator<QueuedPost, void> {
    const { database, paths, classifier, options } = this;
    for (const date of this.#pending.keys()) {
      if (this.#found !== date) await this.#find(date);
      if (options.records) {
        const { seed } = await this.sampleOf(date);
        await this.#drawnDays().begin(date, seed, this.#judgedBy);
      }
      await options.contexts?.prepare("pending_posts", date);
      const columns = options.contexts ? CONTEXT_COLUMNS : [];
      const pages = pendingPages(database, paths, date, { columns });
      for await (const page of ahead(this.#withContexts(pages))) {
        const hashes = new Map<string, string>();
        for (const post of page) {
          if (!post.is_repeated || classifier.unscorable(post) !== undefined) continue;
          hashes.set(post.uri, requestHash(classifier, post));
        }
        const known = await storedAnswers(database, paths, this.#labels(date), [
          ...new Set(hashes.values()),
        ]);
        for (const post of page) {
          const stored = known.get(hashes.get(post.uri) ?? "");
          // --retry-failed asks again about failed posts: their stored results do not count.
          const isWanted = stored && !(options.retryFailed && stored.reason !== null);
          yield { ...post, date, ...isWanted ? { stored } : {} };
        }
      }
      this.#given.push(date);
    }
  }

  /** A day keeps its first seed. */
  async #sampleOf(date: string): Promise<Sample> {
    const seed = this.#drawnDays().seedOf(date) ?? this.plan.seed;
    return await sampleOfDay(this.database, this.paths, { ...this.plan, seed }, date);
  }

  #drawnDays(): DrawnDays {
    const { name, labelSet } = this.classifier;
    return this.#drawn ??= DrawnDays.read(this.paths, name, labelSetId(labelSet));
  }

  get #judgedBy(): string {
    return this.classifier.judgedBy ?? "";
  }

  #tellOfSeeds(): void {
    const drawn = this.#drawnDays();
    const { seed } = this.plan;
    const days = [...this.#pending.keys()].filter((day) => (drawn.seedOf(day) ?? seed) !== seed);
    if (days.length === 0) return;
    const others = days.length === 1 ? " was" : ` and ${days.length - 1} other days were`;
    this.options.warn?.(
      `${days[0]}${others} begun with another seed (${drawn.seedOf(days[0]!)}), which stays: two ` +
        `seeds in one day would break label_prob. Seed ${seed} applies to days begun from now on`,
    );
  }

  async *#withContexts(pages: AsyncIterable<PendingPost[]>): AsyncGenerator<PendingPost[]> {
    const { contexts, fetchesContexts = false } = this.options;
    for await (const page of pages) {
      if (contexts === undefined) {
        yield page;
        continue;
      }
      // No context is fetched for posts without a request.
      const asked = page.filter((post) => {
        const reason = this.classifier.unscorable(post);
        return reason === undefined || reason === "empty";
      });
      const rows = asked as (PendingPost & ContextRow)[];
      const found = new Map(
        (await withContexts(contexts, rows, fetchesContexts)).map((post) => [post.uri, post]),
      );
      yield page.map((post) => found.get(post.uri) ?? { ...post, context: [] });
    }
  }

  async #find(date: string): Promise<PendingCounts> {
    const { database, paths, options } = this;
    const sample = await this.sampleOf(date);
    this.#found = date;
    const drawn = this.#drawnDays();
    const find = () =>
      findPending(database, paths, this.#labels(date), sample, {
        failed: options.retryFailed ?? false,
        unasked: drawn.isJudgedOtherwise(date, this.#judgedBy),
        batched: this.#batched,
      });
    return await onOneThread(database, () => withMoreMemory(database, find));
  }

  #labels(day: string): LabelledDay {
    const { name, labelSet } = this.classifier;
    return { classifier: name, labelSetId: labelSetId(labelSet), day };
  }
}
