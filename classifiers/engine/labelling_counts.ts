import { type LabelReason, PASSING_REASONS } from "../../etl/labels/label_reason.ts";

/** The counts of a labelling run so far. */
export class LabellingCounts {
  /** Posts with an answer or a reason. */
  done = 0;
  labelled = 0;
  failed: Partial<Record<LabelReason, number>> = {};
  requests = 0;
  /** Repeated requests for a post. */
  retries = 0;
  /** Posts that reuse the answer to another post's request. */
  reused = 0;
  /** US dollars. */
  cost = 0;

  /** Count a post, by the reason why it has no label. */
  add(reason: LabelReason | null): void {
    this.done++;
    if (reason === null) this.labelled++;
    else this.failed[reason] = (this.failed[reason] ?? 0) + 1;
  }

  /** Posts that the next run tries again. */
  get passing(): number {
    return PASSING_REASONS.reduce((sum, reason) => sum + (this.failed[reason] ?? 0), 0);
  }
}
