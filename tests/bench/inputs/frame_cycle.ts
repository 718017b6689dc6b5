/** Frames of the bench without end: the same ones again and again, each time as other events. */
import { Buffer } from "node:buffer";
import { create as createTid } from "@atcute/tid";
import { type BenchFrame, EVENTS_A_SECOND, FIRST_SEQ, START } from "./frames.ts";

const SEQ_KEY = [0x63, ...ascii("seq"), 0x1b];
const TIME_KEY = [0x64, ...ascii("time"), 0x78, 24];
const BLOCKS_KEY = [0x66, ...ascii("blocks")];
const CLOCK_IDS = 1024;

interface Template {
  bytes: Uint8Array<ArrayBuffer>;
  seq: number;
  time: number;
  /** Where the key of the record, which is the revision too, stands in what is no block. */
  tids: number[];
}

/**
 * Gives frame after frame, ascending by `seq` without gaps.
 *
 * Varied are `seq`, `time`, and in commits `rev`, `since` and the key of the record, so that no post
 * comes twice. What stays is the account, the record with its CID, and every other block.
 */
export class FrameCycle {
  readonly #templates: Template[];

  constructor(frames: Iterable<BenchFrame>) {
    this.#templates = Array.from(frames, ({ bytes, type }) => template(bytes, type === "#commit"));
  }

  /** Give the bytes of the frame with a number, counted from 0. */
  frame(number: number): Uint8Array<ArrayBuffer> {
    const { bytes, seq, time, tids } = this.#templates[number % this.#templates.length]!;
    const frame = bytes.slice();
    new DataView(frame.buffer).setBigUint64(seq, BigInt(FIRST_SEQ + number));
    const milliseconds = timeOf(number);
    write(frame, time, new Date(milliseconds).toISOString());
    if (tids.length > 0) {
      const tid = createTid(milliseconds * 1000 + number % 1000, number % CLOCK_IDS);
      for (const at of tids) write(frame, at, tid);
    }
    return frame;
  }
}

/** Give the time of the event with a number, in milliseconds. */
export function timeOf(number: number): number {
  return START + Math.floor(number * 1000 / EVENTS_A_SECOND);
}

function template(bytes: Uint8Array<ArrayBuffer>, isCommit: boolean): Template {
  const seq = find(bytes, SEQ_KEY, 0) + SEQ_KEY.length;
  const time = find(bytes, TIME_KEY, 0) + TIME_KEY.length;
  if (!isCommit) return { bytes, seq, time, tids: [] };
  // The keys of a commit are in canonical order: what varies stands before the blocks.
  const blocks = find(bytes, BLOCKS_KEY, 0);
  const rev = find(bytes, [0x63, ...ascii("rev"), 0x6d], 0) + 5;
  const tid = [...bytes.subarray(rev, rev + 13)];
  const tids: number[] = [];
  for (let at = find(bytes, tid, 0); at < blocks; at = find(bytes, tid, at + 1)) tids.push(at);
  return { bytes, seq, time, tids };
}

function find(bytes: Uint8Array, wanted: number[], from: number): number {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .indexOf(new Uint8Array(wanted), from);
  if (at < 0) throw new Error("Cannot vary a frame: a field is missing");
  return at;
}

function write(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
