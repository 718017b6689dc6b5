import type { AttributeCodebook } from "../codebooks/attribute_codebook.ts";
import type { SociopoliticalCodebook } from "../codebooks/sociopolitical_codebook.ts";

/** The role of the model. */
const ROLE =
  "You code posts of the social network Bluesky for a scientific study, by a codebook. You take no " +
  "side, and you judge by the definitions below alone.";

/** Give the English name of a country by its code (ISO 3166), such as United States. */
function countryName(code: string): string {
  return new Intl.DisplayNames("en", { type: "region" }).of(code) ?? code;
}

/** Write the instructions of a prompt by which a model scores posts, from the section `attributes`. */
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

/** Write the instructions of a prompt by which a model codes posts, from the section `sociopolitical`. */
export function sociopoliticalInstructions(
  { head, sociopolitical }: SociopoliticalCodebook,
): string {
  const { topics, lean, undecided, reasons } = sociopolitical;
  const definitions = Object.entries(topics).map(([name, text]) => `- ${name}: ${text}`);
  const labels = Object.entries(lean).map(([name, { description, examples }]) =>
    [`- ${name}: ${description}`, ...examples.map((text) => `  Example: ${JSON.stringify(text)}`)]
      .join("\n")
  );
  return [
    ROLE,
    `Country of the study: ${countryName(head.country)}.`,
    "",
    "# The questions",
    "is_sociopolitical: Is the post about at least one of these topics? It is, too, where only its " +
    "context shows that it is.",
    ...definitions,
    "",
    "lean: If it is, which position does the post itself argue for? Judge what its author argues, " +
    "not what is quoted or answered, and not who the author may be. " +
    `Answer ${undecided} where the post does not show it. ` +
    "If is_sociopolitical is false, lean is null.",
    ...labels,
    ...reasons
      ? ["", "reason: One short sentence in English that says why, without quoting the post."]
      : [],
  ].join("\n");
}
