/** Makes `subscribeRepos` frames for measurements: seeded, so that the same seed gives the same bytes. */
import { createHash } from "node:crypto";
import { type CidLink, fromCidLink, toBytes } from "@atcute/cbor";
import { create as createTid } from "@atcute/tid";
import { accountOf } from "../../../demo/sample/account.ts";
import { blobLink, type Block, blockOf } from "../../../demo/sample/block.ts";
import {
  accountFrame,
  commitFrame,
  type Frame,
  identityFrame,
} from "../../../demo/sample/frames.ts";
import { randomNumbers } from "../../etl/atproto/mutation.ts";
import { postRecord } from "./post_record.ts";
import { drawn } from "./post_text.ts";

export const FIRST_SEQ = 5_000_000_001;
export const START = Date.parse("2026-06-01T12:00:00Z");
/** The network has about 240 commits a second. */
export const EVENTS_A_SECOND = 240;
const ACCOUNTS = 500;
const NODES = 2_000;

/** What happens, in per mille. One event in five is a post; how the others divide is our guess. */
const EVENTS: [string, number][] = [
  ["post", 200],
  ["app.bsky.feed.like", 430],
  ["app.bsky.graph.follow", 130],
  ["app.bsky.feed.repost", 90],
  ["delete", 80],
  ["delete_post", 12],
  ["app.bsky.graph.block", 20],
  ["app.bsky.actor.profile", 18],
  ["identity", 10],
  ["account", 10],
];
const DELETED = ["app.bsky.feed.like", "app.bsky.graph.follow", "app.bsky.feed.repost"];

export interface BenchFrame extends Frame {
  /** The record's CID and the record, where the frame creates a post. */
  created?: { cid: string; record: object };
}

/**
 * Make frames, ascending by `seq` without gaps.
 *
 * Each commit has what a real one has: a commit block, the nodes of the search tree that prove it,
 * the record, every block under its true CID; about 4 KB in all. Signatures are random and the nodes
 * come from a pool, because no reader that is measured here looks at either.
 */
export function* benchFrames(count: number, seed: number): Generator<BenchFrame> {
  const random = randomNumbers(seed);
  const accounts = Array.from({ length: ACCOUNTS }, (_, i) => accountOf(`bench${i}`));
  const nodes = Array.from({ length: NODES }, () => treeNode(random));
  for (let i = 0; i < count; i++) {
    const seq = FIRST_SEQ + i;
    const milliseconds = START + Math.floor(i * 1000 / EVENTS_A_SECOND);
    const time = new Date(milliseconds).toISOString();
    const { did, handle } = accounts[random(accounts.length)]!;
    const event = drawn(EVENTS, random);
    if (event === "identity") yield identityFrame(seq, time, did, handle);
    else if (event === "account") {
      yield accountFrame(seq, time, did, ...(random(4) ? [] : ["deactivated"]));
    } else {
      const rkey = createTid(milliseconds * 1000 + i % 1000, random(1024));
      const commit = { seq, time, did, nodes, rkey };
      if (event === "post") {
        const record = postRecord(random, time);
        const frame = recordFrame(commit, "app.bsky.feed.post", record, random);
        yield { ...frame, created: { cid: frame.cid!, record } };
      } else if (event === "delete_post") {
        yield recordFrame(commit, "app.bsky.feed.post", null, random);
      } else if (event === "delete") yield recordFrame(commit, DELETED[random(3)]!, null, random);
      else yield recordFrame(commit, event, smallRecord(event, time, random), random);
    }
  }
}

interface CommitOptions {
  seq: number;
  time: string;
  did: string;
  rkey: string;
  nodes: Block[];
}

function recordFrame(
  { seq, time, did, rkey, nodes }: CommitOptions,
  collection: string,
  record: object | null,
  random: (below: number) => number,
): Frame & { cid?: string } {
  const blocks = Array.from({ length: 3 + random(5) }, () => nodes[random(nodes.length)]!);
  const head = blockOf({
    did,
    rev: rkey,
    sig: toBytes(bytesOf(64, random)),
    data: blocks[0]!.cid,
    prev: null,
    version: 3,
  });
  blocks.splice(random(2), 0, head);
  const block = record === null ? undefined : blockOf(record);
  if (block) blocks.splice(random(blocks.length + 1), 0, block);
  const path = `${collection}/${rkey}`;
  const op = block
    ? { action: "create" as const, path, cid: block.cid }
    : { action: "delete" as const, path, cid: null, prev: nodes[random(nodes.length)]!.cid };
  const frame = commitFrame(seq, time, {
    repo: did,
    rev: rkey,
    since: rkey,
    commit: head.cid,
    prevData: nodes[random(nodes.length)]!.cid,
    ops: [op],
    blocks,
    car: carOf(head.cid, blocks),
  });
  return block ? { ...frame, cid: block.cid.$link } : frame;
}

/** A node of the search tree with three to ten entries, some with a subtree. */
function treeNode(random: (below: number) => number): Block {
  const link = () => blobLink(bytesOf(8, random));
  const e = Array.from({ length: 3 + random(8) }, (_, i) => ({
    k: toBytes(bytesOf(i === 0 ? 32 : 4 + random(12), random)),
    p: i === 0 ? 0 : 18 + random(12),
    t: random(3) === 0 ? link() : null,
    v: link(),
  }));
  return blockOf({ e, l: random(2) === 0 ? link() : null });
}

function smallRecord(type: string, createdAt: string, random: (below: number) => number): object {
  const { did } = accountOf(`bench${random(ACCOUNTS)}`);
  if (type === "app.bsky.actor.profile") {
    return { $type: type, displayName: did.slice(-8), description: did, createdAt };
  }
  if (type.startsWith("app.bsky.graph.")) return { $type: type, subject: did, createdAt };
  const uri = `at://${did}/app.bsky.feed.post/${createTid(START * 1000, random(1024))}`;
  return { $type: type, subject: { uri, cid: blobLink(bytesOf(8, random)).$link }, createdAt };
}

/** Write a CAR v1 file at once; `carFile` of the demo does the same as a stream. */
export function carOf(root: CidLink, blocks: Block[]): Uint8Array<ArrayBuffer> {
  const header = blockOf({ roots: [root], version: 1 }).bytes;
  const parts = [varint(header.length), header];
  for (const { cid, bytes } of blocks) {
    const name = fromCidLink(cid).bytes;
    parts.push(varint(name.length + bytes.length), name, bytes);
  }
  const file = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return new Uint8Array([...bytes, value]);
}

export function bytesOf(length: number, random: (below: number) => number): Uint8Array {
  const seed = new Uint8Array([random(256), random(256), random(256), random(256), random(256)]);
  return createHash("sha512").update(seed).digest().subarray(0, length);
}
