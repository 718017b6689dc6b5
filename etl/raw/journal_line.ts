import { now } from "../run/clock.ts";
import type { TombstoneReason } from "./tombstone.ts";

/** A row of `raw/tombstones`, without the values of its line. */
export interface Tombstone {
  subject_hash: string;
  subject_kind: "post" | "account";
  reason: TombstoneReason;
  /** Of a post that its author deleted: the revision of the repository. */
  rev?: string;
  /** Is the version of this revision removed too? It is not where the post was then written anew. */
  with_rev?: boolean;
}

/**
 * One journal line: one event with all its posts and deletions, so that a torn line never splits an event.
 *
 * `event_time` is the time of the stream; posts have times of their own. `events` and `bytes` count
 * what was received since the line before, all in the minute of `event_time`. A line without posts and tombstones only moves the cursor.
 */
export interface JournalLine {
  host: string;
  /** Null for sources without one. */
  cursor: number | null;
  /** The first cursor after the line before; as `cursor` where it is absent or null. */
  first_cursor?: number | null;
  /** Null for imports, which have no event. */
  event_time: string | null;
  /** The time from which the stream was read up to this line without a gap. */
  covered_from?: string | null;
  /** The time up to which the stream was read, if later than the last event. */
  covered_until?: string | null;
  /** Counts the gaps of the segment, so that no gap is hidden within a minute. */
  stretch?: number;
  /** Sequence numbers that the stream left out since the line before. */
  skipped?: number;
  /** Messages since the line before that could not be read. */
  set_aside?: number;
  seen_at: string;
  events: number;
  bytes: number;
  reconnects: number;
  notes: string[];
  /** Raw rows, without the columns that stand in the line; `event_time` may be given again. */
  posts: Record<string, unknown>[];
  tombstones: Tombstone[];
}

/** Give the counts of a line that nothing was received for yet. */
export function nothingYet() {
  return {
    first_cursor: null as number | null,
    covered_from: null as string | null,
    covered_until: null as string | null,
    skipped: 0,
    set_aside: 0,
    events: 0,
    bytes: 0,
    reconnects: 0,
    notes: [] as string[],
  };
}

/** Give the line of posts that came together and without a cursor; an import has no host and no event. */
export function postsLine(
  posts: Record<string, unknown>[],
  host = "",
  event_time: string | null = null,
) {
  return {
    host,
    cursor: null,
    event_time,
    seen_at: now().toISOString(),
    events: posts.length,
    bytes: 0,
    reconnects: 0,
    notes: [],
    posts,
    tombstones: [],
  } satisfies JournalLine;
}

/** Note where a host's replay begins: earlier events are no longer available from it. */
export const BEGINNING = "BeginningOfReplay";
/** Note where too few events came behind a gap to tell the time: it is found anew by what comes next. */
export const UNPROVEN = "UnprovenTime";
/** Note a host that speaks version 1 of Jetstream: it numbers nothing, so that no loss can be seen. */
export const JETSTREAM_V1_NOTE = "JetstreamV1";
