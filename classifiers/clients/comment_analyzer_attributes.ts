/** The column of each attribute that the API of the Comment Analyzer scores. */
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

/** A column whose attribute the service no longer has: null in every new row. */
const RETIRED_COLUMN = "prob_constructive";

/** The columns of an answer of the Comment Analyzer. */
export const COLUMNS: Record<string, "DOUBLE"> = Object.fromEntries(
  [...Object.values(ATTRIBUTES), RETIRED_COLUMN].map((column) => [column, "DOUBLE"]),
);

/** The longest text that the service accepts, in bytes of UTF-8 (`COMMENT_TOO_LONG`). */
export const MAX_BYTES = 20_480;
