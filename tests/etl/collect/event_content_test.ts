/** What odd events of the firehose bring, and what they cost. */
import assert from "node:assert/strict";
import { accountOf } from "../../../demo/sample/account.ts";
import { commitFrame, encodeFrame } from "../../../demo/sample/frames.ts";
import { Repository } from "../../../demo/sample/repository.ts";
import { memoryCollector } from "./memory_collector.ts";

const TIME = "2026-06-01T08:00:00.000Z";
const repository = new Repository(accountOf("ada"));
const record = { $type: "app.bsky.feed.post", text: "A post", createdAt: TIME };
const path = "app.bsky.feed.post/a";
const commit = await repository.commit([{ action: "create", path, record }], Date.parse(TIME));

/** Take frames, and give what the journal and the quarantine have of them. */
function taken(...frames: Uint8Array[]) {
  const lines: {
    posts: { uri: string }[];
    tombstones: { reason: string }[];
    notes: string[];
  }[] = [];
  const { collector, quarantine, take, settle } = memoryCollector((line) => lines.push(line));
  for (const frame of frames) take(frame);
  settle();
  collector.mark({ append: (line: never) => void lines.push(line) } as never);
  return {
    posts: lines.flatMap(({ posts }) => posts).length,
    reasons: lines.flatMap(({ tombstones }) => tombstones).map(({ reason }) => reason),
    notes: lines.flatMap(({ notes }) => notes),
    counts: quarantine.counts,
  };
}

// Invariant 9
Deno.test("an op that is none is set aside alone, and a commit without its ops is counted", () => {
  const odd = commitFrame(7, TIME, commit, { ops: [null, "x", ...commit.ops] });
  const tooBig = commitFrame(8, TIME, commit, { ops: [], tooBig: true });
  assert.deepEqual(taken(odd.bytes, tooBig.bytes), {
    posts: 1,
    reasons: [],
    notes: ["#tooBig"],
    counts: { malformed_op: 2, too_big: 1 },
  });
});

// Invariant 9
Deno.test("an account that is not active and whose status is null is hidden", () => {
  const body = { seq: 7, time: TIME, did: accountOf("ada").did, active: false, status: null };
  const { reasons, counts } = taken(encodeFrame({ op: 1, t: "#account" }, body));
  assert.deepEqual([reasons, counts], [["deactivated"], {}]);
});
