import { BEGINNING, type JournalLine, nothingYet, type Tombstone } from "../raw/journal_line.ts";
import { type Account, FrameError, type OtherEvent, type RecordOp } from "../atproto/frame.ts";
import { POST_COLLECTION, readPost, RecordError } from "../atproto/post.ts";
import type { StreamCommit, StreamDecoder } from "../atproto/stream_decoder.ts";
import type { RecentPosts } from "./recent_posts.ts";
import { now } from "../run/clock.ts";
import type { Journal } from "../store/journal.ts";
import type { Quarantine } from "../store/quarantine.ts";
import { subjectHash, type TombstoneReason } from "../raw/tombstone.ts";

/** JSON of the posts of one event, at most; its journal line must stay readable (`land.ts`). */
const MAX_CHARACTERS = 4_000_000;

/** Where a host's stream was read to. */
export interface Position {
  host: string;
  /** The last cursor; events up to it are repetitions. Undefined: the stream's own beginning. */
  cursor: number | undefined;
  /** Time of the event at the cursor, undefined where it is not known. */
  time: string | undefined;
  /** True where the host holds nothing older than its next event. */
  isBeginning?: boolean;
  /** The value to request instead of the cursor, such as a time, until the first event. */
  ask?: number;
}

export interface CollectorOptions {
  position: Position;
  decoder: StreamDecoder;
  /** Does the host leave out unrequested events? Then jumps of the sequence mean nothing. */
  isFiltered?: boolean;
  /** Posts that another host may send again; repeated ones land once. */
  recent?: RecentPosts;
  hashKey: string;
  quarantine: Quarantine;
  /** Called with the name of each `#info`. */
  onInfo?: (name: string) => void;
  /** Of earlier events only what they take back is read: they lead to the start of the window. */
  from?: Date | undefined;
  /** Events from here on are left to the next run. */
  until: Date | undefined;
}

/** The consequence of one frame for the connection. */
export type Verdict = "go_on" | "until_reached" | { error: string };

/** Turns frames of the firehose into journal lines, and counts their content. */
export class Collector {
  cursor: number | undefined;
  events = 0;
  posts = 0;
  deletions = 0;
  repeated = 0;
  /** How often the host began its sequence anew. */
  resets = 0;
  bytes = 0;
  eventTime: string | undefined;
  #host: string;
  /** Time of the event before, where nothing is missing between it and the next. */
  #before: string | undefined;
  #isBeginning: boolean;
  #stretch = 1;
  /** Messages since the last event that could not be read. */
  #unread = 0;
  #pending = nothingYet();
  #owing: JournalLine[] = [];

  constructor(readonly options: CollectorOptions) {
    const { host, cursor, time, isBeginning = false } = options.position;
    this.#host = host;
    this.cursor = cursor;
    this.#before = time;
    this.#isBeginning = isBeginning;
  }

  /** Continue at another host or place. */
  moveTo({ host, cursor, time, isBeginning = false }: Position): void {
    // Counts so far belong to the earlier place; they are written with the next line.
    if (this.#hasPending()) this.#owing.push(this.#line([], []));
    this.#host = host;
    this.cursor = cursor;
    this.#before = time;
    this.#isBeginning = isBeginning;
    this.#stretch++;
  }

  /** Say that the stream leaves something out before its next event. */
  #gap(journal: Journal): void {
    this.mark(journal);
    this.#before = undefined;
    this.#stretch++;
  }

  /** Note a reconnect in the next line. */
  reconnected(): void {
    this.#pending.reconnects++;
  }

