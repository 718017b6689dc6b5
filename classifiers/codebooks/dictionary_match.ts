/**
 * Dictionary analysis of one text: the entries of a codebook found in it, and their weights.
 *
 * `docs/dictionary.md` states the rules for researchers. All entries stand in two tries (one for
 * entries in which capitals matter), and a text is walked once from left to right, so the time is
 * linear in its length for any text.
 */
import type { Dictionary, Entry } from "./codebook.ts";
import { lowerText, partText, UNSPACED, WORD } from "./folded_text.ts";

const WORD_RUN = new RegExp(`[${WORD}]+`, "gu");
/** A letter without spaces around it; what belongs to the sign before it is taken with it. */
const UNSPACED_SIGN = new RegExp(
  `(?=[${UNSPACED}])[${WORD}][\\p{M}ーぁぃぅぇぉゃゅょゎァィゥェォャュョヮｰﾞﾟ]*`,
  "gu",
);

/** Weights are summed in whole thousandths: ten times 0.1 is 1, in any order. */
const UNITS = 1000;

/** The dictionary's result for one text. */
export interface DictionaryScore {
  /** Words outside links, handles and hashtags; inner hyphens and apostrophes join a word. */
  wordCount: number;
  /** The categories with a match, in the order of the codebook. */
  categories: string[];
  /** The sum of the weights of all matches, for the matched categories only. */
  scores: Record<string, number>;
  /** The sum of `scores`. */
  score: number;
  /** Whether `score` reaches the threshold. */
  isPolitical: boolean;
}

interface Candidate {
  category: number;
  units: number;
  /** Decides between entries that match the same stretch: a longer stem, then exact over prefix. */
  precedence: number;
}

interface Node {
  next: Map<number, Node>;
  exact: Candidate[];
  prefix: Candidate[];
}

function newNode(): Node {
  return { next: new Map(), exact: [], prefix: [] };
}

function addToTrie(root: Node, entry: Entry, category: number): void {
  let node = root;
  for (let i = 0; i < entry.match.length; i++) {
    const unit = entry.match.charCodeAt(i);
    let next = node.next.get(unit);
    if (next === undefined) node.next.set(unit, next = newNode());
    node = next;
  }
  (entry.isPrefix ? node.prefix : node.exact).push({
    category,
    units: Math.round(entry.weight * UNITS),
    precedence: 2 * entry.match.length + (entry.isPrefix ? 0 : 1),
  });
}

/** Tell whether some entry has letters of a script without spaces: words then end beside each of them. */
export function isUnspaced(dictionary: Dictionary): boolean {
  const sign = new RegExp(`[${UNSPACED}]`, "u");
  return Object.values(dictionary.categories).some(({ terms, phrases, case_sensitive }) =>
    [...terms, ...phrases, ...case_sensitive].some(({ match }) => sign.test(match))
  );
}

/**
 * Compile a codebook's dictionary into a function that scores one text.
 *
 * In each category a text is read from left to right; at each word the entry with the longest match
 * counts, and reading continues behind it. The function never throws.
 */
export function compile(dictionary: Dictionary): (text: string) => DictionaryScore {
  const names = Object.keys(dictionary.categories);
  const folded = newNode();
  const cased = newNode();
  const byTag = new Map<string, Candidate[]>();
  for (const [category, name] of names.entries()) {
    const { terms, phrases, case_sensitive, hashtags } = dictionary.categories[name]!;
    for (const entry of [...terms, ...phrases]) addToTrie(folded, entry, category);
    for (const entry of case_sensitive) addToTrie(cased, entry, category);
    for (const { match, weight } of hashtags) {
      const candidate = { category, units: Math.round(weight * UNITS), precedence: 0 };
      byTag.set(match, [...byTag.get(match) ?? [], candidate]);
    }
  }
  const threshold = Math.round(dictionary.threshold * UNITS);
  const hasUnspaced = isUnspaced(dictionary);

  return (text) => {
    const { words, tags } = partText(text);
    const lowered = lowerText(words);
    const starts: number[] = [];
    // 1 where the sign before and the one here belong to one word.
    const isInner = new Uint8Array(words.length + 1);
    const isWord = new Uint8Array(words.length + 1);
    let wordCount = 0;
    for (const { 0: run, index } of words.matchAll(WORD_RUN)) {
      isWord.fill(1, index, index + run.length);
      isInner.fill(1, index + 1, index + run.length);
      const joint = isWord[index - 2] === 1 ? words[index - 1] : undefined;
      if (joint !== "-" && joint !== "'") wordCount++;
      // A prefix before a hyphen changes the word: re-election is not election.
      if (joint !== "-") starts.push(index);
      if (!hasUnspaced) continue;
      for (const { 0: sign, index: at } of run.matchAll(UNSPACED_SIGN)) {
        for (const edge of [index + at, index + at + sign.length]) {
          if (isInner[edge] === 0) continue;
          isInner[edge] = 0;
          starts.push(edge);
        }
      }
    }

    const units = new Array<number | undefined>(names.length);
    const count = (found: Candidate) => {
      units[found.category] = (units[found.category] ?? 0) + found.units;
    };
    for (const tag of tags) byTag.get(tag)?.forEach(count);

    const freeFrom = new Array<number>(names.length).fill(0);
    const best = new Map<number, { end: number; found: Candidate }>();
    for (const start of starts) {
      best.clear();
      const offer = (end: number, found: Candidate) => {
        const held = best.get(found.category);
        if (
          held === undefined || end > held.end ||
          end === held.end && found.precedence >= held.found.precedence
        ) best.set(found.category, { end, found });
      };
      walk(folded, lowered, start, isInner, offer);
      walk(cased, words, start, isInner, offer);
      for (const [category, { end, found }] of best) {
        if (start < freeFrom[category]!) continue;
        freeFrom[category] = end;
        count(found);
      }
    }

    const matched = names.flatMap((name, i) => {
      const sum = units[i];
      return sum === undefined ? [] : [{ name, sum }];
    });
    const total = matched.reduce((sum, { sum: units }) => sum + units, 0);
    return {
      wordCount,
      categories: matched.map(({ name }) => name),
      scores: Object.fromEntries(matched.map(({ name, sum }) => [name, sum / UNITS])),
      score: total / UNITS,
      isPolitical: total >= threshold,
    };
  };
}

/** Offer every entry of a trie that matches at `start`, with the end of the stretch. */
function walk(
  root: Node,
  text: string,
  start: number,
  isInner: Uint8Array,
  offer: (end: number, found: Candidate) => void,
): void {
  let node: Node | undefined = root;
  for (let at = start; at < text.length; at++) {
    node = node.next.get(text.charCodeAt(at));
    if (node === undefined) return;
    const end = at + 1;
    if (isInner[end] !== 1) { for (const found of node.exact) offer(end, found); }
    if (node.prefix.length > 0) {
      let wordEnd = end;
      while (isInner[wordEnd] === 1) wordEnd++;
      for (const found of node.prefix) offer(wordEnd, found);
    }
  }
}
