import { Buffer } from "node:buffer";
import { FrameError } from "./frame_error.ts";

/** Levels that an item may nest; implementations of the protocol recommend 32, posts have seven. */
export const MAX_DEPTH = 128;

const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const LIST = 4;
const MAP = 5;
const TAG = 6;
const FALSE = 0xf4;
/** The byte of a true. */
export const TRUE = 0xf5;
const NULL = 0xf6;
const FLOAT = 0xfb;
/** A CID: tag 42 on 37 bytes, of which the first is 0. */
const CID_HEAD = [0xd8, 42, 0x58, 37, 0];
/** The head of every CID of the protocol but its codec: version 1, codec, sha2-256, 32 bytes. */
const [VERSION, DAG_CBOR, RAW, SHA256, DIGEST_BYTES] = [1, 0x71, 0x55, 0x12, 32];
/** The length of a binary CID. */
export const CID_BYTES = 36;

/** The open items of `skip`: how many items are left in each, and the place of its last key (-1: a list). */
const LEFT = new Int32Array(MAX_DEPTH);
const KEYS = new Int32Array(MAX_DEPTH);

/** Keys up to this length are told apart by `keyCode`; no key that we look for is longer. */
const LONGEST_CODE = 6;

/** Give the number under which `CborReader.code` shows an ASCII key of at most six characters. */
export function keyCode(key: string): number {
  let code = 0;
  for (let i = 0; i < key.length; i++) code = code * 256 + key.charCodeAt(i);
  return code;
}

/**
 * Walks DAG-CBOR item by item, without building unrequested values.
 *
 * Only what DAG-CBOR allows passes: shortest lengths, maps with text keys in canonical order and each
 * once, no indefinite lengths, no tag but 42, no simple value but false, true and null, integers
 * within 53 bits. The text that is skipped is not checked to be UTF-8. Each byte is looked at a
 * bounded number of times, and nothing recurses. Every method throws a `FrameError`.
 */
export class CborReader {
  /** Where the next item begins. */
  at: number;
  /** The last key that was read, see `keyCode`; 0 for one that is longer. */
  code = 0;

  constructor(readonly bytes: Uint8Array, at = 0) {
    this.at = at;
  }

  get isDone(): boolean {
    return this.at === this.bytes.length;
  }

  /** Begin a map and give how many pairs it has. */
  map(what: string): number {
    return this.#container(MAP, what);
  }

  /** Is the next item a map? */
  get isMap(): boolean {
    return this.bytes[this.at]! >> 5 === MAP;
  }

  /** Begin a list and give how many items it has. */
  list(what: string): number {
    return this.#container(LIST, what);
  }

  /**
   * Read a key into `code` and give where it stands.
   *
   * `after` is where the key before it in the same map stands, 0 for the first.
   */
  key(after: number): number {
    const at = this.at;
    const start = this.text("a key");
    const length = this.at - start;
    const { bytes } = this;
    // Of two keys with one byte before them, which most have, the longer one stands behind.
    const isLonger = length < 24 && bytes[after]! < bytes[at]!;
    if (after > 0 && !isLonger) {
      this.at = after;
      const before = this.text("a key");
      let order = length - (this.at - before);
      for (let i = 0; order === 0 && i < length; i++) {
        order = bytes[start + i]! - bytes[before + i]!;
      }
      if (order <= 0) throw new FrameError("keys are not in canonical order");
      this.at = start + length;
    }
    let code = 0;
    // A key with a leading NUL would have the code of the key without it.
    if (length <= LONGEST_CODE && bytes[start] !== 0) {
      for (let i = start; i < this.at; i++) code = code * 256 + bytes[i]!;
    }
    this.code = code;
    return at;
  }

  /** Read an integer from 0 to 2^53 - 1. */
  unsigned(what: string): number {
    return this.#argument(UNSIGNED, what);
  }

  /** Read an integer. */
  integer(what: string): number {
    if (this.bytes[this.at]! >> 5 !== NEGATIVE) return this.unsigned(what);
    const value = -1 - this.#argument(NEGATIVE, what);
    if (value < Number.MIN_SAFE_INTEGER) throw new FrameError("an integer is beyond 53 bits");
    return value;
  }

  boolean(what: string): boolean {
    const byte = this.bytes[this.at];
    if (byte !== TRUE && byte !== FALSE) throw unexpected(what);
    this.at++;
    return byte === TRUE;
  }

  /** Skip a null and tell whether there was one. */
  isNull(): boolean {
    if (this.bytes[this.at] !== NULL) return false;
    this.at++;
    return true;
  }

  /** Read a text and give where its bytes begin; they end at `at`. */
  text(what: string): number {
    return this.#span(TEXT, what);
  }

