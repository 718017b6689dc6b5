/** Reads the tokens of o200k_harmony, which take 80 MB as the package has them, and hands over 3 MB. */
import { parentPort } from "node:worker_threads";
import ranks from "gpt-tokenizer/bpeRanks/o200k_base";
import type { PackedTokens } from "./token_ranks.ts";

const encoder = new TextEncoder();
const ends = new Uint32Array(ranks.length);
const bytes = new Uint8Array(2 ** 21);
let end = 0;
for (const [rank, token] of ranks.entries()) {
  const written = typeof token === "string" ? encoder.encode(token) : token ?? [];
  bytes.set(written, end);
  ends[rank] = end += written.length;
}
const packed: PackedTokens = { bytes: bytes.slice(0, end), ends };
parentPort!.postMessage(packed);
