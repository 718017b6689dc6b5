/** A week of a small network: what happened when, and its frames under whatever numbers. */
import { toBytes } from "@atcute/cbor";
import { create as createTid } from "@atcute/tid";
import { carOf } from "../../bench/inputs/frames.ts";
import { postText } from "../../bench/inputs/post_text.ts";
import { accountOf } from "../../../demo/sample/account.ts";
import { type Block, blockOf } from "../../../demo/sample/block.ts";
import {
  accountFrame,
  commitFrame,
  type Frame,
  identityFrame,
} from "../../../demo/sample/frames.ts";
import type { Commit } from "../../../demo/sample/repository.ts";
import { randomNumbers } from "../../etl/atproto/mutation.ts";

export const START = Date.parse("2026-06-01T00:00:00Z");
const DAY_MS = 86_400_000;
export const END = START + 7 * DAY_MS;
/** The network was there before the study and goes on after it. */
const [FIRST, LAST] = [START - 2 * 3_600_000, END + 3_600_000];
const POST = "app.bsky.feed.post";
const ACCOUNTS = 60;
const [SECOND_MS, MINUTE_MS, HOUR_MS] = [1000, 60_000, 3_600_000];
/** What the clocks of some accounts' servers are ahead; each account has a server of its own. */
const AHEAD: Record<number, number> = {
  3: -3 * DAY_MS,
  13: -2 * HOUR_MS,
  23: -12 * MINUTE_MS,
  33: -30 * SECOND_MS,
  43: 2 * HOUR_MS,
  53: DAY_MS,
};
/** Hours at which the server of an account comes back and sends what it had of three hours. */
const RETURNS: Record<number, number> = { 29: 5, 77: 6, 125: 7 };
const BACKLOG = 100;

export interface WeekEvent {
  /** When the relay sends it, in milliseconds since 1970. */
  time: number;
  /** What its server writes: some clocks are wrong. */
  written: number;
  kind: "post" | "delete" | "account" | "like" | "identity";
  did: string;
  /** Of the post that is created or deleted. */
  uri?: string;
  rev: string;
  /** Of the post that is created. */
  cid?: string;
  /** Sequence numbers that the relay leaves out before this event. */
  leftOut: number;
  /** Encode it under a sequence number. */
  frame(seq: number): Frame;
}

/** Make the events of the week, ascending by time: one every 20 to 30 seconds, and some backlogs. */
export function weekEvents(seed: number): WeekEvent[] {
  const random = randomNumbers(seed);
  const accounts = Array.from({ length: ACCOUNTS }, (_, i) => accountOf(`week${i}`));
  const events: WeekEvent[] = [];
  const posts: { did: string; uri: string; rkey: string; cid: Block["cid"] }[] = [];
  for (const { time, account, written } of moments(random)) {
    const { did, handle } = accounts[account]!;
    const at = new Date(written).toISOString();
    const rev = createTid(time * 1000, random(1024));
    const leftOut = random(2000) === 0 ? 1 + random(9) : 0;
    const event = { time, written, did, rev, leftOut };
    const drawn = random(100);
    if (drawn < 12) {
      const { text } = postText(random);
      const record = blockOf({ $type: POST, text, createdAt: at, langs: ["en"] });
      const uri = `at://${did}/${POST}/${rev}`;
      posts.push({ did, uri, rkey: rev, cid: record.cid });
      const op = { action: "create" as const, path: `${POST}/${rev}`, cid: record.cid };
      const frame = (seq: number) => commitFrame(seq, at, commitOf(did, rev, op, record));
      events.push({ ...event, kind: "post", uri, cid: record.cid.$link, frame });
    } else if (drawn < 14 && posts.length > 0) {
      // Most deletions are of something young.
      const back = random(3) === 0 ? random(posts.length) : random(Math.min(9, posts.length));
      const [post] = posts.splice(posts.length - 1 - back, 1);
      const { did, uri, rkey, cid } = post!;
      const op = { action: "delete" as const, path: `${POST}/${rkey}`, cid: null, prev: cid };
      const frame = (seq: number) => commitFrame(seq, at, commitOf(did, rev, op));
      events.push({ ...event, did, kind: "delete", uri, frame });
    } else if (drawn < 15) {
      const gone = accountOf(`week gone ${time}`).did;
      const frame = (seq: number) => accountFrame(seq, at, gone, "deleted");
      events.push({ ...event, did: gone, kind: "account", frame });
    } else if (drawn < 30) {
      const path = `app.bsky.feed.like/${rev}`;
      const op = { action: "create" as const, path, cid: LIKE.cid };
      const frame = (seq: number) => commitFrame(seq, at, commitOf(did, rev, op, LIKE));
      events.push({ ...event, kind: "like", frame });
    } else {
      const frame = (seq: number) => identityFrame(seq, at, did, handle);
      events.push({ ...event, kind: "identity", frame });
    }
  }
  return events.map((event) => ({ ...event, frame: remembered(event.frame) }));
}

/** Draw when accounts do something, and what their servers write of it. */
function moments(random: (bound: number) => number) {
  const found: { time: number; account: number; written: number }[] = [];
  for (let time = FIRST; time < LAST; time += 20_000 + random(10_001)) {
    const account = random(ACCOUNTS);
    found.push({ time, account, written: time + (AHEAD[account] ?? 0) });
  }
  for (const [hour, account] of Object.entries(RETURNS)) {
    const time = START + Number(hour) * HOUR_MS;
    for (let i = 0; i < BACKLOG; i++) {
      found.push({ time: time + i * 5, account, written: time - random(3 * HOUR_MS) });
    }
  }
  return found.sort((a, b) => a.time - b.time);
}

/** Encode once under a number: several relays send the same. */
function remembered(encode: WeekEvent["frame"]): WeekEvent["frame"] {
  let last: Frame | undefined;
  return (seq) => last?.seq === seq ? last : last = encode(seq);
}

const LIKE = blockOf({ $type: "app.bsky.feed.like", createdAt: "2026-06-01T00:00:00Z" });

/** Every block under its true CID; nobody here looks at signatures or at the tree. */
function commitOf(did: string, rev: string, op: Commit["ops"][number], record?: Block): Commit {
  const data = LIKE.cid;
  const head = blockOf({
    did,
    rev,
    sig: toBytes(new Uint8Array(64)),
    data,
    prev: null,
    version: 3,
  });
  const blocks = record ? [head, record] : [head];
  const car = carOf(head.cid, blocks);
  return { repo: did, rev, since: rev, commit: head.cid, prevData: data, ops: [op], blocks, car };
}
