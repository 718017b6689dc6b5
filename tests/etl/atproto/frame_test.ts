import assert from "node:assert/strict";
import { accountOf } from "../../../demo/account.ts";
import {
  accountFrame,
  commitFrame,
  encodeFrame,
  errorFrame,
  identityFrame,
  infoFrame,
  syncFrame,
} from "../../../demo/frames.ts";
import { Repository } from "../../../demo/repository.ts";
import { decodeFrame, FrameError, isStorable, recordOf } from "../../../etl/atproto/frame.ts";
import { badFrames } from "../sources/bad_frames.ts";

const TIME = "2026-06-01T08:00:00.000Z";
const { did, handle } = accountOf("ada");
const repository = new Repository(accountOf("ada"));
const record = { $type: "app.bsky.feed.post", text: "Ürban 🏡", createdAt: TIME };
const path = "app.bsky.feed.post/3k2a";
const commit = await repository.commit([{ action: "create", path, record }], Date.parse(TIME));

Deno.test("a commit gives its ops and, by CID, its records", () => {
  const frame = decodeFrame(commitFrame(7, TIME, commit).bytes);
  assert.ok(frame.kind === "commit");
  const { blocks, ...rest } = frame;
  const cid = commit.ops[0]!.cid!.$link;
  assert.deepEqual(rest, {
    kind: "commit",
    seq: 7,
    time: TIME,
    did,
    rev: commit.rev,
    ops: [{ action: "create", collection: "app.bsky.feed.post", rkey: "3k2a", cid }],
  });
  assert.deepEqual(recordOf(blocks, cid), record);
});

Deno.test("a deletion has no CID", async () => {
  const gone = await repository.commit([{ action: "delete", path }], Date.parse(TIME) + 1);
  const frame = decodeFrame(commitFrame(8, TIME, gone).bytes);
  assert.ok(frame.kind === "commit");
  assert.deepEqual(frame.ops.map(({ action, cid }) => [action, cid]), [["delete", null]]);
});

Deno.test("the other messages of the lexicon, and those to come, are told apart", async () => {
  const account = { kind: "account", seq: 1, time: TIME, did };
  const frames = [
    [accountFrame(1, TIME, did).bytes, { ...account, active: true, status: undefined }],
    [accountFrame(1, TIME, did, "takendown").bytes, {
      ...account,
      active: false,
      status: "takendown",
    }],
    [identityFrame(2, TIME, did, handle).bytes, {
      kind: "other",
      type: "#identity",
      seq: 2,
      time: TIME,
    }],
    [syncFrame(3, TIME, await repository.head()).bytes, {
      kind: "other",
      type: "#sync",
      seq: 3,
      time: TIME,
    }],
    [encodeFrame({ op: 1, t: "#new" }, { seq: 4, time: TIME, a: 1 }), {
      kind: "other",
      type: "#new",
      seq: 4,
      time: TIME,
    }],
    [infoFrame("OutdatedCursor", "old"), { kind: "info", name: "OutdatedCursor" }],
    [errorFrame("FutureCursor", "new"), { kind: "error", error: "FutureCursor" }],
  ] as const;
  for (const [bytes, expected] of frames) assert.deepEqual(decodeFrame(bytes), expected);
});

// Invariant 9, invariant 12
Deno.test("a malformed frame is a FrameError that holds nothing of its content", async () => {
  const malformed = (await badFrames(1)).filter(({ reason }) => reason === "malformed_frame");
  for (const { name, bytes } of malformed) {
    assert.throws(
      () => decodeFrame(bytes),
      (error) => error instanceof FrameError && /^[\w #:.-]+$/.test(error.message),
      name,
    );
  }
});

Deno.test("times of the years 1 to 9999 in UTC can be stored", () => {
  const can = ["0001-01-01T00:00:00Z", "2026-06-01T08:00:00+02:00", "9999-12-31T23:59:59.999Z"];
  const cannot = ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00Z"];
  assert.deepEqual(can.map(isStorable), [true, true, true]);
  assert.deepEqual([...cannot, "never"].map(isStorable), [false, false, false, false]);
});
