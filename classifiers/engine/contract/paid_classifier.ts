import type { LabelReason } from "../../../etl/labels/label_reason.ts";
import type { LabelSet } from "../../../etl/labels/label_set.ts";
import type { PendingPost } from "../../../etl/sampling/pending.ts";
import type { AskedWeight } from "../quota/quota.ts";

/** What a service answered. */
export interface Reply {
  /** As it came. */
  answer: string;
  /** Of the response, for what they say of rate limits. */
  headers?: Headers;
}

/** What a request took in truth. */
export interface Used {
  tokens: number;
  /** US dollars. */
  cost: number;
}

/**
 * A classifier whose answers cost a quota or money; the engine runs it.
 *
 * `effort` is 0, and one more each time that an answer was cut short: it then may be longer.
 */
export interface PaidClassifier {
  name: string;
  /** Whose quotas its requests take, as a file name: one run at a time asks a service. */
  service: string;
  /** What its labels rest on. */
  labelSet: LabelSet;
  /** DuckDB types of its label columns, after those that all labels have. */
  columns: Readonly<Record<string, string>>;
  /** Posts that one request holds at most. */
  postsPerRequest: number;
  /** Whether posts are to come with their contexts. */
  needsContext?: boolean;
  /** Say why a post cannot be labelled, where that is known without asking. */
  unscorable(post: PendingPost): LabelReason | undefined;
  /** The settings that `unscorable` goes by, where they can change within a label set. */
  judgedBy?: string;
  /** Give all that an answer depends on: posts where it is the same are asked for once a day. */
  request(post: PendingPost): string;
  /** Give label columns that are known when a post is asked about. */
  about?(post: PendingPost): Record<string, unknown>;
  /** What a request takes of the quotas at most; what its answer did not use is given back. */
  weight(posts: PendingPost[], effort: number): AskedWeight;
  /** US dollars that a request costs at most. */
  price(posts: PendingPost[], effort: number): number;
  /** Tokens and US dollars that a request probably takes; where it is left out, what it takes at most. */
  expected?(posts: PendingPost[]): Used;
  /** Send a request about posts; throws a `ServiceError`. */
  ask(posts: PendingPost[], effort: number, signal: AbortSignal): Promise<Reply>;
  /** Give what an answer says that it took; undefined where it says nothing. */
  used?(answer: string): Used | undefined;
  /**
   * Give what the reply to a request of several posts says of the one at a place of it, from 0, in a
   * form that `read` reads.
   *
   * For classifiers with several posts a request. Throws a `ServiceError` where it says nothing of it.
   */
  part?(reply: string, place: number): string;
  /** Read a raw answer about one post as label columns; throws a `ServiceError` where it cannot be read. */
  read(answer: string): Record<string, unknown>;
}

/** Give the part of a raw answer that is about one post, all of it where the post has no place in it. */
export function partOf(
  { part }: Pick<PaidClassifier, "part">,
  answer: string,
  place: number | undefined,
): string {
  if (place === undefined) return answer;
  if (part === undefined) throw new Error("an answer about several posts of a classifier of one");
  return part(answer, place);
}
