import assert from "node:assert/strict";
import { toBytes } from "@atcute/cbor";
import { accountOf } from "../../../demo/sample/account.ts";
import { blobLink } from "../../../demo/sample/block.ts";
import { commitFrame, sampleFrames } from "../../../demo/sample/frames.ts";
import {
  errorMessage,
  infoMessage,
  jetstreamEvents,
} from "../../../demo/network/jetstream_event.ts";
import { Repository } from "../../../demo/sample/repository.ts";
import { readSample } from "../../../demo/sample/sample.ts";
import { FrameError } from "../../../etl/atproto/frame_error.ts";
import { JETSTREAM } from "../../../etl/atproto/jetstream_event.ts";
import { POST_COLLECTION, readPost, RecordError } from "../../../etl/atproto/post.ts";
import { FIREHOSE, type StreamDecoder } from "../../../etl/atproto/stream_decoder.ts";

const TIME = "2026-06-01T08:00:00.329308Z";
const LEXICON = "network.bsky.jetstream.subscribeEvents";
const { did } = accountOf("ada");
const CID = "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi";
const RECORD = { $type: POST_COLLECTION, text: "Ürban 🏡", createdAt: TIME };
const PAYLOAD = {
  $type: `${LEXICON}#commit`,
  seq: 12345,
  did,
  time: TIME,
  witnessedAt: TIME,
  rev: "3l3qo2vutsw2b",
  operation: "create",
  collection: POST_COLLECTION,
  rkey: "3l3qo2vuowo2b",
  cid: CID,
  record: RECORD,
};

/** Write a commit's message with some keys changed or, where undefined, taken out. */
function message(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({ $type: "message", payload: { ...PAYLOAD, ...changes } });
}

function accountMessage(changes: Record<string, unknown> = {}): string {
  const account = { did, active: false, status: "takendown", seq: 7, time: TIME, ...changes };
  const { seq, time } = PAYLOAD;
  const payload = { $type: `${LEXICON}#account`, seq, did, time, account };
  return JSON.stringify({ $type: "message", payload });
}

/** Give the rows of posts, the deletions and the accounts that messages of a stream bring. */
function contentOf(decoder: StreamDecoder, messages: Iterable<Uint8Array | string>) {
  const content: Record<string, unknown>[] = [];
  for (const message of messages) {
    const frame = decoder.decode(message);
    if (frame.kind === "account") {
      content.push({ did: frame.did, active: frame.active, status: frame.status });
    }
    if (frame.kind !== "commit") continue;
    for (const op of frame.ops) {
      if (op.collection !== POST_COLLECTION) continue;
      const where = { did: frame.did, rev: frame.rev, time: frame.time, ...op };
      if (op.action === "delete") content.push(where);
      else {
        const { record, ...row } = readPost(decoder.record(frame, op));
        // Equal up to the order of keys.
        content.push({ ...where, ...row, record: JSON.parse(record) });
      }
    }
  }
  return content;
}

Deno.test("the same posts, deletions and accounts come out as from the firehose", async () => {
  const frames = await Array.fromAsync(sampleFrames(readSample()));
  const fromRelay = contentOf(FIREHOSE, frames.map(({ bytes }) => bytes));
  const events = [...jetstreamEvents(frames)];
  assert.deepEqual(contentOf(JETSTREAM, events.map(({ text }) => text)), fromRelay);
  const count = (key: string) => fromRelay.filter((row) => row[key]).length;
  assert.ok(count("image_alts") > 100 && count("status") > 0, "a sample of nothing");
  assert.ok(fromRelay.some(({ action }) => action === "delete"));
  assert.ok(fromRelay.some(({ action }) => action === "update"));
});

Deno.test("a commit of several ops is several events, and links and bytes are written alike", async () => {
  const repository = new Repository(accountOf("ada"));
  const unusual = {
    ...RECORD,
    signature: toBytes(new Uint8Array([255, 1, 2, 3])),
    picture: blobLink(new Uint8Array([9])),
    numbers: [0, -7, Number.MAX_SAFE_INTEGER],
    nothing: null,
  };
  const writes = ["a", "b"].map((rkey) => ({
    action: "create" as const,
    path: `${POST_COLLECTION}/${rkey}`,
    record: unusual,
  }));
  const commit = await repository.commit(writes, Date.parse(TIME));
  const frame = commitFrame(7, TIME, commit);
  const events = [...jetstreamEvents([frame], 100)];
  assert.deepEqual(events.map(({ seq }) => seq), [100, 101]);
  const rows = contentOf(JETSTREAM, events.map(({ text }) => text));
  assert.equal(rows.length, 2);
  const wanted = contentOf(FIREHOSE, [frame.bytes]);
  // An event has milliseconds of the frame's time.
  assert.deepEqual(rows, wanted);
});

