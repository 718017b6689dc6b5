import { z } from "zod";
import { readJson } from "../../etl/store/json.ts";
import { ServiceError } from "../engine/contract/service_error.ts";

/** The column of each attribute of the API. */
export const ATTRIBUTES: Record<string, string> = {
  TOXICITY: "prob_toxic",
  SEVERE_TOXICITY: "prob_severe_toxic",
  IDENTITY_ATTACK: "prob_identity_attack",
  INSULT: "prob_insult",
  PROFANITY: "prob_profanity",
  THREAT: "prob_threat",
  SEXUALLY_EXPLICIT: "prob_sexually_explicit",
  FLIRTATION: "prob_flirtation",
  SPAM: "prob_spam",
  AFFINITY_EXPERIMENTAL: "prob_affinity",
  COMPASSION_EXPERIMENTAL: "prob_compassion",
  CURIOSITY_EXPERIMENTAL: "prob_curiosity",
  NUANCE_EXPERIMENTAL: "prob_nuance",
  PERSONAL_STORY_EXPERIMENTAL: "prob_personal_story",
  REASONING_EXPERIMENTAL: "prob_reasoning",
  RESPECT_EXPERIMENTAL: "prob_respect",
  ALIENATION_EXPERIMENTAL: "prob_alienation",
  FEARMONGERING_EXPERIMENTAL: "prob_fearmongering",
  GENERALIZATION_EXPERIMENTAL: "prob_generalization",
  MORAL_OUTRAGE_EXPERIMENTAL: "prob_moral_outrage",
  SCAPEGOATING_EXPERIMENTAL: "prob_scapegoating",
};

/** A column whose attribute the service no longer has: null in every row that is asked for today. */
const RETIRED_COLUMN = "prob_constructive";

/** The columns of an answer. */
export const COLUMNS: Record<string, "DOUBLE"> = Object.fromEntries(
  [...Object.values(ATTRIBUTES), RETIRED_COLUMN].map((column) => [column, "DOUBLE"]),
);

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
 * Throws a `ServiceError`: `invalid_answer` where it is not what the API says (a score outside 0 to 1
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
    "the answer is not what the Comment Analyzer's API says",
  );
}
