import { createHash } from "node:crypto";
import { z } from "zod";
import { type CodebookHead, name, readSection, words } from "./codebook.ts";

const Attribute = z.strictObject({
  definition: words,
  /** What the score 0 means. */
  zero: words,
  /** What the score 1 means. */
  one: words,
});

const AttributesSection = z.record(name, Attribute)
  .refine((attributes) => Object.keys(attributes).length > 0, "has no attribute");

/** The section `attributes`: attributes by name, in the order of the file. */
export type Attributes = z.output<typeof AttributesSection>;

/** A codebook with the section `attributes`. */
export interface AttributeCodebook {
  head: CodebookHead;
  attributes: Attributes;
}

/** Read the head and the section `attributes` of a codebook; throws as `readSection` does. */
export async function readAttributes(path: string): Promise<AttributeCodebook> {
  const { head, section } = await readSection(path, "attributes", AttributesSection);
  return { head, attributes: section };
}

/**
 * Hash all that a model's scores depend on: languages and all instructions, in order.
 *
 * 64 hexadecimal digits (SHA-256). Comments, formatting and the description of the codebook do not
 * change it.
 */
export function hashAttributes({ head, attributes }: AttributeCodebook): string {
  const definitions = Object.entries(attributes)
    .map(([attribute, { definition, zero, one }]) => [attribute, definition, zero, one]);
  return createHash("sha256")
    .update(JSON.stringify([head.country, [...head.languages].sort(), definitions])).digest("hex");
}