Deno.test("a commit gives its op and its record, from text and from bytes", () => {
  const expected = {
    kind: "commit",
    seq: 12345,
    time: Date.parse(TIME),
    did,
    rev: PAYLOAD.rev,
    ops: [{ action: "create", collection: POST_COLLECTION, rkey: PAYLOAD.rkey, cid: CID }],
    record: RECORD,
  };
  for (const raw of [message(), new TextEncoder().encode(message())]) {
    const frame = JETSTREAM.decode(raw);
    assert.deepEqual(frame, expected);
    assert.ok(frame.kind === "commit");
    assert.deepEqual(JETSTREAM.record(frame, frame.ops[0]!), RECORD);
  }
  const gone = JETSTREAM.decode(
    message({ operation: "delete", cid: undefined, record: undefined }),
  );
  assert.ok(gone.kind === "commit");
  assert.deepEqual(gone.ops.map(({ action, cid }) => [action, cid]), [["delete", null]]);
  assert.throws(() => JETSTREAM.record(gone, gone.ops[0]!), FrameError);
});

Deno.test("the other messages of the lexicon, and those to come, are told apart", () => {
  const event = (type: string) =>
    JSON.stringify({
      $type: "message",
      payload: { $type: type, seq: 4, did, time: TIME, more: 1 },
    });
  const account = { kind: "account", seq: 12345, time: Date.parse(TIME), did };
  const other = { kind: "other", seq: 4, time: Date.parse(TIME) };
  const messages = [
    [accountMessage(), { ...account, active: false, status: "takendown" }],
    [accountMessage({ active: true, status: undefined }), {
      ...account,
      active: true,
      status: undefined,
    }],
    [accountMessage({ status: null }), { ...account, active: false, status: undefined }],
    [event(`${LEXICON}#identity`), { ...other, type: "#identity" }],
    [event(`${LEXICON}#sync`), { ...other, type: "#sync" }],
    [event(`${LEXICON}#new`), { ...other, type: "#new" }],
    [infoMessage("OutdatedCursor", "old"), { kind: "info", name: "OutdatedCursor" }],
    [errorMessage("ConsumerTooSlow", "slow"), { kind: "error", error: "ConsumerTooSlow" }],
  ] as const;
  for (const [raw, expected] of messages) assert.deepEqual(JETSTREAM.decode(raw), expected);
});

Deno.test("the time is when the host witnessed the event, not what was imported as its time", () => {
  const imported = "2023-04-01T00:00:00.000000Z";
  const frame = JETSTREAM.decode(message({ time: imported }));
  assert.ok(frame.kind === "commit");
  assert.equal(frame.time, Date.parse(TIME));
  const older = JETSTREAM.decode(message({ witnessedAt: undefined }));
  assert.ok(older.kind === "commit");
  assert.equal(older.time, Date.parse(TIME));
});

