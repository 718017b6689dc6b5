import assert from "node:assert/strict";
import { encode, toBytes } from "@atcute/cbor";
import { accountOf } from "../../../demo/sample/account.ts";
import {
  accountFrame,
  commitFrame,
  encodeFrame,
  errorFrame,
  identityFrame,
  infoFrame,
  syncFrame,
} from "../../../demo/sample/frames.ts";
import { blobLink, blockOf, carFile } from "../../../demo/sample/block.ts";
import { Repository } from "../../../demo/sample/repository.ts";
import { decodeFrame, FrameError, isStorable, recordOf } from "../../../etl/atproto/frame.ts";
import { join } from "./mutation.ts";
import { badFrames } from "../sources/bad_frames.ts";

const TIME = "2026-06-01T08:00:00.000Z";
const { did, handle } = accountOf("ada");
const repository = new Repository(accountOf("ada"));
const record = { $type: "app.bsky.feed.post", text: "Ürban 🏡", createdAt: TIME };
const POST = "app.bsky.feed.post";
const path = `${POST}/3k2a`;
const commit = await repository.commit([{ action: "create", path, record }], Date.parse(TIME));

Deno.test("a commit gives its ops and, by CID, its records", () => {
  const frame = decodeFrame(commitFrame(7, TIME, commit).bytes);
  assert.ok(frame.kind === "commit");
  const { blocks, ...rest } = frame;
  const cid = commit.ops[0]!.cid!.$link;
  assert.deepEqual(rest, {
    kind: "commit",
    seq: 7,
    time: Date.parse(TIME),
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

Deno.test("with a collection only its ops are given, and the CAR file waits until a record is asked for", () => {
  const link = commit.ops[0]!.cid!;
  const ops = ["app.bsky.feed.like/a", path, "app.bsky.feed.post.x/b", "app.bsky.feed.pos/c"]
    .map((path) => ({ action: "create", path, cid: link }));
  const { bytes } = commitFrame(7, TIME, commit, { ops, blocks: toBytes(new Uint8Array(50)) });
  const frame = decodeFrame(bytes, "app.bsky.feed.post");
  assert.ok(frame.kind === "commit");
  assert.deepEqual(frame.ops.map(({ rkey }) => rkey), ["3k2a"]);
  assert.throws(() => recordOf(frame.blocks, link.$link), FrameError);
  const none = decodeFrame(bytes, "app.bsky.graph.follow");
  assert.deepEqual(none, { kind: "other", type: "#commit", seq: 7, time: Date.parse(TIME) });
});

Deno.test("a record whose bytes do not match its CID, or that is none, is refused", async () => {
  const refused = async (bytes: Uint8Array<ArrayBuffer>, cid = blockOf(record).cid) => {
    const car = await carFile(cid, [{ cid, bytes }]);
    const frame = decodeFrame(commitFrame(7, TIME, commit, { blocks: toBytes(car) }).bytes);
    assert.ok(frame.kind === "commit");
    assert.throws(() => recordOf(frame.blocks, cid.$link), FrameError);
  };
  const bytes = encode(record);
  await refused(encode({ ...record, text: "Ürban 🏠" }));
  await refused(new Uint8Array([...bytes, 0]));
  await refused(bytes.slice(0, -1));
  await refused(bytes, blobLink(bytes));
});

Deno.test("the other messages of the lexicon, and those to come, are told apart", async () => {
  const time = Date.parse(TIME);
  const account = { kind: "account", seq: 1, time, did };
  const frames = [
    [accountFrame(1, TIME, did).bytes, { ...account, active: true, status: undefined }],
    [accountFrame(1, TIME, did, "takendown").bytes, {
      ...account,
      active: false,
      status: "takendown",
    }],
    [
      encodeFrame({ op: 1, t: "#account" }, {
        seq: 1,
        time: TIME,
        did,
        active: false,
        status: null,
      }),
      { ...account, active: false, status: undefined },
    ],
    [identityFrame(2, TIME, did, handle).bytes, {
      kind: "other",
      type: "#identity",
      seq: 2,
      time,
    }],
    [syncFrame(3, TIME, await repository.head()).bytes, {
      kind: "other",
      type: "#sync",
      seq: 3,
      time,
    }],
    [encodeFrame({ op: 1, t: "#new" }, { seq: 4, time: TIME, a: 1 }), {
      kind: "other",
      type: "#new",
      seq: 4,
      time,
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

Deno.test("what the lexicon or DAG-CBOR does not allow is refused", () => {
  const changes: [string, Record<string, unknown>][] = [
    ["a rev that is no TID", { rev: "1" }],
    ["a repo that is too long", { repo: `did:web:${"a".repeat(2048)}` }],
    ["a repo with a character beyond ASCII", { repo: "did:web:ü" }],
    ["a date that the month does not have", { time: "2026-02-30T00:00:00Z" }],
  ];
  const frames: [string, Uint8Array][] = changes.map(([name, change]) => [
    name,
    commitFrame(7, TIME, commit, change).bytes,
  ]);
  for (const name of ["", "a b", "a\n", "\x1b[2J", "\x7f", "ü", "a".repeat(129)]) {
    frames.push(
      ["an info's name", infoFrame(name, "")],
      ["an error's name", errorFrame(name, "")],
      ["a type", encodeFrame({ op: 1, t: `#${name} ` }, { seq: 4, time: TIME })],
    );
  }
  const { bytes } = commitFrame(7, TIME, commit);
  const header = encode({ op: 1, t: "#identity" });
  const body = (...parts: (number | number[])[]) => new Uint8Array([...header, ...parts.flat()]);
  const [seq, time] = [[...encode("seq"), 1], [...encode("time"), ...encode(TIME)]];
  assert.equal(decodeFrame(body(0xa2, seq, time)).kind, "other");
  frames.push(
    ["keys out of order", body(0xa2, time, seq)],
    ["a key twice", body(0xa3, seq, seq, time)],
    ["a map of indefinite length", body(0xbf, seq, time, 0xff)],
    ["a number that is not in its shortest form", body(0xa2, [...encode("seq"), 0x18, 1], time)],
    ["a tag that is no link", body(0xa3, 0x61, 0x61, 0xc0, 0x61, 0x61, seq, time)],
    ["undefined", body(0xa3, 0x61, 0x61, 0xf7, seq, time)],
    ["NaN", body(0xa3, 0x61, 0x61, 0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0, seq, time)],
    ["a short float", body(0xa3, 0x61, 0x61, 0xf9, 0, 0, seq, time)],
    ["a key that is a number", body(0xa3, 1, 1, seq, time)],
    ["a frame of 10 MB", join(bytes, new Uint8Array(10_000_000))],
    ["10 MB of open lists", new Uint8Array(10_000_000).fill(0x81)],
    ["5 MB of open lists", join(body(0xa1, 0x61, 0x61), new Uint8Array(5_000_000).fill(0x81))],
  );
  for (const [name, frame] of frames) assert.throws(() => decodeFrame(frame), FrameError, name);
});

Deno.test("a wanted op that the lexicon does not allow says so, and its commit's other ops stand", () => {
  const op = { action: "create", path, cid: commit.ops[0]!.cid };
  const faults: Record<string, Record<string, unknown>> = {
    "a record key that is a dot": { ...op, path: "app.bsky.feed.post/." },
    "a record key that is two dots": { ...op, path: "app.bsky.feed.post/.." },
    "a path that ends with a slash": { ...op, path: "app.bsky.feed.post/" },
    "a path with a second slash": { ...op, path: `${path}/b` },
    "a record key that is too long": { ...op, path: `${path}${"a".repeat(512)}` },
    "an op without a CID": { action: "create", path },
    "an op whose CID is a text": { ...op, cid: op.cid!.$link },
    "an op without an action": { path, cid: op.cid },
    "an op whose action is a number": { ...op, action: 1 },
  };
  for (const [name, fault] of Object.entries(faults)) {
    const frame = decodeFrame(commitFrame(7, TIME, commit, { ops: [op, fault, op] }).bytes, POST);
    assert.ok(frame.kind === "commit");
    const [first, bad, last] = frame.ops;
    assert.deepEqual([first?.rkey, first?.fault, last], ["3k2a", undefined, first], name);
    assert.match(bad!.fault!, /^[\w ]+$/, name);
    assert.ok(bad!.rkey.length <= 513, name);
  }
});

Deno.test("a deletion that lacks the CID which it does not have is one", () => {
  const ops = [{ action: "delete", path }, { action: "delete", path, cid: null }];
  const frame = decodeFrame(commitFrame(7, TIME, commit, { ops }).bytes, POST);
  assert.ok(frame.kind === "commit");
  assert.deepEqual(
    frame.ops.map(({ action, fault }) => [action, fault]),
    [["delete", undefined], ["delete", undefined]],
  );
});

Deno.test("ops on collections that are not wanted are not judged", () => {
  const op = { action: "create", path, cid: commit.ops[0]!.cid };
  const others: Record<string, unknown>[] = [
    { action: "move", path: "app.bsky.feed.like/a", cid: null },
    { action: "create", path: "app.bsky.feed.like/../..", cid: op.cid },
    { action: "create", path: "no collection/a", cid: op.cid },
    { action: "create", path: "post", cid: op.cid },
    { action: "create", path: "/app.bsky.feed.post", cid: op.cid },
    { action: "create", path: `${"a".repeat(400)}/b`, cid: op.cid },
    { path: "app.bsky.feed.like/a" },
    // The lexicon allows a commit 200 ops.
    ...Array.from(
      { length: 300 },
      (_, at) => ({ action: "delete", path: `app.bsky.feed.like/${at}`, cid: null }),
    ),
  ];
  const frame = decodeFrame(commitFrame(7, TIME, commit, { ops: [...others, op] }).bytes, POST);
  assert.ok(frame.kind === "commit");
  assert.deepEqual(frame.ops.map(({ rkey, fault }) => [rkey, fault]), [["3k2a", undefined]]);
});

Deno.test("an op that is none, or has no path, costs itself alone", () => {
  const op = { action: "create", path, cid: commit.ops[0]!.cid };
  for (const fault of [null, "x", 5, [op], true, {}, { action: "create", path: 7, cid: op.cid }]) {
    const frame = decodeFrame(commitFrame(7, TIME, commit, { ops: [fault, op] }).bytes, POST);
    assert.ok(frame.kind === "commit", JSON.stringify(fault));
    assert.deepEqual(frame.ops.map(({ rkey, fault }) => [rkey, fault]), [
      ["", "an op without a path"],
      ["3k2a", undefined],
    ]);
  }
});

Deno.test("a commit that came without its ops, as it was too big, says so", () => {
  const like = { action: "create", path: "app.bsky.feed.like/a", cid: commit.ops[0]!.cid };
  const typeOf = (changes: Record<string, unknown>) => {
    const frame = decodeFrame(commitFrame(7, TIME, commit, changes).bytes, POST);
    return frame.kind === "other" ? frame.type : frame.kind;
  };
  assert.equal(typeOf({ ops: [], tooBig: true }), "#tooBig");
  assert.equal(typeOf({ ops: [like], tooBig: true }), "#tooBig");
  assert.equal(typeOf({ ops: [like] }), "#commit");
  assert.equal(typeOf({ ops: [like], tooBig: { a: [1] } }), "#commit");
  assert.equal(typeOf({ tooBig: true }), "commit");
});

Deno.test("times of the years 1 to 9999 in UTC can be stored", () => {
  const can = ["0001-01-01T00:00:00Z", "2026-06-01T08:00:00+02:00", "9999-12-31T23:59:59.999Z"];
  const cannot = ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00Z"];
  assert.deepEqual(can.map(isStorable), [true, true, true]);
  assert.deepEqual([...cannot, "never"].map(isStorable), [false, false, false, false]);
});
