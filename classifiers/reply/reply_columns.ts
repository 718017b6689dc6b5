/** Label columns on the origin of a language model's reply, after what it says. */
export const CHAT_COLUMNS = {
  context_kinds: "VARCHAR[]",
  finish_reason: "VARCHAR",
  tokens_prompt: "INTEGER",
  tokens_completion: "INTEGER",
  model_served: "VARCHAR",
} as const;

/** Label columns of `labels/sociopolitical` that a reply fills, before those on its origin. */
export const SOCIOPOLITICAL_COLUMNS = {
  is_sociopolitical: "BOOLEAN",
  lean: "VARCHAR",
  reason_text: "VARCHAR",
} as const;
