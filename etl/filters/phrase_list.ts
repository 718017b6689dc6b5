import { z } from "zod";
import { literal } from "../store/duckdb.ts";

/** Words and phrases that are looked for as a whole, as a filter's section in `study.yaml` lists them. */
export const PhraseList = z.array(
  z.string().refine((phrase) => wordsOf(phrase) !== "", "has no letter and no digit")
    // Left out like all punctuation, they would make another word of it: `c++` would be `c`.
    .refine((phrase) => !/[\\^$*+?()[\]{}|]/.test(phrase), "is no pattern: phrases are words"),
);

/** The gap between words. */
const BETWEEN = "[^\\p{L}\\p{M}\\p{N}_]";

/**
 * Give an SQL expression: does a candidate have one of the phrases, as whole words in this order?
 *
 * Case, punctuation, emoji and line breaks between words make no difference. Links, handles and
 * hashtags are made of words too.
 */
export function hasPhrase(phrases: string[]): string {
  if (phrases.length === 0) return "false";
  // Word characters have no meaning in a regular expression, so nothing is escaped.
  const words = phrases.map((phrase) => wordsOf(phrase).replaceAll(" ", `${BETWEEN}+`));
  const pattern = `(?:^|${BETWEEN})(?:${words.join("|")})(?:${BETWEEN}|$)`;
  return `regexp_matches(lower(nfc_normalize(text)), ${literal(pattern)})`;
}

/** Give the words of a phrase in lower case, with single spaces between. */
function wordsOf(phrase: string): string {
  // As DuckDB lowers: letter by letter, each to one letter.
  return Array.from(phrase.normalize("NFC"), (letter) => Array.from(letter.toLowerCase())[0])
    .join("").replace(/[^\p{L}\p{M}\p{N}_]+/gu, " ").trim();
}
