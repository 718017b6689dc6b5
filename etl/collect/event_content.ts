/** What an event of a stream says of posts and accounts: rows of posts, tombstones, notes. */
import type { Tombstone } from "../raw/journal_line.ts";
import { subjectHash, type TombstoneReason } from "../raw/tombstone.ts";
import {
  type Account,
  FrameError,
  type OtherEvent,
  type RecordOp,
  TOO_BIG_COMMIT,
} from "../atproto/frame.ts";
import { POST_COLLECTION, readPost, RecordError } from "../atproto/post.ts";
import type { StreamCommit, StreamDecoder } from "../atproto/stream_decoder.ts";
import type { Quarantine } from "../store/quarantine.ts";
import { isoTime } from "../run/clock.ts";
import { AHEAD_MINUTES } from "../raw/stream_place.ts";
import type { RecentPosts } from "./recent_posts.ts";
import type { Placed } from "./stream_clock.ts";

/** JSON of the posts of one event, at most; its journal line must stay readable (`land.ts`). */
const MAX_CHARACTERS = 4_000_000;

/** An event of a stream that has a place in it. */
export type Event = StreamCommit | Account | OtherEvent;

const NONE: undefined[] = [];

/** When a post was written, and what its server said where that is something else. */
export interface PostTime {
  event_time: string;
  event_time_sent: string | null;
}

/** A record of a post, or why it cannot be read. */
type ReadRecord = ReturnType<typeof readPost> | FrameError | RecordError;

/** An event whose records are read: many are held until their place is known, so they are kept small. */
export interface ReadEvent {
  event: Event;
  /** Records by the number of their op, where one creates or updates a post. */
  records: (ReadRecord | undefined)[];
  /** Kept where something cannot be read, for quarantine. */
  message: Uint8Array | string;
  /** Length of the message. */
  bytes: number;
}

/** Where what an event says goes. */
export interface ContentOptions {
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
 * Give the time of a post: what its server `sent`, as far as the stretch can have brought it, and what
 * was sent where that is something else.
 *
 * `sent` and `since`, the earliest time of the stretch, are in milliseconds since 1970.
 */
export function postTimeOf(
  sent: number,
  { earliest, latest }: Pick<Placed<unknown>, "earliest" | "latest">,
  since: number,
): PostTime {
  const kept = Math.max(
    Math.min(since, earliest),
    Math.min(latest + AHEAD_MINUTES * 60_000, sent),
  );
  return { event_time: isoTime(kept), event_time_sent: kept === sent ? null : isoTime(sent) };
}

/** Read the records of an event. */
export function readEvent(
  event: Event,
  message: Uint8Array | string,
  decoder: StreamDecoder,
): ReadEvent {
  const bytes = message.length;
  if (event.kind !== "commit") return { event, records: NONE, message: "", bytes };
  let [isFaulty, characters] = [false, 0];
  const records = event.ops.map((op, index): ReadRecord | undefined => {
    isFaulty ||= op.fault !== undefined;
    if (op.action === "delete" || op.collection !== POST_COLLECTION || op.fault !== undefined) {
      return;
    }
    if (isSuperseded(event.ops, index)) return;
    try {
      const post = readPost(decoder.record(event, op));
      characters += post.record.length;
      if (characters > MAX_CHARACTERS) throw new RecordError("event_too_large");
      return post;
    } catch (error) {
      if (!(error instanceof FrameError || error instanceof RecordError)) throw error;
      isFaulty = true;
      return error;
    }
  });
  const { kind, seq, time, did, rev, ops } = event;
  // Whoever holds it must not hold the bytes of its message too.
  const content = { kind, seq, time, did, rev, ops };
  return { event: content, records, message: isFaulty ? message : "", bytes };
}

/**
 * Tell what an event says of posts and accounts; without a time of its posts, only what it takes back.
 *
 * A record or op that cannot be read is set aside alone. `streamTime` is the time of the stream, in
 * milliseconds since 1970.
 */
export function contentOf(
  read: ReadEvent,
  time: (() => PostTime) | undefined,
  streamTime: number,
  options: ContentOptions,
): EventContent {
  const { event } = read;
  if (event.kind === "commit") return contentOfCommit(event, read, time, streamTime, options);
  const nothing = { posts: [], tombstones: [], notes: [], repeated: 0 };
  if (event.kind === "other") {
    if (event.type === TOO_BIG_COMMIT && time !== undefined) {
      options.quarantine.add(
        "too_big",
        { cursor: event.seq, what: "a commit without its ops" },
        "",
      );
    }
    const isNoted = event.type === "#sync" || event.type === TOO_BIG_COMMIT;
    return isNoted ? { ...nothing, notes: [event.type] } : nothing;
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

function contentOfCommit(
  commit: StreamCommit,
  { records, message }: ReadEvent,
  time: (() => PostTime) | undefined,
  streamTime: number,
  { recent, hashKey, quarantine }: ContentOptions,
): EventContent {
  const posts: Record<string, unknown>[] = [];
  const tombstones: Tombstone[] = [];
  let repeated = 0;
  for (const [index, op] of commit.ops.entries()) {
    const { action, collection, rkey, cid } = op;
    if (collection !== POST_COLLECTION) continue;
    const uri = `at://${commit.did}/${collection}/${rkey}`;
    if (time === undefined && action !== "delete") continue;
    const setAside = (reason: string, what: string) =>
      quarantine.add(reason, { uri, cursor: commit.seq, what }, message);
    if (op.fault !== undefined) {
      setAside("malformed_op", op.fault);
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
    const record = records[index];
    if (record === undefined) continue;
    if (record instanceof FrameError) setAside("malformed_record", record.message);
    else if (record instanceof RecordError) setAside(record.message, record.message);
    else if (recent?.add(version, cid!, streamTime) === false) repeated++;
    else posts.push({ uri, cid, did: commit.did, rkey, rev: commit.rev, ...time!(), ...record });
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

/** Does a later op of the commit write or delete the same post? */
function isSuperseded(ops: RecordOp[], index: number): boolean {
  return ops.some((op, later) => later > index && isOnPost(op, ops[index]!.rkey));
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
