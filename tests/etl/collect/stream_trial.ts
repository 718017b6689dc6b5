/** Reads an invented stream as cron does, and compares what landed with what coverage claims. */
import assert from "node:assert/strict";
import { Collector } from "../../../etl/collect/collector.ts";
import type { Position } from "../../../etl/collect/collector_options.ts";
import { findPlace, PROBE_FRAMES, probeOf } from "../../../etl/collect/place.ts";
import { RecentPosts } from "../../../etl/collect/recent_posts.ts";
import { mergeSpans, type Span, subtractSpans, totalLength } from "../../../etl/coverage/span.ts";
import { type JournalLine, type Tombstone, UNPROVEN } from "../../../etl/raw/journal_line.ts";
import { utcDay } from "../../../etl/run/clock.ts";
import type { Journal } from "../../../etl/store/journal.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { Quarantine } from "../../../etl/store/quarantine.ts";
import { type Windows, windowsOfDay } from "../../../etl/study/window.ts";
import { randomNumbers } from "../atproto/mutation.ts";
import {
  BEGINNING,
  inventedDecoder,
  type InventedStream,
  inventStream,
  type Kind,
} from "./random_stream.ts";

const [MINUTE, HOUR] = [60_000, 3_600_000];
/** Events at an edge whose place the clock may judge otherwise: those of one of its sides. */
const BLUR = 8;
const FIRST = 51;
const LATE_MS = 2000;

export interface Trial {
  /** Posts between the cursors of claimed stretches that did not land, and posts that landed without a claim. */
  lost: number;
  unclaimed: number;
  /** Posts that were sent within the claimed time and did not land. */
  missing: number;
  /** Posts that landed and were sent outside of the claimed time. */
  outside: number;
  doubled: number;
  posts: number;
  claimedHours: number;
  askedHours: number;
}

/** Invent a stream of a kind, read it every ten minutes, and compare. */
export async function tryStream(seed: number, kind: Kind = {}): Promise<Trial> {
  const stream = inventStream(seed, kind);
  const reader = new StreamReader(stream, seed);
  const random = randomNumbers(seed + 1);
  for (let time = BEGINNING + random(HOUR); time < stream.until + HOUR; time += 10 * MINUTE) {
    // A machine sleeps, now and then.
    if (random(12) === 0) time += random(60) * MINUTE;
    await reader.run(time);
  }
  return reader.compare();
}

interface LandedPost {
  uri: string;
  event_time: string;
  event_time_sent: string | null;
}

const WINDOWS: Windows[] = ["all", { fixed: [11, 13] }, { spread: 12, seed: 1 }, {
  spread: 8,
  seed: 2,
}];

/** Reads an invented stream run by run, and keeps what landing would make of the journal lines. */
export class StreamReader {
  /** Indexes of the events whose posts landed. */
  readonly landed = new Set<number>();
  readonly tombstones: Tombstone[] = [];
  /** Times of posts as they land, and what was sent where that is something else. */
  readonly times = new Map<number, { event_time: string; event_time_sent: string | null }>();
  #claims: Span[] = [];
  /** First and last sequence number of what coverage claims. */
  #ranges: [first: number, last: number][] = [];
  /** The first sequence number that was read from a time on. */
  #starts = new Map<number, number>();
  #doubled = 0;
  /** Index of the first event behind the cursor where a run ended. */
  #ends = new Set<number>();
  #last: { cursor: number; time: string; isUnproven: boolean } | undefined;
  #recent = new RecentPosts();
  readonly windows: Windows;
  readonly since: Date;
  #random: (bound: number) => number;

