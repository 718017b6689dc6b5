import { type BenchFrame, benchFrames } from "../../bench/inputs/frames.ts";
import { blockOf } from "../../../demo/sample/block.ts";
import type { FuzzInput } from "./frame_fuzz.ts";

const FRAMES = 1_000;
const SEED = 7;

/** Make frames of the bench to damage: half of them create a post, the others are as they come. */
export function fuzzInput(): FuzzInput {
  const frames = [...benchFrames(FRAMES, SEED)];
  const posts = frames.filter(hasPost);
  const others = frames.filter((frame) => !hasPost(frame)).slice(0, posts.length);
  return {
    frames: [...posts, ...others].map(({ bytes }) => bytes),
    blocks: new Map(posts.map(({ created }) => [created.cid, blockOf(created.record).bytes])),
  };
}

function hasPost(frame: BenchFrame): frame is BenchFrame & Required<Pick<BenchFrame, "created">> {
  return frame.created !== undefined;
}
