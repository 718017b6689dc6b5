import type { LabelReason } from "../labels/label_reason.ts";

/**
 * What the error of a paid service means for the answers of a run.
 *
 * - `rate_limited`: all workers wait
 * - `passing`: this post is tried again after a back-off
 * - `cut`: the answer was cut short: this post is asked about again with a larger cap
 * - `rejected`: this post cannot be labelled
 * - `denied`: only the status says so, as for a wrong key or address, or a firewall that
 *   dislikes one post: this post cannot be labelled now; after several such refusals, none can
 * - `fatal`: no post can be labelled; the run stops at once
 */
export type ServiceProblem = "rate_limited" | "passing" | "cut" | "rejected" | "denied" | "fatal";

/**
 * The error of a paid service: a request that gave no label.
 *
 * `reason` goes into the post's failure row; null where the problem is fatal and no row is written.
 * The message holds no key, no text of a post, and no text of the service.
 */
export class ServiceError extends Error {
  override readonly name = "ServiceError";

  constructor(
    readonly problem: ServiceProblem,
    readonly reason: LabelReason | null,
    message: string,
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Does the error of a paid service say that it asks to wait, or is its quota used up for now? */
export function isLimited(error: unknown): error is ServiceError {
  return error instanceof ServiceError && error.problem === "rate_limited";
}
