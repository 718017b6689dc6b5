import type { LabelReason } from "../../etl/label_reason.ts";
import type { Answered } from "./asker.ts";
import { type PaidClassifier, partOf } from "./paid_classifier.ts";
import type { StoredAnswer } from "../../etl/pending.ts";
import { ServiceError } from "./service_error.ts";

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
