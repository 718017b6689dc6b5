import {
  BEGINNING,
  type JournalLine,
  nothingYet,
  type Tombstone,
  UNPROVEN,
} from "../raw/journal_line.ts";
import { FrameError } from "../atproto/frame.ts";
import type { CollectorOptions, Position, Spoken } from "./collector_options.ts";
import {
  contentOf,
  type Event,
  type PostTime,
  postTimeOf,
  type ReadEvent,
  readEvent,
} from "./event_content.ts";
import { type Placed, type Stop, StreamClock } from "./stream_clock.ts";
import { type HeldEvent, NOTHING_BEFORE } from "./held_event.ts";
import { FallenSequence } from "./fallen_sequence.ts";
import { OwnClock } from "./own_clock.ts";
import { TimedEvents } from "./timed_events.ts";
import { UnreadMessages } from "./unread_messages.ts";
import type { Verdict } from "./verdict.ts";
import { coarseClock, isoTime } from "../run/clock.ts";
import type { Journal } from "../store/journal.ts";

/** So much earlier than before the time at the cursor of a stretch's end can be judged. */
const CURSOR_MS = 10 * 60_000;
/** A host that leaves out more numbers than these may have left out any time. */
const MOST_SKIPPED = 8;
/** Note where a stream that is never silent was. */
const SILENCE = "Silence";
/** Note, and `#info` of hosts, where a host no longer has the events after a cursor. */
const OUTDATED = "OutdatedCursor";
/** What a host says whose numbers have not come as far as our cursor: its sequence began anew. */
export const FUTURE = "FutureCursor";

/**
 * Turns frames of a stream into journal lines, and counts their content.
 *
 * The time of a line is that of the stream (`StreamClock`), whatever its event says: by it a stretch
 * begins and ends, and coverage is counted. Between two places of the stream everything is taken.
 */
export class Collector {
  /** Of the last event that was taken. */
  cursor: number | undefined;
  events = 0;
  posts = 0;
  deletions = 0;
  repeated = 0;
  /** How often the host began its sequence anew. */
  resets = 0;
  bytes = 0;
  #clock!: StreamClock<HeldEvent>;
  #ownClock!: OwnClock;
  #spoken!: Spoken;
  /** Where cursors are times. */
  #timed: TimedEvents | undefined;
  #host!: string;
  #from: Date | undefined;
  #untilCursor: number | undefined;
  /** Of the last event that came. */
  #lastSeq: number | undefined;
  #next = NOTHING_BEFORE;
  readonly #unread = new UnreadMessages();
  /** Events that came with a sequence number at or below the last. */
  #fallen!: FallenSequence<{ event: Event; message: Uint8Array | string }>;
  /** Time of the stream at the last event that was taken, in milliseconds since 1970. */
  #taken: number | undefined;
  /** The same at the event before, where nothing is missing between it and the next. */
  #before: number | undefined;
  /** Is the beginning of the window known too badly to claim anything from there? */
  #isUnsettled!: boolean;
  /** The earliest time that a post of this stretch can have. */
  #since: number | undefined;
  #isBeginning!: boolean;
  /** Do too few events behind a gap tell the time at the last one? */
  #isUnproven!: boolean;
  #stretch = 1;
  #pending = nothingYet();
  #owing: JournalLine[] = [];
  /** Our own clock, to a tenth of a second. */
  #now: () => number;

  constructor(readonly options: CollectorOptions) {
    const clock = options.now ?? coarseClock();
    this.#now = () => clock().getTime();
    this.#enter(options.position, options.dialect);
  }

