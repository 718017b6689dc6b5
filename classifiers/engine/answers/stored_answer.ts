import type { LabelReason } from "../../../etl/labels/label_reason.ts";
import type { Answered } from "../asking/asker.ts";
import { type PaidClassifier, partOf } from "../contract/paid_classifier.ts";
import type { StoredAnswer } from "../../../etl/sampling/pending.ts";
import { ServiceError } from "../contract/service_error.ts";

/** Give what is stored of a request, for another post of the same; undefined where it cannot be read. */
export function readStored(
  classifier: PaidClassifier,
  { answer: stored, place, reason }: StoredAnswer,
): Answered | undefined {
  if (stored === null) return { answer: null, reason: reason as LabelReason };
  try {
    const answer = partOf(classifier, stored, place);
    classifier.read(answer);
    return { answer, reason: null };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return error.problem === "rejected" ? { answer: null, reason: error.reason } : undefined;
  }
}
