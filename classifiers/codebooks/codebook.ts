/**
 * Reads and checks a codebook: the YAML file in `codebooks/` that a researcher edits.
 *
 * A codebook has a head and one section a classifier; each section is read by itself, so that a
 * mistake in one never stops the classifier of another.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { describeError, UserError } from "../../etl/run/error.ts";
import { readText } from "../../etl/run/text_file.ts";
import { parseYaml, YamlMistake } from "../../etl/study/yaml.ts";
import { foldText, lowerText, partText } from "./folded_text.ts";

/** A name of a codebook, and of what it defines. */
export const name = z.string().regex(
  /^[a-z][a-z0-9_]*$/,
  "must be lower-case letters, digits and _",
);
/** Descriptions in a codebook. */
export const words = z.string().trim().min(1, "is empty");

const Head = z.strictObject({
  name,
  version: z.int().min(1),
  country: z.string().regex(/^[A-Z]{2}$/, "must be two capital letters (ISO 3166), such as US"),
  languages: z.array(z.string().regex(/^[a-z]{2,3}$/, "must be a code (ISO 639) such as en"))
    .min(1, "is empty")
    .refine((codes) => new Set(codes).size === codes.length, "names a language twice"),
  description: words,
});

/** The sections that a codebook may have. */
const SECTIONS = ["dictionary", "sociopolitical", "attributes"] as const;
/** The name of a section of a codebook. */
export type CodebookSection = typeof SECTIONS[number];

/** The head of a codebook, above its sections. */
export type CodebookHead = z.output<typeof Head>;

/** One entry of a dictionary, in the form in which it is compared with a text. */
export interface Entry {
  /** Folded; in lower case unless case-sensitive; without the `*` or the `#`. */
  match: string;
  /** Whether it was written with `*` at its end. */
  isPrefix: boolean;
  weight: number;
}

const number = z.number().positive("must be above 0")
  .refine((n) => Math.abs(n * 1000 - Math.round(n * 1000)) < 1e-9, "has more than three decimals");
const Written = z.strictObject({ match: z.string(), weight: number.default(1) });

type Kind = "term" | "phrase" | "case_sensitive" | "hashtag";

