import type { LabelReason } from "../../../etl/labels/label_reason.ts";

/**
 * What a refusal of a service means for the engine.
 *
 * - `rate_limited`: all workers wait
 * - `passing`: this post is tried again after a back-off
 * - `cut`: the answer was cut short: this post is asked for again, and may take more
 * - `rejected`: this post cannot be labelled
 * - `denied`: only the status says so, as of a key or an address that is wrong, or of a firewall that
 *   dislikes one post: this post cannot be labelled now, and where several are told so, none can
 * - `fatal`: no post can be labelled; the run stops at once
 */
export type ServiceProblem = "rate_limited" | "passing" | "cut" | "rejected" | "denied" | "fatal";

/**
 * A request to a paid service that gave no label.
 *
 * `reason` is what the post's failure row says, null where the problem is fatal and no row is written.
 * The message holds neither a key nor a post's text, and nothing that the service wrote.
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

/** Does a service ask to wait, or has it no more for now? */
export function isLimited(error: unknown): error is ServiceError {
  return error instanceof ServiceError && error.problem === "rate_limited";
}
