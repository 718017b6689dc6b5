import type { LabelReason } from "../../etl/labels/label_reason.ts";
import type { LabelSet } from "../../etl/labels/label_set.ts";
import type { PendingPost } from "../../etl/sampling/pending.ts";
import type { AnswerReader } from "../../etl/answers/answer_reader.ts";
import type { AskedWeight } from "../../etl/quota/quota.ts";

/** The response of a service to a paid classifier. */
export interface Reply {
  /** As received. */
  answer: string;
  /** Of the response, for its rate limits. */
  headers?: Headers;
  /** The service counts far fewer tokens than it was sent: it did not read all of them. */
  isPromptCut?: boolean;
}

/** What a request of a paid classifier used. */
export interface Used {
  tokens: number;
  /** US dollars. */
  cost: number;
}

/**
 * A classifier whose answers cost a quota or money; the engine runs it.
 *
 * `effort` is 0, plus 1 for each cut answer: the next answer may then be longer.
 */
export interface PaidClassifier extends AnswerReader {
  name: string;
  /** The service whose quotas its requests use, as a file name: one run at a time asks a service. */
  service: string;
  /** The definition of its label set. */
  labelSet: LabelSet;
  /** DuckDB types of its label columns, after those that all labels have. */
  columns: Readonly<Record<string, string>>;
  /** Most posts in one request. */
  postsPerRequest: number;
  /** Whether posts need their contexts. */
  needsContext?: boolean;
  /** Give why a post cannot be labelled, where that is known without a request. */
  unscorable(post: PendingPost): LabelReason | undefined;
  /** The settings of `unscorable` that can change within a label set. */
  judgedBy?: string;
  /** Give all that an answer depends on: posts with equal values are asked about once a day. */
  request(post: PendingPost): string;
  /** Give label columns known at the time of the request. */
  about?(post: PendingPost): Record<string, unknown>;
  /** The most that a request takes of the quotas; the unused part is given back. */
  weight(posts: PendingPost[], effort: number): AskedWeight;
  /** Most US dollars that a request may cost. */
  price(posts: PendingPost[], effort: number): number;
  /** Expected tokens and US dollars of a request; if left out, the maximum counts. */
  expected?(posts: PendingPost[]): Used;
  /** Send a request about posts; throws a `ServiceError`. */
  ask(posts: PendingPost[], effort: number, signal: AbortSignal): Promise<Reply>;
  /** Give the use that an answer reports; undefined where it reports none. */
  used?(answer: string): Used | undefined;
}