  /** Read a text of ASCII characters, of `most` bytes at most. */
  ascii(what: string, most: number): string {
    const start = this.text(what);
    if (this.at - start > most) throw new FrameError(`${what} is too long`);
    for (let i = start; i < this.at; i++) if (this.bytes[i]! >= 0x80) throw unexpected(what);
    return this.latin1(start, this.at);
  }

  /** Tell whether bytes of the whole are an ASCII text. */
  isText(start: number, end: number, text: string): boolean {
    if (end - start !== text.length) return false;
    for (let i = text.length - 1; i >= 0; i--) {
      if (this.bytes[start + i] !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Give bytes of the whole as a string, one character each. */
  latin1(start: number, end: number): string {
    return Buffer.prototype.latin1Slice.call(this.bytes, start, end);
  }

  /** Read a byte string, as a view. */
  byteString(what: string): Uint8Array {
    const start = this.#span(BYTES, what);
    return this.bytes.subarray(start, this.at);
  }

  /** Read a CID (version 1, DAG-CBOR or raw, sha2-256) and give where its 36 bytes begin. */
  cid(what: string): number {
    const { bytes, at } = this;
    const start = at + CID_HEAD.length;
    for (let i = 0; i < CID_HEAD.length; i++) {
      if (bytes[at + i] !== CID_HEAD[i]) throw unexpected(what);
    }
    if (start + CID_BYTES > bytes.length || !isCid(bytes, start)) throw unexpected(what);
    this.at = start + CID_BYTES;
    return start;
  }

  /** Walk over an item, whatever it is, and all that it holds. */
  skip(): void {
    let depth = 0;
    do {
      const type = this.bytes[this.at]! >> 5;
      if (type === LIST || type === MAP) {
        const items = this.#container(type, "an item");
        if (items > 0) {
          if (depth === MAX_DEPTH) throw new FrameError("items nest too deeply");
          LEFT[depth] = items;
          KEYS[depth] = type === MAP ? this.key(0) : -1;
          depth++;
          continue;
        }
      } else this.#skipScalar(type);
      while (depth > 0) {
        const left = LEFT[depth - 1]! - 1;
        LEFT[depth - 1] = left;
        if (left > 0) break;
        depth--;
      }
      if (depth > 0 && KEYS[depth - 1]! >= 0) KEYS[depth - 1] = this.key(KEYS[depth - 1]!);
    } while (depth > 0);
  }

  #skipScalar(type: number): void {
    if (type === UNSIGNED || type === NEGATIVE) this.integer("an item");
    else if (type === BYTES || type === TEXT) this.#span(type, "an item");
    else if (type === TAG) this.cid("a link");
    else {
      const byte = this.bytes[this.at++];
      if (byte === FALSE || byte === TRUE || byte === NULL) return;
      if (byte !== FLOAT || this.at + 8 > this.bytes.length) throw unexpected("an item");
      // Infinities and NaN have every bit of the exponent set.
      if ((this.bytes[this.at]! & 0x7f) === 0x7f && this.bytes[this.at + 1]! >= 0xf0) {
        throw unexpected("a number");
      }
      this.at += 8;
    }
  }

  #container(type: number, what: string): number {
    const items = this.#argument(type, what);
    const least = type === MAP ? items * 2 : items;
    if (least > this.bytes.length - this.at) throw new FrameError("the frame is cut off");
    return items;
  }

  #span(type: number, what: string): number {
    const length = this.#argument(type, what);
    const start = this.at;
    if (length > this.bytes.length - start) throw new FrameError("the frame is cut off");
    this.at = start + length;
    return start;
  }

  /** Read the head of an item of a type and give its argument: a value or a length. */
  #argument(type: number, what: string): number {
    const { bytes } = this;
    if (this.at >= bytes.length) throw new FrameError("the frame is cut off");
    const initial = bytes[this.at]!;
    if (initial >> 5 !== type) throw unexpected(what);
    const info = initial & 31;
    this.at++;
    if (info < 24) return info;
    const width = 1 << (info - 24);
    if (info > 27) throw unexpected(what);
    if (this.at + width > bytes.length) throw new FrameError("the frame is cut off");
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + bytes[this.at++]!;
    if (value > Number.MAX_SAFE_INTEGER) throw new FrameError("an integer is beyond 53 bits");
    if (value < (width === 1 ? 24 : 2 ** (width * 4))) {
      throw new FrameError("a number is not in its shortest form");
    }
    return value;
  }
}

/** Tell whether 36 bytes are the CID of a block: version 1, DAG-CBOR or raw, sha2-256. */
export function isCid(bytes: Uint8Array, at: number): boolean {
  const codec = bytes[at + 1];
  return bytes[at] === VERSION && (codec === DAG_CBOR || codec === RAW) &&
    bytes[at + 2] === SHA256 && bytes[at + 3] === DIGEST_BYTES;
}

function unexpected(what: string): FrameError {
  return new FrameError(`${what} does not fit the lexicon`);
}
