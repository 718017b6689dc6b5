import type { AttributeCodebook } from "../codebooks/attribute_codebook.ts";
import { countryName, ROLE } from "./role.ts";

/** Give the instructions by which a model scores posts with the section `attributes`. */
export function attributeInstructions({ head, attributes }: AttributeCodebook): string {
  const definitions = Object.entries(attributes).map(([name, { definition, zero, one }]) =>
    `- ${name}: ${definition} 0: ${zero} 1: ${one}`
  );
  return [
    ROLE,
    `Country of the study: ${countryName(head.country)}.`,
    "",
    "# The questions",
    "How far does each of these attributes hold of the post itself, not of what it quotes or answers? " +
    "Give a number from 0 to 1 with at most two decimals for each; use the whole range, and judge " +
    "each attribute by itself.",
    ...definitions,
  ].join("\n");
}
