import {
  type Account,
  type Commit,
  decodeFrame,
  FrameError,
  type OtherEvent,
  recordOf,
} from "./atproto/frame.ts";
import { POST_COLLECTION, readPost, RecordError } from "./atproto/post.ts";
import type { JournalLine, Tombstone } from "./land.ts";
import { now } from "./run/clock.ts";
import type { Journal } from "./store/journal.ts";
import type { Quarantine } from "./store/quarantine.ts";
import { subjectHash } from "./store/tombstone.ts";

/** Account states after which nothing of the account may stay. */
const REMOVED = new Set(["deleted", "takendown", "suspended"]);

/** JSON of the posts of one event, at most; its journal line must stay readable (`land.ts`). */
const MAX_CHARACTERS = 4_000_000;

export interface CollectorOptions {
  host: string;
  /** The last cursor that is durable; what does not lie behind it is a repetition. */
  cursor: number | undefined;
  hashKey: string;
  quarantine: Quarantine;
  /** Events from here on are left to the next run. */
  until: Date | undefined;
}

/** What one frame means for the connection. */
export type Verdict = "go_on" | "until_reached" | { error: string };

/** Turns frames of the firehose into journal lines, and counts what they bring. */
export class Collector {
  cursor: number | undefined;
  events = 0;
  posts = 0;
  deletions = 0;
  repeated = 0;
  bytes = 0;
  eventTime: string | undefined;
  #pending = nothingYet();

  constructor(readonly options: CollectorOptions) {
    this.cursor = options.cursor;
  }

  /** Note a reconnect in the next line. */
  reconnected(): void {
    this.#pending.reconnects++;
  }

  /** Take one message of the socket. */
  take(message: Uint8Array | string, journal: Journal): Verdict {
    const { quarantine } = this.options;
    let frame;
    try {
      if (typeof message === "string") throw new FrameError("a text message");
      frame = decodeFrame(message);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      quarantine.add("malformed_frame", { after: this.cursor, what: error.message }, message);
      return "go_on";
    }
    if (frame.kind === "error") return { error: frame.error };
    if (frame.kind === "info") {
      this.#pending.notes.push(frame.name);
      return "go_on";
    }
    if (this.cursor !== undefined && frame.seq <= this.cursor) {
      this.repeated++;
      return "go_on";
    }
    const time = new Date(frame.time);
    if (this.options.until && time >= this.options.until) return "until_reached";
    if (this.eventTime?.slice(0, 16) !== time.toISOString().slice(0, 16)) this.mark(journal);
    this.cursor = frame.seq;
    this.eventTime = time.toISOString();
    this.events++;
    this.bytes += message.length;
    this.#pending.first_cursor ??= frame.seq;
    this.#pending.events++;
    this.#pending.bytes += message.length;
    const { posts, tombstones } = frame.kind === "commit"
      ? this.#readCommit(frame, message as Uint8Array)
      : { posts: [], tombstones: this.#removedAccount(frame) };
    this.posts += posts.length;
    this.deletions += tombstones.length;
    if (posts.length + tombstones.length > 0) journal.append(this.#line(posts, tombstones));
    return "go_on";
  }

  /** Write down how far the stream was read, where no post has said it yet. */
  mark(journal: Journal): void {
    const { events, reconnects, notes } = this.#pending;
    if (events + reconnects + notes.length > 0 && this.eventTime !== undefined) {
      journal.append(this.#line([], []));
    }
  }

  #readCommit(commit: Commit, message: Uint8Array) {
    const posts: Record<string, unknown>[] = [];
    const tombstones: Tombstone[] = [];
    let characters = 0;
    for (const { action, collection, rkey, cid } of commit.ops) {
      if (collection !== POST_COLLECTION) continue;
      const uri = `at://${commit.did}/${collection}/${rkey}`;
      if (action === "delete") {
        tombstones.push(this.#tombstone(uri, "post", "deleted"));
        continue;
      }
      try {
        if (cid === null) throw new FrameError("the op has no CID");
        const record = readPost(recordOf(commit.blocks, cid));
        characters += record.record.length;
        if (characters > MAX_CHARACTERS) throw new RecordError("event_too_large");
        posts.push({ uri, cid, did: commit.did, rkey, rev: commit.rev, ...record });
      } catch (error) {
        if (!(error instanceof FrameError || error instanceof RecordError)) throw error;
        const reason = error instanceof RecordError ? error.message : "malformed_record";
        const where = { uri, cursor: commit.seq, what: error.message };
        this.options.quarantine.add(reason, where, message);
      }
    }
    return { posts, tombstones };
  }

  #removedAccount(frame: Account | OtherEvent): Tombstone[] {
    if (frame.kind !== "account" || frame.active || !REMOVED.has(frame.status ?? "")) return [];
    return [this.#tombstone(frame.did, "account", frame.status!)];
  }

  #tombstone(subject: string, kind: Tombstone["subject_kind"], reason: string): Tombstone {
    const hash = subjectHash(this.options.hashKey, subject);
    return { subject_hash: hash, subject_kind: kind, reason };
  }

  #line(
    posts: Record<string, unknown>[],
    tombstones: Tombstone[],
  ): JournalLine & { [key: string]: unknown } {
    const line = {
      host: this.options.host,
      cursor: this.cursor ?? null,
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

function nothingYet() {
  return {
    first_cursor: null as number | null,
    events: 0,
    bytes: 0,
    reconnects: 0,
    notes: [] as string[],
  };
}
