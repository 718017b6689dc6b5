/**
 * Fuzzes in a thread of its own, so that a hang is seen from outside: once it has said that it is
 * ready, it is asked with a seed and answers.
 */
import { fuzzFrames } from "../etl/atproto/frame_fuzz.ts";
import { fuzzInput } from "../etl/atproto/fuzz_input.ts";
import { fuzzParser } from "../fuzz/text_fuzz.ts";

export interface FuzzRequest {
  /** The parser of texts; left out for that of frames. */
  parser?: string;
  cases: number;
  seed: number;
}

const port = globalThis as unknown as {
  onmessage: (event: MessageEvent<FuzzRequest>) => void;
  postMessage(message: unknown): void;
};
const input = fuzzInput();
port.onmessage = async ({ data: { parser, cases, seed } }) => {
  port.postMessage(
    parser === undefined ? fuzzFrames(input, cases, seed) : await fuzzParser(parser, cases, seed),
  );
};
// What is posted before all modules are there is lost.
port.postMessage("ready");
