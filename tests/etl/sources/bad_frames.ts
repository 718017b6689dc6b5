/** Frames as no relay should send them, each with what is to become of it. */
import { type Block, blockOf, carFile } from "../../../demo/sample/block.ts";
import { commitFrame, encodeFrame } from "../../../demo/sample/frames.ts";
import { type CidLink, encode, toBytes, toCidLink } from "@atcute/cbor";
import { CODEC_DCBOR, create } from "@atcute/cid";
import { accountOf } from "../../../demo/sample/account.ts";
import { Repository } from "../../../demo/sample/repository.ts";

const POST = "app.bsky.feed.post";
export const TIME = "2026-06-01T08:00:00.000Z";
export const DID = accountOf("ada").did;

export interface BadFrame {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** Why it is set aside; absent where the post lands. */
  reason?: string;
  /** False where it is no event at all: its sequence number is not believed. */
  isEvent: boolean;
}

const repository = new Repository(accountOf("ada"));
const good = await repository.commit([write("first", post())], Date.parse(TIME));

/** Give a post's record with some keys changed or, where undefined, taken out. */
export function post(changes: Record<string, unknown> = {}): object {
  const record = { $type: POST, text: "A post", createdAt: TIME, langs: ["en"], ...changes };
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

function write(rkey: string, record: object) {
  return { action: "create" as const, path: `${POST}/${rkey}`, record };
}

/** Give a commit of one post, named `post/<seq>`. */
export async function goodFrame(seq: number, changes: Record<string, unknown> = {}) {
  const block = blockOf(post(changes));
  return await recordFrame(seq, block);
}

async function recordFrame(seq: number, block: Block, op: Record<string, unknown> = {}) {
  const car = await carFile(good.commit, [...good.blocks.slice(0, 1), block]);
  const ops = [{ action: "create", path: `${POST}/r${seq}`, cid: block.cid, ...op }];
  return commitFrame(seq, TIME, good, { ops, blocks: toBytes(car) }).bytes;
}

async function blockOfBytes(bytes: Uint8Array<ArrayBuffer>): Promise<Block> {
  return { cid: toCidLink(await create(CODEC_DCBOR, bytes)), bytes };
}

function commitWith(seq: number, changes: Record<string, unknown>) {
  const { bytes } = commitFrame(seq, TIME, good, changes);
  return bytes;
}

function nested(levels: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(levels + 1).fill(0x81, 0, levels);
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Make one of each kind, with sequence numbers from `first` on. */
export async function badFrames(first: number): Promise<(BadFrame & { seq: number })[]> {
  const header = encode({ op: 1, t: "#commit" });
  const otherCid: CidLink = blockOf({ other: true }).cid;
  const damaged = (seq: number) => {
    const car = good.car.slice();
    const at = car.length - 3;
    car[at] = car[at]! ^ 1;
    return commitWith(seq, { blocks: toBytes(car) });
  };
  const malformed: Record<string, (seq: number) => Uint8Array<ArrayBuffer>> = {
    "an empty message": () => new Uint8Array(),
    "random bytes": () => new Uint8Array([0xff, 0xfe, 7, 0, 200, 12]),
    "a truncated header": () => header.slice(0, 5),
    "a header alone": () => header,
    "a truncated body": (seq) => commitWith(seq, {}).slice(0, -40),
    "bytes after the body": (seq) => joined(commitWith(seq, {}), new Uint8Array([0])),
    "a header that is a list": () => joined(encode([1, "#commit"]), encode({})),
    "a header with another op": (seq) => encodeFrame({ op: 7, t: "#sync" }, { seq, time: TIME }),
    "a header without a type": (seq) => encodeFrame({ op: 1 }, { seq, time: TIME }),
    "an error without a name": () => encodeFrame({ op: -1 }, { message: "no" }),
    "a body that is a string": () => encodeFrame({ op: 1, t: "#commit" }, "no" as never),
    "a body nested 100,000 deep": () => joined(header, nested(100_000)),
    "a list longer than the message": () =>
      joined(header, new Uint8Array([0x9a, 255, 255, 255, 255])),
    "no sequence number": () => commitWith(0, { seq: null }),
    "a negative sequence number": () => commitWith(-5, {}),
    "a sequence number with a fraction": () => commitWith(0.5, {}),
    "a time that is none": (seq) => commitWith(seq, { time: "yesterday" }),
    "a time that is a number": (seq) => commitWith(seq, { time: 1780000000 }),
    "a time after year 9999": (seq) => commitWith(seq, { time: "9999-12-31T23:59:59-10:00" }),
    "a time before year 1": (seq) => commitWith(seq, { time: "0000-06-01T00:00:00Z" }),
    "an account that is no DID": (seq) => commitWith(seq, { repo: "ada.test" }),
    "ops that are no list": (seq) => commitWith(seq, { ops: "no" }),
    "blocks that are no bytes": (seq) => commitWith(seq, { blocks: "no" }),
    "blocks of 5 MB": (seq) => commitWith(seq, { blocks: toBytes(new Uint8Array(5_000_000)) }),
    "an account without a state": (seq) =>
      encodeFrame({ op: 1, t: "#account" }, { seq, time: TIME, did: DID }),
    "an info without a name": () => encodeFrame({ op: 1, t: "#info" }, {}),
  };
  const malformedOps: Record<string, object> = {
    "an op with another action": { action: "move", path: `${POST}/a`, cid: null },
    "an op whose path climbs": { action: "delete", path: `${POST}/../../x`, cid: null },
    "an op without a record key": { action: "delete", path: `${POST}/`, cid: null },
  };
  const damagedRecords: Record<string, (seq: number) => Promise<Uint8Array<ArrayBuffer>>> = {
    "an empty CAR": (seq) =>
      Promise.resolve(commitWith(seq, { blocks: toBytes(new Uint8Array()) })),
    "a truncated CAR": (seq) =>
      Promise.resolve(commitWith(seq, { blocks: toBytes(good.car.slice(0, -20)) })),
    "a CAR that is text": (seq) =>
      Promise.resolve(commitWith(seq, { blocks: toBytes(new TextEncoder().encode("not a CAR")) })),
    "a block that is not there": (seq) => recordFrame(seq, blockOf(post()), { cid: otherCid }),
    "a creation without a CID": (seq) => recordFrame(seq, blockOf(post()), { cid: null }),
    "bytes that do not match the CID": (seq) => Promise.resolve(damaged(seq)),
    "a record that is no CBOR": async (seq) =>
      recordFrame(seq, await blockOfBytes(new Uint8Array([0xff, 0xff]))),
    "a record with bytes after it": async (seq) =>
      recordFrame(seq, await blockOfBytes(joined(encode(post()), new Uint8Array([0])))),
    "a record with an integer beyond 2^53": async (seq) =>
      recordFrame(seq, await blockOfBytes(new Uint8Array([0x1b, ...Array(8).fill(255)]))),
  };
  const records: [string, unknown, string | undefined][] = [
    ["a string for a record", "no", "not_a_record"],
    ["null for a record", null, "not_a_record"],
    ["a list for a record", [], "not_a_post"],
    ["a like in the place of a post", { $type: "app.bsky.feed.like", text: "a" }, "not_a_post"],
    ["a record without a type", post({ $type: undefined }), "not_a_post"],
    ["no text", post({ text: undefined }), "no_text"],
    ["a text that is a number", post({ text: 7 }), "no_text"],
    ["a text that is null", post({ text: null }), "no_text"],
    ["an empty text", post({ text: "" }), undefined],
    ["a text with NUL and line separators", post({ text: "a\0b\u2028c\\ud800" }), undefined],
    ["written in year 1", post({ createdAt: "0001-01-01T00:00:00Z" }), undefined],
    ["written yesterday", post({ createdAt: "yesterday" }), undefined],
    ["written at no time", post({ createdAt: undefined }), undefined],
    ["written at a number", post({ createdAt: 1780000000 }), undefined],
    ["languages that are none", post({ langs: ["en", 7, null, { a: 1 }] }), undefined],
    ["a language that is no list", post({ langs: "en" }), undefined],
    ["an embed that is a number", post({ embed: 7 }), undefined],
    [
      "an embed of the wrong shape",
      post({ embed: { $type: 7, images: "x", media: [] } }),
      undefined,
    ],
    [
      "facets that are rubbish",
      post({ facets: [7, { features: 8 }, { features: [{}] }] }),
      undefined,
    ],
    ["references that are rubbish", post({ reply: { root: 7 }, labels: [1] }), undefined],
  ];
  let seq = first;
  const frames: (BadFrame & { seq: number })[] = [];
  for (const [name, make] of Object.entries(malformed)) {
    frames.push({ name, seq, bytes: make(seq++), reason: "malformed_frame", isEvent: false });
  }
  for (const [name, op] of Object.entries(malformedOps)) {
    const bytes = commitWith(seq, { ops: [op] });
    frames.push({ name, seq: seq++, bytes, reason: "malformed_op", isEvent: true });
  }
  for (const [name, make] of Object.entries(damagedRecords)) {
    frames.push({ name, seq, bytes: await make(seq++), reason: "malformed_record", isEvent: true });
  }
  for (const [name, record, reason] of records) {
    const bytes = await recordFrame(seq, blockOf(record));
    frames.push({ name, seq: seq++, bytes, reason, isEvent: true });
  }
  return frames;
}
