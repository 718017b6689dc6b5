/** Damages frames and looks at what becomes of them. */
import assert from "node:assert/strict";
import { decode, toCidLink } from "@atcute/cbor";
import { CODEC_DCBOR, fromDigest } from "@atcute/cid";
import { createHash } from "node:crypto";
import { carOf } from "../../bench/inputs/frames.ts";
import { accountOf } from "../../../demo/sample/account.ts";
import type { Block } from "../../../demo/sample/block.ts";
import { commitFrame } from "../../../demo/sample/frames.ts";
import { memoryCollector } from "../collect/memory_collector.ts";
import { mutate, randomNumbers } from "./mutation.ts";

export interface FuzzInput {
  frames: Uint8Array[];
  /** The blocks of records, by their CID. */
  blocks: Map<string, Uint8Array>;
}

export interface FuzzCounts {
  cases: number;
  /** Posts that were accepted, and were what their CID stands for. */
  accepted: number;
  /** By reason. */
  refused: Record<string, number>;
  slowestMs: number;
}

const TIME = "2026-06-01T08:00:00.000Z";
const POST_URI =
  /^at:\/\/did:[a-z]+:[a-zA-Z0-9._:%-]+\/app\.bsky\.feed\.post\/[a-zA-Z0-9._:~-]{1,512}$/;

/**
 * Let a collector take damaged frames, each in a state of its own.
 *
 * One in four is a sound frame around a damaged record whose CID is right, which is what an adversary
 * can sign. Throws where the collector throws, where it neither counts nor refuses, and where it
 * accepts a record that is not the one its CID stands for.
 */
export function fuzzFrames(input: FuzzInput, cases: number, seed: number): FuzzCounts {
  const random = randomNumbers(seed);
  const counts: FuzzCounts = { cases, accepted: 0, refused: {}, slowestMs: 0 };
  const blocks = [...input.blocks.values()];
  for (let number = 0; number < cases; number++) {
    const other = input.frames[random(input.frames.length)]!;
    const block = random(4) === 0
      ? blockOfBytes(mutate(blocks[random(blocks.length)]!, other, random))
      : undefined;
    const frame = block
      ? frameAround(block)
      : mutate(input.frames[random(input.frames.length)]!, other, random);
    const original = (cid: string) =>
      cid === block?.cid.$link ? block.bytes : input.blocks.get(cid)!;
    try {
      takeCase(frame, original, counts);
    } catch (cause) {
      throw new Error(`Cannot read case ${number} of seed ${seed}: ${cause}`, { cause });
    }
  }
  return counts;
}

function takeCase(
  frame: Uint8Array,
  original: (cid: string) => Uint8Array,
  counts: FuzzCounts,
): void {
  // deno-lint-ignore no-explicit-any
  const lines: any[] = [];
  const { collector, quarantine, take, settle } = memoryCollector((line) => void lines.push(line));
  const started = performance.now();
  const verdict = take(frame);
  settle();
  counts.slowestMs = Math.max(counts.slowestMs, performance.now() - started);
  assert.ok(verdict === "go_on" || typeof verdict === "object", `${verdict}`);
  assert.ok(collector.events <= 1);
  assert.ok((quarantine.counts.malformed_frame ?? 0) === 0 || collector.events === 0);
  if (collector.events === 1) {
    assert.ok(Number.isSafeInteger(collector.cursor) && collector.cursor! >= 0);
    assert.ok(!Number.isNaN(Date.parse(collector.eventTime!)));
  }
  for (const [reason, count] of Object.entries(quarantine.counts)) {
    counts.refused[reason] = (counts.refused[reason] ?? 0) + count;
  }
  for (const { uri, cid, text, record } of lines.flatMap(({ posts }) => posts)) {
    counts.accepted++;
    const expected = JSON.parse(JSON.stringify(decode(original(cid))));
    assert.deepEqual(JSON.parse(record), expected);
    assert.equal(text, expected.text);
    assert.match(uri, POST_URI);
  }
}

function blockOfBytes(bytes: Uint8Array): Block {
  const digest = createHash("sha256").update(bytes).digest();
  return { cid: toCidLink(fromDigest(CODEC_DCBOR, digest)), bytes: bytes.slice() };
}

/** Make a sound frame that creates a post from a block. */
function frameAround(block: Block): Uint8Array {
  const rkey = "3k2aaaaaaaaaa";
  return commitFrame(1, TIME, {
    repo: accountOf("ada").did,
    rev: rkey,
    since: null,
    commit: block.cid,
    prevData: null,
    ops: [{ action: "create", path: `app.bsky.feed.post/${rkey}`, cid: block.cid }],
    blocks: [block],
    car: carOf(block.cid, [block]),
  }).bytes;
}
