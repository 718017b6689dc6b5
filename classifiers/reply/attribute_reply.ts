import { z } from "zod";
import type { Attributes } from "../codebooks/attribute_codebook.ts";
import type { ReplyFormat } from "./reply_format.ts";

/** Give the label columns that a reply with scores of attributes becomes, after those that all labels have. */
export function attributeColumns(attributes: Attributes): Record<string, "DOUBLE"> {
  return Object.fromEntries(
    Object.keys(attributes).map((name) => [`score_${name}`, "DOUBLE" as const]),
  );
}

/** Give the format of replies to the section `attributes` of a codebook: a score from 0 to 1 each. */
export function attributeFormat(attributes: Attributes): ReplyFormat {
  // Strict mode allows no bounds in the schema.
  const score = z.number().refine((value) => value >= 0 && value <= 1, "is not between 0 and 1");
  return {
    name: "attributes",
    fields: z.strictObject(
      Object.fromEntries(Object.keys(attributes).map((name) => [name, score])),
    ),
    toRow: (scores) =>
      Object.fromEntries(Object.entries(scores).map(([name, value]) => [`score_${name}`, value])),
  };
}
