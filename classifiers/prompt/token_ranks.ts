import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** All tokens of an encoding one behind the other, in the order of their ranks, and where each ends. */
export interface PackedTokens {
  bytes: Uint8Array;
  ends: Uint32Array;
}

/** Above any rank: two parts that form no token. */
const NO_TOKEN = 2 ** 32 - 1;

/**
 * The ranks of the tokens of an encoding, in a few megabytes.
 *
 * A hash table of ranks (open addressing) beside the bytes of the tokens: as strings in a map they take
 * some 80 MB, of which a run has use for the ranks alone.
 */
export class TokenRanks {
  /** One more than the rank, 0 where there is none. */
  readonly #slots = new Uint32Array(2 ** 19);

  constructor(readonly tokens: PackedTokens) {
    const { bytes, ends } = tokens;
    for (let rank = 0, from = 0; rank < ends.length; from = ends[rank++]!) {
      if (ends[rank]! > from) this.#slots[this.#slotOf(bytes, from, ends[rank]!)] = rank + 1;
    }
  }

  /** Read the tokens of o200k_harmony in a worker, whose memory goes back with it. */
  static async load(): Promise<TokenRanks> {
    const worker = new Worker(new URL("token_ranks_worker.ts", import.meta.url));
    try {
      const [tokens] = await once(worker, "message");
      return new TokenRanks(tokens);
    } finally {
      await worker.terminate();
    }
  }

  /** Count the tokens of the first so many bytes of a word, by byte pair encoding. */
  count(word: Uint8Array, length: number): number {
    if (this.#rank(word, 0, length) !== NO_TOKEN) return 1;
    // Where each part begins, and the rank that it has with the one behind it.
    const starts = Uint32Array.from({ length: length + 1 }, (_, at) => at);
    const pairs = new Uint32Array(length).fill(NO_TOKEN);
    for (let at = 0; at < length - 1; at++) pairs[at] = this.#rank(word, at, at + 2);
    for (let parts = length;; parts--) {
      let lowest = 0;
      for (let at = 1; at < parts - 1; at++) if (pairs[at]! < pairs[lowest]!) lowest = at;
      if (parts < 2 || pairs[lowest] === NO_TOKEN) return parts;
      starts.copyWithin(lowest + 1, lowest + 2, parts + 1);
      pairs.copyWithin(lowest + 1, lowest + 2, parts);
      pairs[parts - 2] = NO_TOKEN;
      if (lowest < parts - 2) {
        pairs[lowest] = this.#rank(word, starts[lowest]!, starts[lowest + 2]!);
      }
      if (lowest > 0) {
        pairs[lowest - 1] = this.#rank(word, starts[lowest - 1]!, starts[lowest + 1]!);
      }
    }
  }

  #rank(bytes: Uint8Array, from: number, to: number): number {
    const found = this.#slots[this.#slotOf(bytes, from, to)]!;
    return found === 0 ? NO_TOKEN : found - 1;
  }

  /** Give the slot of a token, or the empty one where it would be. */
  #slotOf(bytes: Uint8Array, from: number, to: number): number {
    // FNV-1a.
    let hash = 0x811c9dc5;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const mask = this.#slots.length - 1;
    for (let slot = (hash ^ (hash >>> 15)) & mask;; slot = (slot + 1) & mask) {
      const found = this.#slots[slot]!;
      if (found === 0 || this.#isToken(found - 1, bytes, from, to)) return slot;
    }
  }

  #isToken(rank: number, bytes: Uint8Array, from: number, to: number): boolean {
    const { bytes: all, ends } = this.tokens;
    const start = rank === 0 ? 0 : ends[rank - 1]!;
    if (ends[rank]! - start !== to - from) return false;
    for (let at = from; at < to; at++) if (all[start + at - from] !== bytes[at]) return false;
    return true;
  }
}