/** Give the entry that `written` stands for, or what is wrong with it. */
function parseEntry(written: string, weight: number, kind: Kind): Entry | string {
  const folded = foldText(written).trim();
  const bare = (kind === "hashtag" ? folded.replace(/^[#＃]/, "") : folded).replace(/\*$/, "");
  const isPrefix = folded.endsWith("*");
  if (bare === "") return "is empty";
  if (bare.includes("*")) return "has a * that is not at its end";
  if (kind === "hashtag") {
    if (isPrefix) return "has a *, but a hashtag matches only as a whole";
    const match = lowerText(bare);
    return partText(`#${bare}`).tags[0] === match
      ? { match, isPrefix, weight }
      : "is no hashtag: letters, digits, _ and inner hyphens only";
  }
  if (!/^[\p{L}\p{Nd}]/u.test(bare)) return "does not begin with a letter or a digit";
  if (isPrefix && !/[\p{L}\p{M}\p{Nd}]$/u.test(bare)) return "has a * that is not behind a letter";
  if (kind === "term" && bare.includes(" ")) return "is more than one word: move it to phrases";
  if (kind === "phrase" && !bare.includes(" ")) return "is one word: move it to terms";
  if (partText(bare).words !== bare) {
    return "can never match: links, @handles and #hashtags are taken out of a post first";
  }
  return { match: kind === "case_sensitive" ? bare : lowerText(bare), isPrefix, weight };
}

function entries(kind: Kind) {
  const entry = z.unknown().transform((written, context): Entry => {
    const isObject = typeof written === "object" && written !== null;
    // An unquoted "#tag" is a comment in YAML, which leaves an empty entry behind.
    const checked = Written.safeParse(isObject ? written : { match: written ?? "" });
    if (!checked.success) {
      for (const { message, path } of checked.error.issues) {
        context.issues.push({
          code: "custom",
          message,
          path: isObject ? [...path] : [],
          input: written,
        });
      }
      return z.NEVER;
    }
    const parsed = parseEntry(checked.data.match, checked.data.weight, kind);
    if (typeof parsed !== "string") return parsed;
    context.issues.push({ code: "custom", message: parsed, input: written });
    return z.NEVER;
  });
  return z.array(entry).default([]);
}

const Category = z.strictObject({
  description: words,
  terms: entries("term"),
  phrases: entries("phrase"),
  case_sensitive: entries("case_sensitive"),
  hashtags: entries("hashtag"),
}).superRefine((category, context) => {
  const { description: _, ...lists } = category;
  if (Object.values(lists).every((list) => list.length === 0)) {
    context.addIssue({ code: "custom", message: "has no entry" });
  }
  for (const [list, found] of Object.entries(lists)) {
    const seen = new Map<string, number>();
    for (const [i, { match, isPrefix }] of found.entries()) {
      const key = match + (isPrefix ? "*" : "");
      const first = seen.get(key);
      seen.set(key, first ?? i);
      if (first === undefined) continue;
      const message = `repeats ${list}[${first}], ${JSON.stringify(key)}`;
      context.addIssue({ code: "custom", message, path: [list, i] });
    }
  }
});

const DictionarySection = z.strictObject({
  threshold: number.default(1),
  categories: z.record(name, Category)
    .refine((found) => Object.keys(found).length > 0, "has no category"),
});

/** The section `dictionary`: categories in the order of the file. */
export type Dictionary = z.output<typeof DictionarySection>;

function pathOf(path: readonly PropertyKey[]): string {
  return path.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`).join("")
    .replace(/^\./, "");
}

/**
 * Read the head and one section of the codebook at `path`; the other sections are not read.
 *
 * Throws a `UserError` (exit status 2) naming the file and the place in it, such as
 * `dictionary.categories.elections.terms[3]`.
 */
export function readSection<T>(
  path: string,
  section: CodebookSection,
  schema: z.ZodType<T>,
): { head: CodebookHead; section: T } {
  const refuse = (found: string, remedy: string, cause?: unknown): never => {
    throw new UserError(`read the codebook ${path}`, found, remedy, { exitCode: 2, cause });
  };
  let value: unknown;
  try {
    value = parseYaml(readText(path));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    if (cause instanceof YamlMistake) refuse(cause.message, "Correct the YAML", cause);
    refuse(
      cause instanceof Deno.errors.NotFound ? "there is no such file" : describeError(cause),
      "Correct the path of the codebook in study.yaml",
      cause,
    );
  }
  const others = Object.fromEntries(SECTIONS.map((key) => [key, z.unknown().optional()]));
  const checked = z.strictObject({ ...Head.shape, ...others, [section]: schema })
    .safeParse(value);
  if (!checked.success) {
    const { issues } = checked.error;
    // A misspelt key is also a missing key; report the misspelling.
    const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0]!;
    const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
    refuse(
      `${pathOf(issue.path) || "the file"}: ${issue.message}${more}`,
      section === "dictionary"
        ? "Correct it there; docs/dictionary.md shows how a codebook is written"
        : "Correct it there; classifiers/codebooks/us_politics.yaml shows how it is written",
      checked.error,
    );
  }
  const { [section]: read, ...rest } = checked.data as CodebookHead & Record<string, unknown>;
  for (const key of SECTIONS) delete rest[key];
  return { head: rest as CodebookHead, section: read as T };
}

/** Read the head and the section `dictionary` of a codebook; throws as `readSection` does. */
export async function readDictionary(
  path: string,
): Promise<{ head: CodebookHead; dictionary: Dictionary }> {
  const { head, section } = await readSection(path, "dictionary", DictionarySection);
  return { head, dictionary: section };
}

/**
 * Hash all that a dictionary's labels depend on: languages, threshold, categories and entries.
 *
 * 64 hexadecimal digits (SHA-256). Comments, descriptions, formatting, the order of categories and
 * of entries, and ways to write the same entry (`#maga`, `MAGA`) do not change it.
 */
export function hashDictionary(languages: readonly string[], dictionary: Dictionary): string {
  const sorted = (list: readonly Entry[]) =>
    list.map(({ match, isPrefix, weight }) => JSON.stringify([match, isPrefix, weight])).sort();
  const categories = Object.entries(dictionary.categories)
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([name, { terms, phrases, case_sensitive, hashtags }]) => [
      name,
      ...[terms, phrases, case_sensitive, hashtags].map(sorted),
    ]);
  const canonical = JSON.stringify([[...languages].sort(), dictionary.threshold, categories]);
  return createHash("sha256").update(canonical).digest("hex");
}
