/** Whether two texts are one that went through a spreadsheet, a coding tool or a web page. */
import { decodeHTMLStrict } from "entities";

/** Escaped more than twice is no accident. */
const MOST_ESCAPES = 2;
/** Characters that nobody sees and tools drop: joiners, marks of order, selectors, soft hyphens. */
const UNSEEN =
  /[\u00ad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff]/g;

/** Where a tool cut a text, it may say so. */
const MARK_OF_CUT = /\s*(?:…|\.\.\.|\[(?:…|\.\.\.)\])$/;

/**
 * Give a text as the text of a given label is compared with that of a post: entities decoded, NFKC, straight quotes and hyphens, single blanks.
 *
 * Two texts with the same outcome are taken for one text; it is no text to be shown. NFC instead of NFKC
 * keeps apart what reads differently, as 10² and 102.
 */
export function comparedText(text: string, form: "NFC" | "NFKC" = "NFKC"): string {
  return decoded(text)
    // A break of line or paragraph is a blank.
    .replace(/[\u2028\u2029]/g, " ")
    .replace(UNSEEN, "")
    .normalize(form)
    .replace(/[‘’‚‛′`´]/g, "'")
    .replace(/[“”„‟″\u00ab\u00bb]/g, '"')
    .replace(/[‐‑‒–—―−]/g, "-")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
}

/** Is a text the beginning of another, as tools leave it that cut texts? */
export function isCutFrom(text: string, whole: string, form: "NFC" | "NFKC" = "NFKC"): boolean {
  const cut = comparedText(text, form).replace(MARK_OF_CUT, "");
  return cut !== "" && comparedText(whole, form).startsWith(cut);
}

/** Are the texts of two rows one, of which a tool may have left a beginning, or nothing? */
export function isOneText(a: string, b: string): boolean {
  return isBlank(a) || isBlank(b) || comparedText(a) === comparedText(b) || isCutFrom(a, b) ||
    isCutFrom(b, a);
}

/** Does a text say nothing? */
export function isBlank(text: string): boolean {
  return text.trim() === "";
}

function decoded(text: string): string {
  for (let round = 0; round < MOST_ESCAPES && text.includes("&"); round++) {
    text = decodeHTMLStrict(text);
  }
  return text;
}
