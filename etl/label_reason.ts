/**
 * Why a post could not be labelled: the closed list of the column `reason`.
 *
 * `data/README.md` says of each what it means.
 */
export const LABEL_REASONS = ["empty", "language_not_supported"] as const;
export type LabelReason = typeof LABEL_REASONS[number];
