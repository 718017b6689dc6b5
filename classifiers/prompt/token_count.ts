/**
 * Counts tokens as the gpt-oss models do.
 *
 * By their own tokenizer (o200k_harmony), not by an estimate: quotas count prompt + cap, so
 * that a guess too high loses speed, and a guess too low is refused.
 */
import { TokenRanks } from "./token_ranks.ts";

/**
 * Tokens that a server adds to a request: the marks around each message, the system message of the
 * gpt-oss models (knowledge cutoff, date, reasoning effort, channels), and the heads of instructions
 * and schema.
 */
const FRAME = 120;
/** Factor for the tokens of other models for the same text. */
const OTHER_MODEL = 1.3;

/** A run of letters or signs takes time by the square of its length; no word is that long. */
const LONG_RUN =
  /[\p{L}\p{M}\p{N}]{128}(?=[\p{L}\p{M}\p{N}])|[^\s\p{L}\p{N}]{128}(?=[^\s\p{L}\p{N}])/gu;

/** The ranks of the tokens, and the pattern that splits a text into words. */
let loaded: { ranks: TokenRanks; words: RegExp } | undefined;
const encoder = new TextEncoder();
let word = new Uint8Array(1024);

/** Load the 200,000 tokens that are counted by, once; takes half a second. */
export async function loadTokens(): Promise<void> {
  if (loaded !== undefined) return;
  const { O200K_TOKEN_SPLIT_REGEX: words } = await import(
    "gpt-tokenizer/encodingParams/constants"
  );
  loaded = { ranks: await TokenRanks.load(), words };
}

/**
 * Count the tokens of a text, after `loadTokens`; runs of more than 128 letters or signs count a bit high.
 *
 * Special tokens are counted as the text that they are written in, which is never fewer.
 */
export function countTokens(text: string): number {
  if (loaded === undefined) throw new Error("tokens are counted before they are loaded");
  const { ranks, words } = loaded;
  let tokens = 0;
  for (const [match] of text.replace(LONG_RUN, "$&\n").matchAll(words)) {
    if (match.length * 3 > word.length) word = new Uint8Array(match.length * 3);
    tokens += ranks.count(word, encoder.encodeInto(match, word).written);
  }
  return tokens;
}

/**
 * Count the tokens that a request is admitted with, without its cap: instructions, user message,
 * schema, and what the server adds.
 *
 * Exact but for the last for gpt-oss models; 1.3 times as many for all others, whose tokenizers are
 * not here. `fixed` are the tokens of instructions and schema, which do not change within a run.
 */
export function requestTokens(model: string, fixed: number, user: string): number {
  const tokens = fixed + countTokens(user);
  return FRAME + Math.ceil(model.includes("gpt-oss") ? tokens : tokens * OTHER_MODEL);
}
