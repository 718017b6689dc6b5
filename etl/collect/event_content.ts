/** What an event of a stream says of posts and accounts: rows of posts, tombstones, notes. */
import type { Tombstone } from "../raw/journal_line.ts";
import { subjectHash, type TombstoneReason } from "../raw/tombstone.ts";
import { type Account, FrameError, type OtherEvent, type RecordOp } from "../atproto/frame.ts";
import { POST_COLLECTION, readPost, RecordError } from "../atproto/post.ts";
import type { StreamCommit, StreamDecoder } from "../atproto/stream_decoder.ts";
import type { Quarantine } from "../store/quarantine.ts";
import type { RecentPosts } from "./recent_posts.ts";

/** JSON of the posts of one event, at most; its journal line must stay readable (`land.ts`). */
const MAX_CHARACTERS = 4_000_000;

/** An event of a stream that has a place in it. */
export type Event = StreamCommit | Account | OtherEvent;

/** When a post was written, and what its server said where that is something else. */
export interface PostTime {
  event_time: string;
  event_time_sent: string | null;
}

/** What reading the content of an event takes, and where what cannot be read goes. */
export interface ContentOptions {
  decoder: StreamDecoder;
  /** Posts that another host may send again; repeated ones land once. */
  recent?: RecentPosts;
  hashKey: string;
  quarantine: Quarantine;
}

/** What an event of a stream brings to its journal line. */
export interface EventContent {
  posts: Record<string, unknown>[];
  tombstones: Tombstone[];
  /** Notes about the stream. */
  notes: string[];
  /** Posts that came before. */
  repeated: number;
}

/**
 * Read what an event says of posts and accounts; without a time of its posts, only what it takes back.
 *
 * A record or op that cannot be read is set aside alone. `streamTime` is the time of the stream, in
 * milliseconds since 1970.
 */
export function readContent(
  event: Event,
  message: Uint8Array | string,
  time: PostTime | undefined,
  streamTime: number,
  options: ContentOptions,
): EventContent {
  if (event.kind === "commit") return readCommit(event, message, time, streamTime, options);
  const nothing = { posts: [], tombstones: [], notes: [], repeated: 0 };
  if (event.kind === "other") {
    return event.type === "#sync" ? { ...nothing, notes: [event.type] } : nothing;
  }
  const { reason, note } = accountState(event);
  return {
    ...nothing,
    tombstones: reason === undefined
      ? []
      : [tombstoneOf(options.hashKey, event.did, "account", reason)],
    notes: note === undefined ? [] : [note],
  };
}

function readCommit(
  commit: StreamCommit,
  message: Uint8Array | string,
  time: PostTime | undefined,
  streamTime: number,
  { decoder, recent, hashKey, quarantine }: ContentOptions,
): EventContent {
  const posts: Record<string, unknown>[] = [];
  const tombstones: Tombstone[] = [];
  let repeated = 0;
  let characters = 0;
  for (const [index, op] of commit.ops.entries()) {
    const { action, collection, rkey, cid } = op;
    if (collection !== POST_COLLECTION) continue;
    const uri = `at://${commit.did}/${collection}/${rkey}`;
    try {
      if (time === undefined && action !== "delete") continue;
      if (op.fault !== undefined) {
        quarantine.add("malformed_op", { uri, cursor: commit.seq, what: op.fault }, message);
        continue;
      }
      const version = `${uri} ${commit.rev}`;
      if (action === "delete") {
        // What the revision wrote before goes too, what it writes behind stays.
        const with_rev = !writes(commit.ops.slice(index + 1), rkey) &&
          (writes(commit.ops.slice(0, index), rkey) ||
            recent?.has(version) === true);
        const tombstone = tombstoneOf(hashKey, uri, "post", "deleted");
        tombstones.push({ ...tombstone, rev: commit.rev, with_rev });
        continue;
      }
      if (deletes(commit.ops.slice(index + 1), rkey)) continue;
      const record = readPost(decoder.record(commit, op));
      characters += record.record.length;
      if (characters > MAX_CHARACTERS) throw new RecordError("event_too_large");
      if (recent?.add(version, streamTime) === false) {
        repeated++;
        continue;
      }
      const { did, rev } = commit;
      posts.push({ uri, cid, did, rkey, rev, ...time, ...record });
    } catch (error) {
      if (!(error instanceof FrameError || error instanceof RecordError)) throw error;
      const reason = error instanceof RecordError ? error.message : "malformed_record";
      const where = { uri, cursor: commit.seq, what: error.message };
      quarantine.add(reason, where, message);
    }
  }
  return { posts, tombstones, notes: [], repeated };
}

function tombstoneOf(
  hashKey: string,
  subject: string,
  kind: Tombstone["subject_kind"],
  reason: TombstoneReason,
): Tombstone {
  return { subject_hash: subjectHash(hashKey, subject), subject_kind: kind, reason };
}

function deletes(ops: RecordOp[], rkey: string): boolean {
  return ops.some((op) => isOnPost(op, rkey) && op.action === "delete");
}

function writes(ops: RecordOp[], rkey: string): boolean {
  return ops.some((op) => isOnPost(op, rkey) && op.action !== "delete");
}

function isOnPost({ collection, rkey, fault }: RecordOp, wanted: string): boolean {
  return collection === POST_COLLECTION && rkey === wanted && fault === undefined;
}

/** Account states about the stream and not about content. */
const NOTED = ["throttled", "desynchronized"];

/**
 * Interpret an `#account` event: a reason for a tombstone, or a note for the coverage.
 *
 * By the lexicon only `active` says whether content may be shown, and a status may be missing or new:
 * an inactive account with an unknown status is hidden, as that can be undone.
 */
function accountState(
  { active, status = "" }: Account,
): { reason?: TombstoneReason; note?: string } {
  if (NOTED.includes(status)) return { note: status };
  if (active) return { reason: "active" };
  const isKnown = status === "deleted" || status === "takendown" || status === "suspended";
  return { reason: isKnown ? status : "deactivated" };
}