  constructor(readonly stream: InventedStream, seed: number, windows?: Windows) {
    this.#random = randomNumbers(seed + 2);
    this.windows = windows ?? WINDOWS[this.#random(WINDOWS.length)]!;
    this.since = new Date(BEGINNING);
  }

  /** Collect what is owed, as `sync:firehose` does. */
  async run(present: number): Promise<void> {
    for (let before = Infinity;;) {
      const covered = mergeSpans(this.#claims);
      const open = mergeSpans(this.#asked(present).flatMap((span) => subtractSpans(span, covered)));
      const length = totalLength(open);
      if (length < MINUTE || length >= before) return;
      before = length;
      for (const span of open) await this.#read(span, present);
    }
  }

  #asked(present: number): Span[] {
    return windowsOfDay(this.windows, utcDay(this.since)).flatMap(
      ({ from, until }) => {
        const span = {
          from: new Date(Math.max(from.getTime(), this.since.getTime())),
          until: new Date(Math.min(until.getTime(), present)),
        };
        return span.from < span.until ? [span] : [];
      },
    );
  }

  async #read({ from, until }: Span, present: number): Promise<void> {
    const { events } = this.stream;
    // The host goes on sending while a run reads.
    const available = events.findLastIndex(({ sentAt }) => sentAt <= present + 15_000) + 1;
    const position = await this.#positionAt(from, available, present);
    let clock = present;
    const collector = new Collector({
      position: { ...position, untilCursor: this.#starts.get(until.getTime()) },
      dialect: { decoder: inventedDecoder(this.stream) },
      recent: this.#recent,
      hashKey: "k",
      quarantine: new Quarantine(new DataPaths("none"), "firehose"),
      from,
      until,
      now: () => new Date(clock),
    });
    const lines: JournalLine[] = [];
    const journal = {
      append: (line: unknown) => lines.push(line as JournalLine),
    } as never as Journal;
    let index = position.cursor === undefined ? 0 : position.cursor - 1000 + 1;
    let isOver = false;
    for (; index < available && !isOver; index++) {
      if (events[index]!.isLeftOut) continue;
      clock = Math.max(clock, events[index]!.sentAt);
      isOver = collector.take(String(index), journal) !== "go_on";
      if (!isOver && this.#random(1000) === 0) {
        isOver = collector.settle(journal, "pause") !== "go_on";
      }
    }
    if (!isOver) collector.settle(journal, "end");
    collector.mark(journal);
    this.#land(lines, until);
    if (collector.cursor !== undefined) this.#ends.add(collector.cursor - 1000 + 1);
  }

  async #positionAt(from: Date, available: number, present: number): Promise<Position> {
    const last = this.#last;
    const behind = last === undefined ? -1 : from.getTime() - Date.parse(last.time);
    if (last !== undefined && behind >= 0 && behind < 10 * MINUTE) {
      return { host: "relay", ...last };
    }
    const place = await findPlace((cursor) => {
      const first = Math.max(0, cursor - 1000 + 1);
      const found: { seq: number; time: number }[] = [];
      for (let i = first; i < available && found.length < PROBE_FRAMES; i++) {
        const { event, isLeftOut } = this.stream.events[i]!;
        if (!isLeftOut) found.push({ seq: i + 1000, time: Math.min(event.time, present) });
      }
      const times = found.map(({ time }) => time);
      return Promise.resolve(times.length === 0 ? undefined : probeOf(found[0]!.seq, times));
    }, from);
    return { host: "relay", cursor: place?.cursor, time: place?.time };
  }

  /** What landing makes of lines: coverage, the last place, and rows. */
  #land(lines: JournalLine[], end: Date): void {
    for (const line of lines) {
      this.tombstones.push(...line.tombstones);
      for (const { uri, event_time, event_time_sent } of line.posts as unknown as LandedPost[]) {
        const index = Number(/r(\d+)$/.exec(String(uri))![1]);
        if (this.landed.has(index)) this.#doubled++;
        this.landed.add(index);
        this.times.set(index, { event_time, event_time_sent });
      }
      if (line.cursor === null) continue;
      if (line.events > 0) this.#ranges.push([line.first_cursor ?? line.cursor, line.cursor]);
      const start = Date.parse(line.covered_from ?? line.event_time!);
      const first = Math.min(this.#starts.get(start) ?? Infinity, line.first_cursor ?? Infinity);
      if (first < Infinity) this.#starts.set(start, first);
      const until = [line.event_time!, line.covered_until ?? ""].sort().at(-1)!;
      assert.ok(until <= end.toISOString(), `${until} is claimed, and was not asked for`);
      this.#claims.push({
        from: new Date(line.covered_from ?? line.event_time!),
        until: new Date(until),
      });
      if (this.#last === undefined || until >= this.#last.time) {
        const isUnproven = line.notes.includes(UNPROVEN);
        this.#last = { cursor: Math.max(line.cursor, 0), time: until, isUnproven };
      }
    }
    this.#claims = mergeSpans(this.#claims);
  }

  get claims(): Span[] {
    return this.#claims;
  }

  compare(): Trial {
    const { events } = this.stream;
    const inside = new Uint8Array(events.length);
    const near = new Uint8Array(events.length);
    for (const { from, until } of this.#claims) {
      // What servers write is up to a second and a half older than what the host sends.
      const at = (time: number) => {
        const index = events.findIndex(({ sentAt }) => sentAt >= time);
        return index < 0 ? events.length : index;
      };
      const [first, end] = [from.getTime(), until.getTime()];
      inside.fill(1, this.#away(at(first + LATE_MS), BLUR), this.#away(at(end - LATE_MS), -BLUR));
      near.fill(1, this.#away(at(first - LATE_MS), -BLUR), this.#away(at(end + LATE_MS), BLUR));
    }
    for (const end of this.#ends) near.fill(1, this.#away(end, -BLUR), end);
    // Nothing is claimed of the first events of a host, by which its time is found.
    near.fill(1, 0, FIRST);
    const claimed = new Uint8Array(events.length);
    for (const [first, last] of this.#ranges) claimed.fill(1, first - 1000, last - 1000 + 1);
    let [lost, unclaimed, missing, outside] = [0, 0, 0, 0];
    for (const [index, { event }] of events.entries()) {
      if (event.kind !== "commit") continue;
      const isClaimed = claimed[index] === 1;
      if (isClaimed && !this.landed.has(index)) lost++;
      if (!isClaimed && this.landed.has(index)) unclaimed++;
      if (inside[index] === 1 && !this.landed.has(index)) missing++;
      if (near[index] === 0 && this.landed.has(index)) outside++;
    }
    const asked = mergeSpans(this.#asked(this.stream.until));
    return {
      lost,
      unclaimed,
      missing,
      outside,
      doubled: this.#doubled,
      posts: this.landed.size,
      claimedHours: totalLength(this.#claims) / HOUR,
      askedHours: totalLength(asked) / HOUR,
    };
  }

  /** Go some events on or back from an index, without counting those whose time is wrong. */
  #away(index: number, by: number): number {
    const { events } = this.stream;
    const step = Math.sign(by);
    let left = Math.abs(by);
    for (; left > 0 && index > 0 && index < events.length; index += step) {
      const { sentAt, event } = events[index]!;
      if (Math.abs(event.time - sentAt) < 5000) left--;
    }
    return Math.max(0, Math.min(events.length, index));
  }
}
