import assert from "node:assert/strict";
import { type BenchFrame, benchFrames, FIRST_SEQ } from "./frames.ts";
import { FrameCycle, timeOf } from "./frame_cycle.ts";
import { postText } from "./post_text.ts";
import { median } from "../measure.ts";
import { decodeFrame, recordOf } from "../../../etl/atproto/frame.ts";
import { randomNumbers } from "../../etl/atproto/mutation.ts";

const frames: BenchFrame[] = [...benchFrames(2000, 5)];

Deno.test("the same seed gives the same bytes, another seed others", () => {
  const bytes = (count: number, seed: number) =>
    [...benchFrames(count, seed)].map((frame) => frame.bytes);
  assert.deepEqual(bytes(30, 5), frames.slice(0, 30).map((frame) => frame.bytes));
  assert.notDeepEqual(bytes(30, 6), bytes(30, 5));
});

Deno.test("one event in five is a post, frames have about 4 KB, and sequence numbers have no gaps", () => {
  const posts = frames.filter(({ created }) => created).length;
  assert.ok(posts > 340 && posts < 460, `${posts} posts`);
  const mean = frames.reduce((sum, { bytes }) => sum + bytes.length, 0) / frames.length;
  assert.ok(mean > 3500 && mean < 4500, `${mean} bytes`);
  assert.deepEqual(frames.map(({ seq }) => seq), frames.map((_, i) => FIRST_SEQ + i));
  for (const { bytes, seq, time } of frames) {
    const frame = decodeFrame(bytes);
    assert.ok("seq" in frame);
    assert.deepEqual([frame.seq, frame.time], [seq, Date.parse(time)]);
  }
});

Deno.test("texts have the median length and the languages of the network", () => {
  const random = randomNumbers(1);
  const texts = Array.from({ length: 5000 }, () => postText(random));
  const length = median(texts.map(({ text }) => text.length));
  assert.ok(length > 60 && length < 76, `${length}`);
  const share = (lang?: string) => texts.filter((text) => text.lang === lang).length / texts.length;
  assert.ok(Math.abs(share("en") - 0.608) < 0.03 && Math.abs(share("ja") - 0.125) < 0.02);
  assert.ok(Math.abs(share(undefined) - 0.114) < 0.02);
});

Deno.test("frames that come again are other events with the same records", () => {
  const cycle = new FrameCycle(frames.slice(0, 100));
  const uris = new Set<string>();
  let posts = 0;
  for (let number = 0; number < 300; number++) {
    const frame = decodeFrame(cycle.frame(number));
    assert.ok("seq" in frame);
    assert.deepEqual([frame.seq, frame.time], [FIRST_SEQ + number, timeOf(number)]);
    const { created } = frames[number % 100]!;
    if (created === undefined || frame.kind !== "commit") continue;
    const [op] = frame.ops;
    assert.equal(op!.cid, created.cid);
    assert.equal(op!.rkey, frame.rev);
    // Throws where the bytes do not match the CID.
    recordOf(frame.blocks, op!.cid!);
    uris.add(`${frame.did}/${op!.rkey}`);
    posts++;
  }
  assert.ok(posts > 30);
  assert.equal(uris.size, posts);
});
