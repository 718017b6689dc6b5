import type { LabelSet } from "../../../etl/labels/label_set.ts";
import { toJson } from "../../../etl/store/json.ts";
import type { Answer } from "./answer_segment.ts";
import { partOf } from "../contract/paid_classifier.ts";
import { ServiceError } from "../contract/service_error.ts";

/** How a classifier's answers become label rows. */
export interface AnswerReader {
  labelSet: LabelSet;
  /** DuckDB types of the label columns that `readAnswer` gives. */
  columns: Record<string, string>;
  /** See `PaidClassifier.part`. */
  part?(reply: string, place: number): string;
  /** Give label columns of a raw answer; throws a ServiceError where it is none. */
  readAnswer(raw: string): Record<string, unknown>;
}

/** Read a line of a segment; gives undefined where it is no answer. */
export function parseAnswer(text: string): Answer | undefined {
  try {
    const line = JSON.parse(text) as Answer;
    const isWhole = typeof line.uri === "string" && typeof line.text_hash === "string" &&
      /^\d{4}-\d\d-\d\d$/.test(line.date) && !Number.isNaN(Date.parse(line.received_at)) &&
      (typeof line.answer === "string" || typeof line.reason === "string");
    return isWhole ? { ...line, received_at: new Date(line.received_at).toISOString() } : undefined;
  } catch {
    return undefined;
  }
}

/** A label of an answer, or why there is none. */
export interface ReadLabel {
  /** What the answer says of the post; null where it says nothing. */
  answer: string | null;
  /** The label columns as JSON. */
  columns: string | null;
  reason: string | null;
}

/** Read the label of an answer. */
export function labelOf(reader: AnswerReader, { answer, reason, place, about }: Answer): ReadLabel {
  if (answer === null || reason !== null) return { answer, columns: null, reason };
  let own: string | null = place === undefined ? answer : null;
  try {
    own = partOf(reader, answer, place);
    return { answer: own, columns: toJson({ ...about, ...reader.readAnswer(own) }), reason: null };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { answer: own, columns: null, reason: error.reason ?? "invalid_answer" };
  }
}
