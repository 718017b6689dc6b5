import { createHash } from "node:crypto";
import { z } from "zod";
import { type CodebookHead, name, readSection, words } from "./codebook.ts";
import { plainLabel } from "./folded_text.ts";

const LeanLabel = z.strictObject({
  description: words,
  /** Invented posts that have the label. */
  examples: z.array(words).min(1, "is empty"),
  /** Other spellings of the label in replies without an enforced schema. */
  synonyms: z.array(words).default([]),
});

const SociopoliticalSection = z.strictObject({
  reasons: z.boolean(),
  topics: z.record(name, words)
    .refine((topics) => Object.keys(topics).length > 0, "has no topic"),
  lean: z.record(name, LeanLabel)
    .refine((labels) => Object.keys(labels).length > 1, "needs two labels or more"),
  undecided: z.string(),
}).superRefine(({ lean, undecided }, context) => {
  if (!(undecided in lean)) {
    const known = Object.keys(lean).join(", ");
    context.addIssue({
      code: "custom",
      message: `is none of the labels ${known}`,
      path: ["undecided"],
    });
  }
  const taken = new Map(Object.keys(lean).map((label) => [plainLabel(label), label]));
  for (const [label, { synonyms }] of Object.entries(lean)) {
    for (const [i, synonym] of synonyms.entries()) {
      const plain = plainLabel(synonym);
      const other = taken.get(plain);
      const path = ["lean", label, "synonyms", i];
      if (plain === "") context.addIssue({ code: "custom", message: "has no letter", path });
      if (other !== undefined) {
        context.addIssue({ code: "custom", message: `is already a name of ${other}`, path });
      }
      taken.set(plain, label);
    }
  }
});

/**
 * The section `sociopolitical`: topics by name, and lean labels by name, in the order of the file.
 *
 * `undecided` is the label of a post that shows no position.
 */
export type Sociopolitical = z.output<typeof SociopoliticalSection>;

/** A codebook with the section `sociopolitical`. */
export interface SociopoliticalCodebook {
  head: CodebookHead;
  sociopolitical: Sociopolitical;
}

/** Read the head and the section `sociopolitical` of a codebook; throws as `readSection` does. */
export async function readSociopolitical(path: string): Promise<SociopoliticalCodebook> {
  const { head, section } = await readSection(path, "sociopolitical", SociopoliticalSection);
  return { head, sociopolitical: section };
}

/**
 * Hash all that a model's labels depend on: country, languages and all instructions, in order.
 *
 * 64 hexadecimal digits (SHA-256). Comments, formatting, the description of the codebook and synonyms,
 * which are not in the prompt, do not change it.
 */
export function hashSociopolitical({ head, sociopolitical }: SociopoliticalCodebook): string {
  const { reasons, topics, lean, undecided } = sociopolitical;
  const labels = Object.entries(lean)
    .map(([label, { description, examples }]) => [label, description, examples]);
  const canonical = [head.country, [...head.languages].sort(), reasons, Object.entries(topics)];
  return createHash("sha256").update(JSON.stringify([...canonical, labels, undecided]))
    .digest("hex");
}

/** Hash the spellings of labels in replies without an enforced schema. */
export function hashSynonyms({ lean }: Sociopolitical): string {
  const names = Object.entries(lean)
    .map(([label, { synonyms }]) => [label, synonyms.map(plainLabel).sort()]);
  return createHash("sha256").update(JSON.stringify(names)).digest("hex");
}
