/** The form in which texts and entries of a dictionary are compared. */

/**
 * What the words of texts and dictionaries are made of, as a character class: letters, marks,
 * digits, underscore.
 */
export const WORD = String.raw`\p{L}\p{Mn}\p{Mc}\p{Nd}_`;

/**
 * Scripts that are written without spaces between words, as a character class. Signs that such a script
 * shares with spaced ones are in none.
 */
export const UNSPACED = [
  "Han",
  "Hiragana",
  "Katakana",
  "Bopomofo",
  "Thai",
  "Lao",
  "Khmer",
  "Myanmar",
]
  .map((script) => String.raw`\p{Script=${script}}`).join("");

/** Links (also without a scheme, as Bluesky shortens them), handles, then hashtags. */
const TAKEN_OUT = new RegExp(
  [
    String.raw`(?:https?|ftp|at):\/\/\S*`,
    String.raw`(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:[a-z]{2,}\/\S*|` +
    String.raw`(?:com|org|net|gov|edu|mil|info|social|app)(?![\w-]))`,
    String.raw`[@＠][${WORD}.-]+`,
    String.raw`[#＃](?<tag>[${WORD}]+(?:-[${WORD}]+)*)`,
  ].join("|"),
  "giu",
);
/** Stands where something was taken out: neither a word nor white space, so no phrase spans it. */
const GAP = "\uFFFC";

/**
 * Give a text the form in which texts and entries are compared: NFC, straight quotes and hyphens,
 * no variation selectors or soft hyphens, one space for any run of white space. Capitals stay.
 */
export function foldText(text: string): string {
  return text.normalize("NFC")
    .replace(/[\u00AD\uFE00-\uFE0F]/g, "")
    .replace(/[\u2018\u2019\u201B\u02BC\uFF07]/g, "'")
    .replace(/[\u201C\u201D\u201F\uFF02]/g, '"')
    .replace(/[\u2010\u2011]/g, "-")
    .replace(/\s+/g, " ");
}

/** Lower a text without moving any position: İ is the one letter that grows when it is lowered. */
export function lowerText(text: string): string {
  return text.replaceAll("\u0130", "i").toLowerCase();
}

/**
 * Fold a text and split it into its words and its hashtags.
 *
 * `words` has a gap where a link, handle or hashtag stood; `tags` are in lower case, without #, in
 * order, repeated if the text repeats them.
 */
export function partText(text: string): { words: string; tags: string[] } {
  const tags: string[] = [];
  const words = foldText(text).replace(TAKEN_OUT, (...found) => {
    const { tag } = found.at(-1) as { tag?: string };
    if (tag !== undefined) tags.push(lowerText(tag));
    return GAP;
  });
  return { words, tags };
}

/**
 * Give the form in which a codebook's label and its synonyms are compared: without case, quotes, stars and a
 * full stop around it, and with one space for any run of hyphens, underscores and white space.
 */
export function plainLabel(written: string): string {
  return written.normalize("NFKC").toLowerCase()
    .replace(/[\s_\p{Pd}]+/gu, " ")
    .replace(/^[\s"'“”‘’`*.<>]+|[\s"'“”‘’`*.<>]+$/g, "");
}
