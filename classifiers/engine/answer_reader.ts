import type { LabelSet } from "../../etl/label_set.ts";
import { toJson } from "../../etl/store/json.ts";
import type { Answer } from "./answer_segment.ts";
import { ServiceError } from "./service_error.ts";

/** How a classifier's answers become label rows. */
export interface AnswerReader {
  labelSet: LabelSet;
  /** DuckDB types of the label columns that `readAnswer` gives. */
  columns: Record<string, string>;
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

/** Give the columns of an answer as JSON, or why there are none. */
export function labelOf(
  reader: AnswerReader,
  { answer, reason }: Answer,
): { columns: string | null; reason: string | null } {
  if (answer === null || reason !== null) return { columns: null, reason };
  try {
    return { columns: toJson(reader.readAnswer(answer)), reason: null };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { columns: null, reason: error.reason ?? "invalid_answer" };
  }
}