  /** Take one message of the socket. */
  take(message: Uint8Array | string, journal: Journal): Verdict {
    const { quarantine, decoder } = this.options;
    for (const line of this.#owing.splice(0)) journal.append({ ...line });
    let frame;
    try {
      frame = decoder.decode(message);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      quarantine.add("malformed_frame", { after: this.cursor, what: error.message }, message);
      this.#unread++;
      return "go_on";
    }
    if (frame.kind === "error") return { error: frame.error };
    if (frame.kind === "info") {
      // Jetstream only reports the second and continues with sequence numbers below ours.
      if (["OutdatedCursor", "FutureCursor"].includes(frame.name)) this.#gap(journal);
      if (frame.name === "FutureCursor") this.cursor = undefined;
      this.#pending.notes.push(frame.name);
      this.options.onInfo?.(frame.name);
      return "go_on";
    }
    const time = new Date(frame.time);
    if (this.cursor !== undefined && frame.seq <= this.cursor) {
      // A repetition is not younger than what came before it; a sequence begun anew is.
      const isReset = this.#before !== undefined && time.getTime() > Date.parse(this.#before);
      if (!isReset) {
        this.repeated++;
        return "go_on";
      }
      this.#gap(journal);
      this.#pending.notes.push("SequenceReset");
      this.resets++;
      this.cursor = undefined;
    }
    if (this.options.until && time >= this.options.until) {
      // Nothing lies between the last event and this one, so the time up to `until` is covered.
      if (this.#before !== undefined && new Date(this.#before) < this.options.until) {
        this.#pending.covered_until = this.options.until.toISOString();
        this.#pending.covered_from ??= this.#before;
        this.eventTime ??= this.#before;
      }
      this.mark(journal);
      return "until_reached";
    }
    const eventTime = time.toISOString();
    if (this.options.from && time < this.options.from) {
      this.cursor = frame.seq;
      this.#before = eventTime;
      // A server may be behind: what its authors took back is gone whatever its date.
      const { tombstones } = this.#readEvent(frame, message, true);
      this.deletions += tombstones.filter(({ reason }) => reason !== "active").length;
      if (tombstones.length > 0) journal.append(this.#unclaimed(eventTime, tombstones));
      return "go_on";
    }
    if (this.eventTime?.slice(0, 16) !== eventTime.slice(0, 16)) this.mark(journal);
    // A message that cannot be read has a sequence number too: the host did not leave it out.
    if (this.cursor !== undefined && this.#before !== undefined && !this.options.isFiltered) {
      this.#pending.skipped += Math.max(0, frame.seq - this.cursor - 1 - this.#unread);
    }
    this.#pending.set_aside += this.#unread;
    this.#unread = 0;
    if (this.#isBeginning && this.#before === undefined) this.#pending.notes.push(BEGINNING);
    this.#isBeginning = false;
    this.#pending.covered_from ??= this.#before ?? eventTime;
    this.#before = eventTime;
    this.cursor = frame.seq;
    this.eventTime = eventTime;
    this.events++;
    this.bytes += message.length;
    this.#pending.first_cursor ??= frame.seq;
    this.#pending.events++;
    this.#pending.bytes += message.length;
    const { posts, tombstones } = this.#readEvent(frame, message, false);
    this.posts += posts.length;
    this.deletions += tombstones.filter(({ reason }) => reason !== "active").length;
    if (posts.length + tombstones.length > 0) journal.append(this.#line(posts, tombstones));
    return "go_on";
  }

  /** Write down how far the stream was read, where no post has said it yet. */
  mark(journal: Journal): void {
    for (const line of this.#owing.splice(0)) journal.append({ ...line });
    if (this.#hasPending()) {
      journal.append(this.#line([], []));
    }
  }

  #hasPending(): boolean {
    const { events, reconnects, notes, covered_until } = this.#pending;
    const something = events + reconnects + notes.length > 0 || covered_until !== null;
    return something && this.eventTime !== undefined;
  }

  /** Read what an event brings; before the window only what it takes back. */
  #readEvent(
    event: StreamCommit | Account | OtherEvent,
    message: Uint8Array | string,
    isBefore: boolean,
  ) {
    if (event.kind === "commit") return this.#readCommit(event, message, isBefore);
    return { posts: [], tombstones: this.#readAccount(event, isBefore) };
  }

  #readCommit(commit: StreamCommit, message: Uint8Array | string, isBefore: boolean) {
    const { quarantine } = this.options;
    const posts: Record<string, unknown>[] = [];
    const tombstones: Tombstone[] = [];
    let characters = 0;
    for (const [index, op] of commit.ops.entries()) {
      const { action, collection, rkey, cid } = op;
      if (collection !== POST_COLLECTION) continue;
      const uri = `at://${commit.did}/${collection}/${rkey}`;
      try {
        if (isBefore && action !== "delete") continue;
        if (op.fault !== undefined) {
          quarantine.add("malformed_op", { uri, cursor: commit.seq, what: op.fault }, message);
          continue;
        }
        const version = `${uri} ${commit.rev}`;
        if (action === "delete") {
          // What the revision wrote before goes too, what it writes behind stays.
          const with_rev = !writes(commit.ops.slice(index + 1), rkey) &&
            (writes(commit.ops.slice(0, index), rkey) ||
              this.options.recent?.has(version) === true);
          const tombstone = this.#tombstone(uri, "post", "deleted");
          tombstones.push({ ...tombstone, rev: commit.rev, with_rev });
          continue;
        }
        if (deletes(commit.ops.slice(index + 1), rkey)) continue;
        const record = readPost(this.options.decoder.record(commit, op));
        characters += record.record.length;
        if (characters > MAX_CHARACTERS) throw new RecordError("event_too_large");
        const isNew = this.options.recent?.add(version, Date.parse(commit.time));
        if (isNew === false) {
          this.repeated++;
          continue;
        }
        posts.push({ uri, cid, did: commit.did, rkey, rev: commit.rev, ...record });
      } catch (error) {
        if (!(error instanceof FrameError || error instanceof RecordError)) throw error;
        const reason = error instanceof RecordError ? error.message : "malformed_record";
        const where = { uri, cursor: commit.seq, what: error.message };
        quarantine.add(reason, where, message);
      }
    }
    return { posts, tombstones };
  }

  #readAccount(frame: Account | OtherEvent, isBefore: boolean): Tombstone[] {
    if (frame.kind === "other") {
      if (frame.type === "#sync" && !isBefore) this.#pending.notes.push(frame.type);
      return [];
    }
    const { reason, note } = accountState(frame);
    if (note !== undefined && !isBefore) this.#pending.notes.push(note);
    return reason === undefined ? [] : [this.#tombstone(frame.did, "account", reason)];
  }

  #tombstone(
    subject: string,
    kind: Tombstone["subject_kind"],
    reason: TombstoneReason,
  ): Tombstone {
    const hash = subjectHash(this.options.hashKey, subject);
    return { subject_hash: hash, subject_kind: kind, reason };
  }

  /** A line that claims nothing of what was read. */
  #unclaimed(eventTime: string, tombstones: Tombstone[]): JournalLine & { [key: string]: unknown } {
    return {
      host: this.#host,
      cursor: null,
      stretch: this.#stretch,
      event_time: eventTime,
      seen_at: now().toISOString(),
      ...nothingYet(),
      posts: [],
      tombstones,
    };
  }

  #line(
    posts: Record<string, unknown>[],
    tombstones: Tombstone[],
  ): JournalLine & { [key: string]: unknown } {
    const line = {
      host: this.#host,
      cursor: this.cursor ?? null,
      stretch: this.#stretch,
      event_time: this.eventTime!,
      seen_at: now().toISOString(),
      ...this.#pending,
      posts,
      tombstones,
    };
    this.#pending = nothingYet();
    return line;
  }
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
