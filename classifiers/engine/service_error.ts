import type { LabelReason } from "../../etl/label_reason.ts";

/** What a refusal of a service means for the engine. */
export type ServiceProblem =
  | "rate_limited" // 429: all workers wait
  | "passing" // 5xx, 498, time-out, reset, broken answer: try this post again after a back-off
  | "rejected" // this post cannot be labelled: a failure row with `reason`
  | "fatal"; // key wrong, service gone: stop the run at once

/** A refusal of a service. Its message never holds a key or a post's text. */
export class ServiceError extends Error {
  constructor(
    readonly problem: ServiceProblem,
    readonly reason: LabelReason | null,
    message: string,
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "ServiceError";
  }
}