// Invariant 9, invariant 12
Deno.test("a malformed message is a FrameError that holds nothing of its content", () => {
  const payload = (value: unknown) => JSON.stringify({ $type: "message", payload: value });
  const malformed: Record<string, Uint8Array | string> = {
    "an empty message": "",
    "no JSON": "Ürban 🏡 {",
    "a truncated message": message().slice(0, -20),
    "two messages": message() + message(),
    "bytes that are no UTF-8": new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0, 1]),
    "a number": "7",
    "null": "null",
    "a list": "[]",
    "no $type": JSON.stringify({ payload: PAYLOAD }),
    "another $type": JSON.stringify({ $type: "hello", payload: PAYLOAD }),
    "an error without a name": JSON.stringify({ $type: "error", message: "no" }),
    "an error named with a text": JSON.stringify({ $type: "error", error: "two words" }),
    "no payload": payload(undefined),
    "a payload that is a list": payload([PAYLOAD]),
    "a payload without a $type": message({ $type: undefined }),
    "an #info without a name": payload({ $type: `${LEXICON}#info` }),
    "an event to come without a seq": payload({ $type: `${LEXICON}#new`, time: TIME }),
    "an event to come without a time": payload({ $type: `${LEXICON}#new`, seq: 1 }),
    "no account": payload({ $type: `${LEXICON}#account`, seq: 1, did, time: TIME }),
    "an account of someone else": accountMessage({ did: accountOf("bo").did }),
    "an account that is active in words": accountMessage({ active: "no" }),
    "an account whose status is a number": accountMessage({ status: 7 }),
    "nested 1,000,000 deep, not closed": "[".repeat(1_000_000),
    "more than 5 MiB": message({ record: { ...RECORD, text: "x".repeat(5 * 1024 * 1024) } }),
  };
  for (const key of ["seq", "did", "time", "rev"]) {
    const witnessedAt = key === "time" ? undefined : TIME;
    for (const value of [undefined, null, true, {}, "", "Ürban 🏡", "x".repeat(3000)]) {
      malformed[`${key}: ${String(value).slice(0, 20)}`] = message({ witnessedAt, [key]: value });
    }
  }
  for (const seq of [-1, 0.5, "12345", 2 ** 53, 1e300, 1e15]) {
    malformed[`seq: ${typeof seq} ${seq}`] = message({ seq });
  }
  const times = ["2026-02-30T08:00:00Z", "10000-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "now"];
  times.push("9999-12-31T23:59:59-01:00", "2026-06-01", "2026-06-01T08:00:00", "1780300800");
  for (const time of times) malformed[`time: ${time}`] = message({ witnessedAt: time });
  for (const [name, raw] of Object.entries(malformed)) {
    assert.throws(
      () => JETSTREAM.decode(raw),
      (error) => error instanceof FrameError && /^[\w $-]+$/.test(error.message),
      name,
    );
  }
});

Deno.test("an op on posts that does not fit the lexicon says so, and one on another collection is not judged", () => {
  const faults: Record<string, unknown>[] = [
    ...["operation", "rkey", "cid"].flatMap((key) =>
      [undefined, null, true, {}, "", "Ürban 🏡", "x".repeat(3000)].map((value) => ({
        [key]: value,
      }))
    ),
    ...[undefined, null, "text", 7, [RECORD]].map((record) => ({ record })),
    ...[".", "..", "a/b", "a b"].map((rkey) => ({ rkey })),
    ...[CID.slice(0, -1), CID.toUpperCase(), CID.replace("bafyrei", "bafkrei"), `${CID}a`]
      .map((cid) => ({ cid })),
  ];
  for (const fault of faults) {
    const frame = JETSTREAM.decode(message(fault));
    assert.ok(frame.kind === "commit");
    assert.match(frame.ops[0]!.fault!, /^[\w ]+$/, JSON.stringify(fault).slice(0, 80));
    const other = JETSTREAM.decode(message({ ...fault, collection: "app.bsky.feed.like" }));
    assert.ok(other.kind === "other" && other.type === "#commit");
  }
  for (const collection of [undefined, null, 7, "", "Ürban 🏡", "x".repeat(3000)]) {
    const frame = JETSTREAM.decode(message({ collection, did: "nobody", rev: 0 }));
    assert.ok(frame.kind === "other" && frame.type === "#commit");
  }
});

Deno.test("what is nested deeply is no post, and does no harm where nobody looks", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const inRecord = JETSTREAM.decode(
    message({ record: { ...RECORD, deep: 7 } }).replace("7}", `${deep}}`),
  );
  assert.ok(inRecord.kind === "commit");
  assert.throws(
    () => readPost(JETSTREAM.record(inRecord, inRecord.ops[0]!)),
    (error) => error instanceof RecordError && error.message === "nested_too_deeply",
  );
  const elsewhere = JETSTREAM.decode(message({ deep: 7 }).replace('"deep":7', `"deep":${deep}`));
  assert.ok(elsewhere.kind === "commit");
  assert.deepEqual(elsewhere.record, RECORD);
});

Deno.test("bytes put at random never give anything but a frame or a FrameError", () => {
  const texts = [message(), accountMessage(), infoMessage("OutdatedCursor", "old")];
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  let malformed = 0;
  for (let n = 0; n < 6_000; n++) {
    const bytes = new TextEncoder().encode(texts[n % texts.length]!);
    for (let change = random(3); change >= 0; change--) bytes[random(bytes.length)] = random(256);
    try {
      const frame = JETSTREAM.decode(bytes);
      if (frame.kind === "commit" && frame.ops[0]?.fault !== undefined) malformed++;
    } catch (error) {
      assert.ok(error instanceof FrameError, String(error));
      malformed++;
    }
  }
  assert.ok(malformed > 3_000, `${malformed} of 6,000 were malformed`);
});
