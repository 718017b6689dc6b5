import type { LabelReason } from "../../etl/label_reason.ts";
import type { LabelSet } from "../../etl/label_set.ts";
import type { PendingPost } from "./pending.ts";
import type { Weight } from "./quota.ts";

/** A classifier whose answers cost a quota or money; the engine runs it. */
export interface PaidClassifier {
  name: string;
  /** What its labels rest on. */
  labelSet: LabelSet;
  /** DuckDB types of its label columns, after those that all labels have. */
  columns: Readonly<Record<string, string>>;
  /** Say why a post cannot be labelled, where that is known without asking. */
  unscorable(post: PendingPost): LabelReason | undefined;
  /** Give what is sent for a post: posts with the same bytes are asked for once a day. */
  request(post: PendingPost): string;
  /** What a request takes of the quotas; tokens may be estimated, see `refund`. */
  weight(post: PendingPost): Weight;
  /** US dollars that a request costs at most. */
  price(post: PendingPost): number;
  /** Send a request and give the raw answer; throws a `ServiceError`. */
  ask(post: PendingPost, signal: AbortSignal): Promise<string>;
  /** Read a raw answer as label columns; throws a `ServiceError` where it cannot be read. */
  read(answer: string): Record<string, unknown>;
}
