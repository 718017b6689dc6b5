/** Fuzzes in a thread of its own, so that a hang is seen from outside: asked with a seed, it answers. */
import { fuzzFrames } from "../etl/atproto/frame_fuzz.ts";
import { fuzzInput } from "../etl/atproto/fuzz_input.ts";

export interface FuzzRequest {
  cases: number;
  seed: number;
}

const port = globalThis as unknown as {
  onmessage: (event: MessageEvent<FuzzRequest>) => void;
  postMessage(message: unknown): void;
};
const input = fuzzInput();
port.onmessage = ({ data: { cases, seed } }) => port.postMessage(fuzzFrames(input, cases, seed));
