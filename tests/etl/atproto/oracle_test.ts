import assert from "node:assert/strict";
import { benchFrames } from "../../bench/inputs/frames.ts";
import { encodeFrame } from "../../../demo/sample/frames.ts";
import { decodeFrame, recordOf } from "../../../etl/atproto/frame.ts";
import { POST_COLLECTION, readPost } from "../../../etl/atproto/post.ts";
import { TEST_DATA } from "../../test_data.ts";
import { sampleStream } from "../sources/sample_stream.ts";
import { skywareParser } from "./skyware.ts";

const parse = skywareParser();

/** Compare what we and the reference make of a frame; gives how many records were compared. */
async function compare(bytes: Uint8Array): Promise<number> {
  const theirs = await parse(bytes);
  const ours = decodeFrame(bytes);
  assert.ok("seq" in ours);
  assert.deepEqual([ours.seq, ours.time], [theirs.seq, Date.parse(theirs.time)]);
  if (ours.kind === "account") {
    assert.deepEqual([ours.did, ours.active, ours.status], [
      theirs.did,
      theirs.active,
      theirs.status,
    ]);
  }
  if (ours.kind !== "commit") return 0;
  assert.deepEqual([ours.did, ours.rev], [theirs.repo, theirs.rev]);
  const ops = ours.ops.map(({ action, collection, rkey, cid }) => ({
    action,
    path: `${collection}/${rkey}`,
    ...(cid !== null && { cid, record: recordOf(ours.blocks, cid) }),
  }));
  // deno-lint-ignore no-explicit-any
  assert.deepEqual(ops, theirs.ops.map(({ prev: _, ...op }: any) => op));
  const wanted = decodeFrame(bytes, POST_COLLECTION);
  const posts = ours.ops.filter(({ collection }) => collection === POST_COLLECTION);
  assert.deepEqual(wanted.kind === "commit" ? wanted.ops : [], posts);
  for (const { record } of ops.filter(({ path }) => path.startsWith(`${POST_COLLECTION}/`))) {
    if (record) {
      assert.deepEqual(JSON.parse(readPost(record).record), JSON.parse(JSON.stringify(record)));
    }
  }
  return ops.filter(({ record }) => record !== undefined).length;
}

Deno.test("every frame of the sample is read as @skyware/firehose reads it", async () => {
  const { frames, posts } = await sampleStream();
  let records = 0;
  for (const { bytes } of frames) records += await compare(bytes);
  assert.ok(records > posts.length);
});

Deno.test("every frame of the bench is read as @skyware/firehose reads it", async () => {
  let records = 0;
  for (const { bytes } of benchFrames(1000, 3)) records += await compare(bytes);
  assert.ok(records > 500);
});

Deno.test({
  name: "a frame of a real relay is read as @skyware/firehose reads it",
  ignore: TEST_DATA === undefined,
  async fn() {
    const path = `${TEST_DATA}/relay/firehose_commit_4621317030.json`;
    const body = JSON.parse(await Deno.readTextFile(path));
    assert.equal(await compare(encodeFrame({ op: 1, t: "#commit" }, body)), 1);
    const frame = decodeFrame(encodeFrame({ op: 1, t: "#commit" }, body));
    assert.ok(frame.kind === "commit");
    assert.deepEqual([frame.seq, frame.did, frame.rev], [body.seq, body.repo, body.rev]);
    const { collection, rkey, cid } = frame.ops[0]!;
    assert.deepEqual([`${collection}/${rkey}`, cid], [body.ops[0].path, body.ops[0].cid.$link]);
    assert.equal((recordOf(frame.blocks, cid!) as { $type: string }).$type, "app.bsky.feed.repost");
  },
});
