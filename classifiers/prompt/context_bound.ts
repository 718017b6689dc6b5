import type { ContextPart } from "../../etl/context/context_part.ts";
import { type ShownPart, toInertJson, withoutIdentifiers } from "./material.ts";
import { countTokens } from "./token_count.ts";

/** Most characters per token; a longer text is cut before its tokens are counted. */
const CHARACTERS_A_TOKEN = 8;
/** Tokens of a part beside its text: its kind, braces, quotes, the mark of a cut. */
const PART = 12;
/** Shorter texts are left out. */
const LEAST = 4;

const graphemes = new Intl.Segmenter("en");

/**
 * Bound the context of a post to some tokens, counted as written in the material.
 *
 * The longest parts are cut first, all to one length, so that a short alt text is not lost to a long
 * quote; a part that is cut is marked. Parts come in the order in which they were given; identifiers
 * are removed. If there are too many parts for the bound, the last are left out.
 */
export function boundContext(parts: readonly ContextPart[], tokens: number): ShownPart[] {
  const room = Math.floor(tokens / (PART + LEAST));
  const shown = parts.map(({ kind, text }) => {
    const whole = withoutIdentifiers(text).trim();
    const head = firstGraphemes(whole, tokens * CHARACTERS_A_TOKEN);
    return { kind, text: head, isCut: head.length < whole.length, tokens: textTokens(head) };
  }).filter(({ text }) => text !== "").slice(0, room);
  const cap = commonCap(shown.map((part) => part.tokens), tokens - PART * shown.length);
  return shown.map(({ kind, text, isCut, tokens }) => {
    const kept = tokens > cap ? cutToTokens(text, cap) : text;
    return isCut || kept.length < text.length ? { kind, text: kept, cut: true } : { kind, text };
  });
}

/** Give the greatest length to which all must be cut so that they add up to `total` at most. */
function commonCap(lengths: number[], total: number): number {
  const ascending = lengths.toSorted((a, b) => a - b);
  let left = total;
  for (const [i, length] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - i));
    if (length > share) return share;
    left -= length;
  }
  return Infinity;
}

function cutToTokens(text: string, tokens: number): string {
  let [fits, tooLong] = [0, text.length + 1];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (textTokens(text.slice(0, middle)) <= tokens) fits = middle;
    else tooLong = middle;
  }
  return firstGraphemes(text, fits).trimEnd();
}

/** Give the graphemes that lie in the first so many UTF-16 units. */
function firstGraphemes(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = graphemes.segment(text).containing(length);
  return text.slice(0, last?.index ?? length);
}

function textTokens(text: string): number {
  return countTokens(toInertJson(text));
}