  /** Continue at another host or place; what is held is left to be read there. */
  moveTo(position: Position, dialect: Spoken = this.#spoken): void {
    // Counts so far belong to the earlier place; they are written with the next line.
    if (this.#hasPending()) this.#owing.push(this.#line([], []));
    this.#enter(position, dialect);
    this.#stretch++;
  }

  #enter(position: Position, dialect: Spoken): void {
    const { host, cursor, time, minuteEvents, untilCursor } = position;
    const { isBeginning = false, isUnproven = false } = position;
    this.#isUnproven = isUnproven;
    this.#spoken = dialect;
    this.#timed = dialect.isTimed ? new TimedEvents(cursor) : undefined;
    this.#from = position.from ?? this.options.from;
    this.#host = host;
    this.#untilCursor = untilCursor;
    this.cursor = this.#lastSeq = cursor;
    this.#fallen = new FallenSequence();
    this.#ownClock = new OwnClock();
    this.#next = NOTHING_BEFORE;
    this.#unread.clear();
    this.#before = time === undefined ? undefined : Date.parse(time);
    const edges = [this.#from, this.options.until].flatMap((edge) => edge?.getTime() ?? []);
    // Hosts that take times for cursors date their events themselves.
    const isOneClock = dialect.timeCursor !== undefined;
    this.#clock = new StreamClock(this.#before, { edges, minuteEvents, isOneClock });
    this.#since = this.#before;
    this.#isUnsettled = time === undefined || isUnproven;
    if (isUnproven) {
      this.#clock.skip();
      this.#before = undefined;
    }
    this.#isBeginning = isBeginning;
  }

  /** The time of the stream at the last event that was taken. */
  get eventTime(): string | undefined {
    return this.#taken === undefined ? undefined : isoTime(this.#taken);
  }

  /** The cursor of the last event that came. */
  get received(): number | undefined {
    return this.#lastSeq;
  }

  /** Note a reconnect in the next line. */
  reconnected(): void {
    this.#pending.reconnects++;
    this.#timed?.resumed();
    this.#unread.resumed();
  }

  /** Take one message of the socket. */
  take(message: Uint8Array | string, journal: Journal): Verdict {
    const { quarantine } = this.options;
    for (const line of this.#owing.splice(0)) journal.append({ ...line });
    let frame;
    try {
      frame = this.#spoken.decoder.decode(message);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      if (this.#unread.add(message)) {
        quarantine.add("malformed_frame", { after: this.#lastSeq, what: error.message }, message);
      } else this.repeated++;
      return "go_on";
    }
    if (frame.kind === "error") return { error: frame.error };
    if (frame.kind === "info") {
      // Jetstream goes on at its present, with numbers below ours: what it has of the time before is not asked for.
      if (frame.name === FUTURE) return { error: FUTURE };
      this.#inform(frame.name);
      return "go_on";
    }
    if (this.#timed) {
      const succession = this.#timed.judge(frame.seq, message);
      if (succession === "after_gap") this.#inform(OUTDATED);
      if (succession === "again") this.repeated++;
      return succession === "again" ? "go_on" : this.#hold(frame, message, journal);
    }
    if (this.#lastSeq !== undefined && frame.seq <= this.#lastSeq) {
      return this.#judgeFallen(frame, message, journal);
    }
    this.repeated += this.#fallen.clear();
    return this.#hold(frame, message, journal);
  }

  #inform(name: string): void {
    this.#note(name, this.#next.isAfterGap || name === OUTDATED);
    this.options.onInfo?.(name);
  }

  #note(note: string, isAfterGap: boolean): void {
    this.#next = { ...this.#next, isAfterGap, notes: [...this.#next.notes, note] };
  }

  /** Place what is held, as the stream pauses or ends, and write it down. */
  settle(journal: Journal, why: Stop): Verdict {
    const doubt = this.#ownClock.judge(this.#clock.time === undefined, why === "end");
    if (doubt !== undefined) return doubt;
    return this.#takeAll(this.#clock.flush(why), journal);
  }

  /** Write down how far the stream was read, where no post has said it yet. */
  mark(journal: Journal): void {
    for (const line of this.#owing.splice(0)) journal.append({ ...line });
    if (this.#hasPending()) journal.append(this.#line([], []));
  }

  #judgeFallen(event: Event, message: Uint8Array | string, journal: Journal): Verdict {
    const judged = this.#fallen.add({ event, message }, this.#clock.newest);
    if (judged === undefined) return "go_on";
    if (!judged.isAnew) {
      this.repeated += judged.fallen.length;
      return "go_on";
    }
    this.resets++;
    this.#lastSeq = this.#untilCursor = undefined;
    this.#note("SequenceReset", true);
    for (const { event, message } of judged.fallen) {
      const verdict = this.#hold(event, message, journal);
      if (verdict !== "go_on") return verdict;
    }
    return "go_on";
  }

  #hold(event: Event, message: Uint8Array | string, journal: Journal): Verdict {
    const { isAfterGap, notes } = this.#next;
    const setAside = this.#unread.count;
    const jump = this.#lastSeq === undefined || isAfterGap || this.options.isFiltered
      ? 0
      : event.seq - this.#lastSeq - 1;
    const skipped = Math.max(0, jump - setAside);
    const read = readEvent(event, message, this.#spoken.decoder);
    const held = { ...read, skipped, setAside, isAfterGap, notes };
    this.#next = NOTHING_BEFORE;
    this.#unread.clear();
    this.#lastSeq = event.seq;
    if (isAfterGap || skipped > MOST_SKIPPED) {
      // Across a gap nothing confirms anything, and events from both sides judge no time.
      const verdict = this.settle(journal, "end");
      if (verdict !== "go_on") return verdict;
      this.#clock.skip();
      this.#isUnsettled = true;
    }
    const received = this.#now();
    this.#clock.push(held, event.time, received);
    this.#ownClock.compare(event.time, received);
    const doubt = this.#ownClock.judge(this.#clock.time === undefined);
    if (doubt !== undefined) return doubt;
    for (let placed; (placed = this.#clock.place()) !== undefined;) {
      const verdict = this.#takePlaced(placed, journal);
      if (verdict !== "go_on") return verdict;
    }
    return "go_on";
  }

  #takeAll(placed: Placed<HeldEvent>[], journal: Journal): Verdict {
    for (const each of placed) {
      const verdict = this.#takePlaced(each, journal);
      if (verdict !== "go_on") return verdict;
    }
    return "go_on";
  }

  #takePlaced(placed: Placed<HeldEvent>, journal: Journal): Verdict {
    const { item, isAfterSilence, isBeginning } = placed;
    const { event, bytes, skipped, setAside, notes } = item;
    const until = this.options.until?.getTime() ?? Infinity;
    // Nothing before the cursor at the end is later than the end.
    const time = Math.min(placed.time, until);
    const from = this.#from?.getTime();
    if (item.isAfterGap || isAfterSilence || isBeginning || skipped > 0) this.#gap(journal);
    if (isAfterSilence) this.#pending.notes.push(SILENCE);
    if (notes.length > 0) this.#pending.notes.push(...notes);
    this.#isUnproven = placed.isUnproven;
    if (this.#isReached(event.seq, time, until)) {
      // Nothing lies between the last event and this one, so the time up to `until` is covered.
      const isBefore = from !== undefined && time < from;
      const since = this.#isUnproven ? until : this.#coveredFrom(until, placed.isLeap || isBefore);
      if (since < until) {
        this.#pending.covered_until = isoTime(until);
        this.#pending.covered_from ??= isoTime(since);
        this.#taken ??= since;
      }
      this.mark(journal);
      return "until_reached";
    }
    const isLeading = from !== undefined && this.#before !== undefined && this.#before < from;
    const isUnsure = isLeading && placed.isLeap;
    if (from !== undefined && (time < from || isUnsure)) {
      this.cursor = event.seq;
      if (time < from) this.#before = time;
      else this.#isUnsettled = true;
      // Posts before the window are left out; what was taken back is gone all the same.
      const { tombstones } = this.#contentOf(item, undefined);
      this.deletions += tombstones.filter(({ reason }) => reason !== "active").length;
      if (tombstones.length > 0) journal.append(this.#unclaimed(isoTime(time), tombstones));
      return "go_on";
    }
    if (minuteOf(this.#taken ?? -Infinity) !== minuteOf(time)) this.mark(journal);
    this.#pending.skipped += skipped;
    this.#pending.set_aside += setAside;
    if (this.#isBeginning && this.#before === undefined) this.#pending.notes.push(BEGINNING);
    this.#isBeginning = false;
    this.#since ??= time;
    this.#pending.covered_from ??= isoTime(this.#coveredFrom(time, placed.isLeap));
    this.#before = this.#taken = time;
    this.cursor = event.seq;
    this.events++;
    this.bytes += bytes;
    this.#pending.first_cursor ??= event.seq;
    this.#pending.events++;
    this.#pending.bytes += bytes;
    const postTime = () =>
      postTimeOf(event.time, placed, Math.max(this.#since!, from ?? -Infinity));
    const { posts, tombstones } = this.#contentOf(item, postTime);
    this.posts += posts.length;
    this.deletions += tombstones.filter(({ reason }) => reason !== "active").length;
    if (posts.length + tombstones.length > 0) journal.append(this.#line(posts, tombstones));
    return this.posts >= (this.options.limit ?? Infinity) ? "limit_reached" : "go_on";
  }

  /** Is an event behind the end of the stretch: by the cursor there, where that is known, or by time? */
  #isReached(seq: number, time: number, until: number): boolean {
    const cursor = this.#untilCursor;
    // Events of one microsecond have one cursor: the time tells which of them were read before.
    if (cursor === undefined || this.#timed && seq === cursor) return time >= until;
    // A host that began its sequence anew may have given the cursor to an earlier event.
    return seq >= cursor && time >= until - CURSOR_MS;
  }

  /**
   * Give the time from which on nothing is missing before an event at `time`.
   *
   * Nothing is claimed of what leads to `from`; where the time leaps over it, nothing before the event.
   */
  #coveredFrom(time: number, isLeap: boolean): number {
    const before = this.#before;
    if (before === undefined) return time;
    const from = this.#from?.getTime();
    if (from === undefined || before >= from) return before;
    return isLeap || this.#isUnsettled ? time : from;
  }

  /** Say that the stream leaves something out before its next event. */
  #gap(journal: Journal): void {
    this.mark(journal);
    this.#before = undefined;
    this.#stretch++;
  }

  #hasPending(): boolean {
    const { events, reconnects, notes, covered_until } = this.#pending;
    const something = events + reconnects + notes.length > 0 || covered_until !== null;
    return something && this.#taken !== undefined;
  }

  /** Tell what an event brings; without a time of its posts, only what it takes back. */
  #contentOf(read: ReadEvent, time: (() => PostTime) | undefined) {
    const content = contentOf(read, time, this.#clock.time!, this.options);
    if (time !== undefined) this.#pending.notes.push(...content.notes);
    this.repeated += content.repeated;
    return content;
  }

  /** A line that claims nothing of what was read. */
  #unclaimed(at: string, tombstones: Tombstone[]): JournalLine & { [key: string]: unknown } {
    return {
      host: this.#host,
      cursor: null,
      stretch: this.#stretch,
      event_time: at,
      seen_at: isoTime(this.#now()),
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
      event_time: isoTime(this.#taken!),
      seen_at: isoTime(this.#now()),
      ...this.#pending,
      notes: this.#pending.notes.concat(
        this.#spoken.note ?? [],
        this.#isUnproven ? UNPROVEN : [],
      ),
      posts,
      tombstones,
    };
    this.#pending = nothingYet();
    return line;
  }
}

function minuteOf(milliseconds: number): number {
  return Math.floor(milliseconds / 60_000);
}
