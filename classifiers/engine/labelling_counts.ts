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
  /** Answers whose service did not read all that it was sent. */
  cut_prompts = 0;
  /** US dollars. */
  cost = 0;

  /** Count a post, by the reason why it has no label. */
  add(reason: LabelReason | null): void {
    this.done++;
    if (reason === null) this.labelled++;
    else this.failed[reason] = (this.failed[reason] ?? 0) + 1;
  }

  /** Let the posts that got a reason count as those that are tried again. */
  doubt({ reason, posts }: { reason: LabelReason; posts: number }): void {
    delete this.failed[reason];
    this.failed.unavailable = (this.failed.unavailable ?? 0) + posts;
  }

  /** Posts that the next run tries again. */
  get passing(): number {
    return PASSING_REASONS.reduce((sum, reason) => sum + (this.failed[reason] ?? 0), 0);
  }
}
