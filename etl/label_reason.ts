/**
 * Why a post could not be labelled: the closed list of the column `reason`.
 *
 * `data/README.md` says of each what it means.
 */
export const LABEL_REASONS = [
  "empty",
  "language_not_supported",
  "too_long",
  "rejected",
  "invalid_answer",
  "timed_out",
  "unavailable",
  "rate_limited",
] as const;
export type LabelReason = typeof LABEL_REASONS[number];

/** Reasons that lie with the service and not with the post: the next run tries it again. */
export const PASSING_REASONS: readonly LabelReason[] = [
  "invalid_answer",
  "timed_out",
  "unavailable",
  "rate_limited",
];
