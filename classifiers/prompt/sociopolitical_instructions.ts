import type { SociopoliticalCodebook } from "../codebooks/sociopolitical_codebook.ts";
import { countryName, ROLE } from "./role.ts";

/** Give the instructions by which a model codes posts with the section `sociopolitical`. */
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
