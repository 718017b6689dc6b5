/**
 * Reads JSON as language models write it when no schema holds them to it.
 *
 * Allowed beyond JSON: prose and code fences around it, comments, single and curly quotes, quotes inside
 * of quotes, keys and words without quotes, True, False and None, missing and trailing commas, and an
 * end that is missing.
 */
export type LooseValue = string | number | boolean | null | LooseValue[] | LooseObject;

/** An object of loosely written JSON. */
export interface LooseObject {
  /** Keys and values in order, a key as often as it comes; a value that breaks off is not among them. */
  entries: [key: string, value: LooseValue][];
  /** False where the text ends before the object. */
  isWhole: boolean;
}

const DEEPEST = 6;
const CLOSING: Record<string, string> = { '"': '"', "'": "'", "“": "”", "‘": "’", "`": "`" };
const WORDS: Record<string, LooseValue> = { true: true, false: false, null: null, none: null };

/** Thrown where there is no object; never leaves this file. A single instance, as making one is slow. */
const NO_OBJECT = new Error("no object");

/** Give the outermost objects in a text, in order; text within a string is no object. */
export function readLooseObjects(text: string): LooseObject[] {
  const found: LooseObject[] = [];
  for (let at = text.indexOf("{"); at !== -1;) {
    const reader = new Reader(text, at);
    try {
      found.push(reader.object(0));
      at = text.indexOf("{", reader.at);
    } catch (error) {
      if (error !== NO_OBJECT) throw error;
      at = text.indexOf("{", at + 1);
    }
  }
  return found;
}

class Reader {
  constructor(readonly text: string, public at: number) {}

  object(depth: number): LooseObject {
    if (depth > DEEPEST) throw NO_OBJECT;
    this.at++;
    const entries: LooseObject["entries"] = [];
    while (true) {
      this.#skip(/[\s,;]/y);
      if (this.at >= this.text.length) return { entries, isWhole: false };
      if (this.text[this.at] === "}") {
        this.at++;
        return { entries, isWhole: true };
      }
      const key = this.#key();
      if (key === undefined) return { entries, isWhole: false };
      this.#skip(/\s/y);
      const value = this.#value(depth);
      if (value === undefined) return { entries, isWhole: false };
      entries.push([key, value]);
      if (isObject(value) && !value.isWhole) return { entries, isWhole: false };
    }
  }

  #array(depth: number): LooseValue[] | undefined {
    if (depth > DEEPEST) throw NO_OBJECT;
    this.at++;
    const items: LooseValue[] = [];
    while (true) {
      this.#skip(/[\s,]/y);
      if (this.at >= this.text.length) return undefined;
      if (this.text[this.at] === "]") {
        this.at++;
        return items;
      }
      const before = this.at;
      const item = this.#value(depth);
      if (item === undefined || this.at === before) return undefined;
      items.push(item);
    }
  }

  /** Give a key and go behind its colon; undefined where the text ends before. */
  #key(): string | undefined {
    const key = this.text[this.at]! in CLOSING ? this.#quoted() : this.#match(/[\p{L}_][\w -]*/uy);
    if (key === undefined) {
      if (this.at >= this.text.length) return undefined;
      throw NO_OBJECT;
    }
    this.#skip(/\s/y);
    if (this.at >= this.text.length) return undefined;
    if (!/[:=]/.test(this.text[this.at]!)) throw NO_OBJECT;
    this.at++;
    return key;
  }

  #value(depth: number): LooseValue | undefined {
    const next = this.text[this.at];
    if (next === undefined) return undefined;
    if (next === "{") return this.object(depth + 1);
    if (next === "[") return this.#array(depth + 1);
    if (next in CLOSING) return this.#quoted();
    if (next === "<") return this.#match(/<[^>]*>/y);
    const word = this.#match(/(?:(?!\/\/|\/\*| #)[^,;{}\[\]\r\n])+/y)?.trim();
    // At the end of the text the word may be incomplete.
    if (!word || this.at >= this.text.length) return undefined;
    const number = /^-?\d+(\.\d+)?$/.test(word) ? Number(word) : undefined;
    const known = word.toLowerCase();
    return number ?? (Object.hasOwn(WORDS, known) ? WORDS[known] : word);
  }

  /**
   * Give a quoted text, from the opening quote on.
   *
   * A quote closes where the next characters can follow a string, so that quotes within it are
   * read as a part of it. Undefined, and at the end of the text, where none does.
   */
  #quoted(): string | undefined {
    const close = CLOSING[this.text[this.at]!]!;
    for (let at = this.at + 1; at < this.text.length; at++) {
      if (this.text[at] === "\\") at++;
      else if (this.text[at] === close && FOLLOWS.test(this.text.slice(at + 1, at + 200))) {
        const inner = this.text.slice(this.at + 1, at);
        this.at = at + 1;
        return unescaped(inner);
      }
    }
    this.at = this.text.length;
    return undefined;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** Go behind characters of a class, and comments. */
  #skip(characters: RegExp): void {
    while (this.#match(characters) ?? this.#match(COMMENT));
  }
}

/** What may follow a string: the end, or a valid next token on the same or the next line. */
const NEXT = "[\\]}]|[\"'“‘`{\\[]|-?\\d|[\\p{L}_][\\w -]*\\s*[:=]|//|/\\*|#|$";
const FOLLOWS = new RegExp(
  `^[ \\t]*(?:[:=}\\];]|//|/\\*|#|$|,\\s*(?:${NEXT})|[\\r\\n]\\s*(?:,|${NEXT}))`,
  "u",
);
const COMMENT = /\/\/[^\r\n]*|#[^\r\n]*|\/\*(?:(?!\*\/)[^])*(?:\*\/|$)/y;
const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

function unescaped(text: string): string {
  return text.replace(
    /\\(?:u([0-9a-f]{4})|([^]))/gi,
    (_, hex, one) => hex ? String.fromCharCode(parseInt(hex, 16)) : ESCAPES[one] ?? one,
  );
}

/** Is a value of such JSON an object? */
export function isObject(value: LooseValue): value is LooseObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
