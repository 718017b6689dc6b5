/**
 * The dictionary's rules a second time, slow and plain: the oracle of `dictionary_match_test.ts`.
 *
 * Covers ASCII and letters with capitals; links, handles and hashtags must stand between spaces.
 */
import type { Dictionary } from "../../../classifiers/codebooks/codebook.ts";

const isWordChar = (char: string) =>
  char.toLowerCase() !== char.toUpperCase() || "0123456789_".includes(char);
const tokenize = (from: string): string[] => {
  const tokens: string[] = [];
  let inWord = false;
  for (const char of from) {
    if (char.trim() === "") {
      if (tokens.at(-1) !== " ") tokens.push(" ");
      inWord = false;
    } else if (isWordChar(char) && inWord) tokens.push(tokens.pop() + char);
    else {
      tokens.push(char);
      inWord = isWordChar(char);
    }
  }
  return tokens;
};

const tokensByEntry = new Map<string, string[]>();
function tokensOf(match: string): string[] {
  let tokens = tokensByEntry.get(match);
  if (tokens === undefined) tokensByEntry.set(match, tokens = tokenize(match));
  return tokens;
}

/** Score a text by trying every entry at every token; gives the matched categories' scores. */
export function naiveScore(text: string, { categories }: Dictionary): Record<string, number> {
  const chunks = text.split(" ");
  const isLink = (chunk: string) => chunk.startsWith("https://") || chunk.startsWith("@");
  const tags = chunks.filter((chunk) => chunk.startsWith("#")).map((chunk) => chunk.slice(1));
  const tokens = tokenize(
    chunks.map((chunk) => isLink(chunk) || chunk.startsWith("#") ? "%" : chunk).join(" "),
  );
  const scores: Record<string, number> = {};
  for (const [name, lists] of Object.entries(categories)) {
    const hits: number[] = [];
    for (const tag of tags) {
      for (const { match, weight } of lists.hashtags) {
        if (match === tag.toLowerCase()) hits.push(weight);
      }
    }
    for (let i = 0; i < tokens.length;) {
      let best = { size: 0, length: 0, stem: 0, weight: 0 };
      const isAfterHyphen = tokens[i - 1] === "-" && isWordChar(tokens[i - 2]?.[0] ?? " ");
      for (const list of ["terms", "phrases", "case_sensitive"] as const) {
        for (const { match, isPrefix, weight } of lists[list]) {
          const wanted = tokensOf(match);
          const found = tokens.slice(i, i + wanted.length)
            .map((token) => list === "case_sensitive" ? token : token.toLowerCase());
          const fits = wanted.every((token, k) =>
            isPrefix && k === wanted.length - 1 ? found[k]?.startsWith(token) : found[k] === token
          );
          const length = found.join("").length;
          const stem = match.length * 2 + (isPrefix ? 0 : 1);
          const isBetter = length > best.length || length === best.length && stem >= best.stem;
          if (fits && !isAfterHyphen && isBetter) {
            best = { size: wanted.length, length, stem, weight };
          }
        }
      }
      if (best.size > 0) hits.push(best.weight);
      i += best.size || 1;
    }
    if (hits.length > 0) scores[name] = hits.reduce((sum, weight) => sum + weight, 0);
  }
  return scores;
}
