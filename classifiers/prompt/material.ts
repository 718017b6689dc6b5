/**
 * Writes posts as material: as data to code that cannot give instructions.
 *
 * Two walls stand around it, and each holds by itself.
 * - Each post is one line of JSON with every character escaped that could end the fence, be taken for
 *   a special token of a model, or be seen otherwise than it is read: line breaks, quotes, `<` and `>`,
 *   control characters, invisible and bidirectional marks, tag characters, half surrogates.
 * - The lines of the fence hold a hash of what stands between them, which no text can contain, as it
 *   would have to hold its own hash.
 */
import { createHash } from "node:crypto";
import type { ContextKind } from "../../etl/context/context_part.ts";

/** A part of a post's context as the material shows it. */
export interface ShownPart {
  kind: ContextKind;
  text: string;
  /** The text goes on. */
  cut?: true;
}

/** A post as the material shows it. */
export interface ShownPost {
  /** Short and without meaning; only where several posts are in one request. */
  id?: string;
  text: string;
  context?: ShownPart[];
}

/** Characters that are invisible and not needed: controls, formats, surrogates, unassigned, separators. */
const HIDDEN = /[<>\p{C}\p{Zl}\p{Zp}\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]/gu;
/** A joiner between two emoji and the form of an emoji, which posts are full of. */
const EMOJI_PART =
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}]\u{FE0F}?)[\u{200D}\u{FE0F}]/gu;

/** Write a value as one line of JSON that cannot be mistaken for anything but data. */
export function toInertJson(value: unknown): string {
  const json = JSON.stringify(value);
  const harmless = new Set([...json.matchAll(EMOJI_PART)].map(({ index }) => index));
  return json.replace(HIDDEN, (character, index: number) => {
    if (harmless.has(index)) return character;
    const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}

const AT_URI = /\bat:\/\/\S+/gi;
const DID = /\bdid:[a-z]+:[\w.:%-]*[\w]/gi;
const PROFILE = /\b(bsky\.app\/profile\/)[^\s/?#]+(\/post\/[^\s/?#]+)?/gi;
const HANDLE = /(?<![\w.@])@[a-z0-9-]+(?:\.[a-z0-9-]+)+/gi;
const BLUESKY_HANDLE = /(?<![\w.-])[a-z0-9-]+\.bsky\.social\b/gi;

/**
 * Remove identifiers of accounts and records: at:// URIs, dids, handles.
 *
 * Words stay words: `@account` stands where somebody is spoken to. An `@name` without a dot is no
 * handle, and stays.
 */
export function withoutIdentifiers(text: string): string {
  return text.replace(AT_URI, "[record]").replace(DID, "[account]")
    .replace(PROFILE, "$1[account]").replace(HANDLE, "@account")
    .replace(BLUESKY_HANDLE, "[account]");
}

/** Give posts as fenced material, one a line. */
export function fence(posts: readonly ShownPost[]): string {
  const lines = posts.map(toInertJson).join("\n");
  const mark = createHash("sha256").update(lines).digest("hex").slice(0, 12);
  return `<material ${mark}>\n${lines}\n</material ${mark}>`;
}

/**
 * Read fenced material back out of a message.
 *
 * Throws a `RangeError` where the message does not hold exactly one fence that closes and whose mark is
 * that of its content.
 */
export function readFence(message: string): ShownPost[] {
  const lines = message.split("\n");
  const marks = lines.map((line) => /^<(\/?)material ([0-9a-f]{12})>$/.exec(line));
  const [first, last] = [marks.findIndex(Boolean), marks.findLastIndex(Boolean)];
  const inner = lines.slice(first + 1, last).join("\n");
  const mark = createHash("sha256").update(inner).digest("hex").slice(0, 12);
  const isFence = marks.filter(Boolean).length === 2 && marks[first]![1] === "" &&
    marks[last]![1] === "/" && marks[first]![2] === mark && marks[last]![2] === mark;
  if (!isFence || message.match(/<\/?material/g)?.length !== 2) {
    throw new RangeError("the message holds no fence, a broken one, or several");
  }
  return inner.split("\n").map((line) => JSON.parse(line));
}
