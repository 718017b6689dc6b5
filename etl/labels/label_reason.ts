/**
 * Why a post could not be labelled: the closed list of the column `reason`.
 *
 * `data/README.md` gives their meanings.
 */
export const LABEL_REASONS = [
  "empty",
  "language_not_supported",
  "text_too_short",
  "too_long",
  "rejected",
  "refused",
  "cut_short",
  "retired_model",
  "context_unavailable",
  "invalid_answer",
  "timed_out",
  "unavailable",
  "rate_limited",
] as const;
/** Why a post could not be labelled: one of `LABEL_REASONS`. */
export type LabelReason = typeof LABEL_REASONS[number];

/** Temporary reasons: the next run tries those posts again. */
export const PASSING_REASONS: readonly LabelReason[] = [
  "context_unavailable",
  "invalid_answer",
  "timed_out",
  "unavailable",
  "rate_limited",
];
