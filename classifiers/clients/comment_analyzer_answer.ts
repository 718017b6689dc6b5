import { z } from "zod";
import { ATTRIBUTES, COLUMNS } from "./comment_analyzer_attributes.ts";
import { readJson } from "../../etl/store/json.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";

const Answer = z.object({
  attributeScores: z.record(z.string(), z.unknown()).optional(),
  languages: z.array(z.string()).optional(),
});
const Score = z.object({
  summaryScore: z.object({
    value: z.number().min(0).max(1),
    type: z.literal("PROBABILITY").optional(),
  }),
});

/**
 * Read an answer as the values of `COLUMNS`, null for attributes that it does not have.
 *
 * Throws a `ServiceError`: `invalid_answer` where it does not fit the API (a score outside 0 to 1
 * included), `language_not_supported` where the service dropped every attribute.
 */
export function readAnswer(raw: string): Record<string, number | null> {
  const { attributeScores, languages } = check(readJson(raw), Answer);
  const row: Record<string, number | null> = {};
  for (const column of Object.keys(COLUMNS)) row[column] = null;
  for (const [attribute, column] of Object.entries(ATTRIBUTES)) {
    const score = attributeScores?.[attribute];
    if (score !== undefined) row[column] = check(score, Score).summaryScore.value;
  }
  if (Object.values(row).some((value) => value !== null)) return row;
  if (languages === undefined) throw invalidAnswer();
  throw new ServiceError(
    "rejected",
    "language_not_supported",
    "the service has no attribute in the post's language",
  );
}

function check<T>(value: unknown, schema: z.ZodType<T>): T {
  const { success, data } = schema.safeParse(value);
  if (!success) throw invalidAnswer();
  return data;
}

function invalidAnswer(): ServiceError {
  return new ServiceError(
    "passing",
    "invalid_answer",
    "the answer does not fit the Comment Analyzer's API",
  );
}
