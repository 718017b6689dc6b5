import type { StreamFrame } from "../atproto/stream_decoder.ts";
import { subscribe } from "../atproto/subscription.ts";
import { FrameError } from "../atproto/frame.ts";
import { FIRST_TIME_CURSOR } from "../raw/stream_place.ts";
import type { Position } from "./collector_options.ts";
import { lastPosition } from "../raw/land.ts";
import { now } from "../run/clock.ts";
import type { Database } from "../store/duckdb.ts";
import type { DataPaths } from "../store/paths.ts";
import { dialectAt, type StreamSource } from "./stream_source.ts";

/** The first frame that a probe found behind a cursor, and the time there, by many frames. */
export interface Probe {
  seq: number;
  /** Three quarters of the frames are no later than the first, and no earlier than the second. */
  time: number;
  earliest: number;
}

/** A place in a host's stream: behind the cursor lies everything that was written after `time`. */
export interface Place {
  cursor: number;
  /** Undefined at the beginning of what the host holds: it may have held more. */
  time: string | undefined;
}

/** Precision of the place: reading a minute of frames twice costs less than another probe. */
const NEAR_MS = 60_000;
const MOST_PROBES = 40;
/** Frames by which the time at a cursor is judged: one server's clock must not lead us astray. */
export const PROBE_FRAMES = 25;
/** Events of a server's backlog, at most, that do not lead a search astray. */
const LONGEST_BACKLOG = 4096;
/** Silence after which a probe has all that the host holds, before its first frame and after it. */
const [FIRST_MS, NEXT_MS] = [5000, 300];
/** So much of the stream is read twice where hosts change: hosts lie apart by no more. */
const OVERLAP_MS = 10 * 60_000;
/** So much before a time is read too: events of a minute show a silence, and those before an edge the edge. */
const LEAD_MS = 120_000;
/** So far the clocks of two versions of a host may lie apart: so much is read in both. */
export const CHANGE_MS = 60_000;
/** So far behind its oldest event a host of times is entered: by then it may have dropped some. */
const DROPPED_MS = 60_000;

/**
 * Find a cursor at a host from which nothing written at or after `target` is missed.
 *
 * Sequence numbers belong to a host, so on a host that we have no cursor of, the place is found by
 * the `time` of frames: by halving between the oldest frame that it holds and its newest one, a
 * connection and some frames each. Where the host's stream begins after `target`, that is its beginning;
 * where it holds nothing yet, undefined.
 */
export async function findPlace(
  probe: (cursor: number) => Promise<Probe | undefined>,
  target: Date,
): Promise<Place | undefined> {
  let low = await probe(0);
  if (low === undefined) return undefined;
  if (low.time >= target.getTime()) return { cursor: low.seq - 1, time: undefined };
  const oldest = low;
  let step = 1024;
  // The newest sequence number is not known: double the step until the host has nothing behind it.
  let high: Probe | undefined;
  for (let probes = 0; probes < MOST_PROBES; probes++) {
    const next = high === undefined
      ? low.seq + step
      : Math.floor(low.seq + (high.seq - low.seq) / 2);
    const isFound = high !== undefined &&
      (high.seq - low.seq <= 1 || next === low.seq || target.getTime() - low.time <= NEAR_MS);
    if (isFound) {
      const misleading = await findLater(probe, low, oldest, target);
      if (misleading === undefined) break;
      [low, high] = [oldest, misleading];
      continue;
    }
    const found = await probe(next);
    if (found === undefined) high = { seq: next, time: Infinity, earliest: Infinity };
    else if (found.time < target.getTime()) low = found;
    else high = { ...found, seq: Math.min(found.seq, next) };
    step *= 4;
  }
  return { cursor: low.seq, time: new Date(low.earliest).toISOString() };
}

/**
 * Find an event before a place that is not before the target: then the place lies in a backlog that a
 * server sent late.
 */
async function findLater(
  probe: (cursor: number) => Promise<Probe | undefined>,
  place: Probe,
  oldest: Probe,
  target: Date,
): Promise<Probe | undefined> {
  for (let back = 32; place.seq - back > oldest.seq && back <= LONGEST_BACKLOG; back *= 2) {
    const earlier = await probe(place.seq - back);
    if (earlier !== undefined && earlier.time >= target.getTime()) return earlier;
  }
  return undefined;
}

/** Look behind a cursor; undefined where the host has no frame there or refuses the cursor. */
async function firstFrame(
  url: string,
  decode: (message: Uint8Array | string) => StreamFrame,
  signal: AbortSignal,
  namedBy?: string,
): Promise<Probe | undefined> {
  const done = new AbortController();
  let quiet = setTimeout(() => done.abort(), FIRST_MS);
  const times: number[] = [];
  let seq: number | undefined;
  try {
    const messages = subscribe({
      hosts: [url],
      namedBy,
      url: () => url,
      signal: AbortSignal.any([signal, done.signal]),
      onReconnect: () => undefined,
    });
    for await (const message of messages) {
      const frame = readable(decode, message);
      if (frame === undefined) continue;
      if (frame.kind === "error") return undefined;
      if (frame.kind === "info") continue;
      seq ??= frame.seq;
      times.push(Math.min(frame.time, now().getTime()));
      if (times.length === PROBE_FRAMES) break;
      clearTimeout(quiet);
      quiet = setTimeout(() => done.abort(), NEXT_MS);
    }
    if (seq === undefined) return undefined;
    return probeOf(seq, times);
  } finally {
    clearTimeout(quiet);
    done.abort();
  }
}

/** Judge the time behind a cursor by the frames there, at most `PROBE_FRAMES`. */
export function probeOf(seq: number, times: number[]): Probe {
  const sorted = times.toSorted((a, b) => a - b);
  return { seq, time: sorted[(times.length * 3) >> 2]!, earliest: sorted[times.length >> 2]! };
}

/** Decode a frame; undefined where it is malformed, which reading will set aside. */
function readable(
  decode: (message: Uint8Array | string) => StreamFrame,
  message: Uint8Array | string,
): StreamFrame | undefined {
  try {
    return decode(message);
  } catch (error) {
    if (error instanceof FrameError) return undefined;
    throw error;
  }
}

/** From where on a host is to be read. */
export interface Wanted {
  from: Date | undefined;
  /** The time from which on hours are asked for, without a gap up to `from`. */
  earliest?: Date;
  signal: AbortSignal;
}

/**
 * Give where to begin at a host: its own last place, unless `from` is outside of the range read from it.
 *
 * What came before `from` may have been read from another host, which passes on some events sooner or
 * later than this one: ten minutes are read once more, as far as they are asked for.
 */
export async function positionAt(
  { database, paths }: { database: Database; paths: DataPaths },
  source: StreamSource,
  url: string,
  { from, earliest = new Date(0), signal }: Wanted,
): Promise<Position> {
  const { host } = new URL(url);
  const { timeCursor, isTimed = false } = dialectAt(source, url);
  const last = await lastPosition(database, paths, source.name, host);
  if (last !== undefined && !isOfKind(last.cursor, isTimed)) {
    return await placeAfterChange(source, url, new Date(last.time), from, signal);
  }
  // Hosts that number events refuse a number that is too old; for a time, they report the gap.
  const isOld = last && timeCursor !== undefined && !isTimed &&
    Date.parse(last.time) < now().getTime() - source.replayMs;
  if (from === undefined) {
    if (isOld) return await placeAt(source, url, new Date(last.time), signal);
    return { host, cursor: undefined, time: undefined, ...last };
  }
  // A place shortly before `from` will do; otherwise find one nearer to it.
  const near = last && !isOld && Date.parse(last.time) <= from.getTime() &&
    from.getTime() - Date.parse(last.time) < OVERLAP_MS;
  if (near) return { host, ...last, from: later(new Date(last.time), earliest) };
  // What lies before the last place was read from here.
  const isOwn = last !== undefined && Date.parse(last.time) > from.getTime();
  const again = isOwn ? from : later(new Date(from.getTime() - OVERLAP_MS), earliest);
  const place = await placeAt(source, url, again, signal);
  return { ...place, from: again };
}

function later(one: Date, other: Date): Date {
  return one > other ? one : other;
}

/** Is a cursor of the kind that a host has: a time, or the number of an event? */
export function isOfKind(cursor: number, isTimed: boolean): boolean {
  return cursor >= FIRST_TIME_CURSOR === isTimed;
}

/**
 * Give where to begin at a host that spoke another version until `last`; its cursors mean nothing now.
 *
 * Where it is read on from there, what came shortly before is read once more: another clock tells its time.
 */
async function placeAfterChange(
  source: StreamSource,
  url: string,
  last: Date,
  from: Date | undefined,
  signal: AbortSignal,
): Promise<Position> {
  const isContinued = from === undefined ||
    Math.abs(from.getTime() - last.getTime()) < CHANGE_MS;
  if (!isContinued) return await placeAt(source, url, from, signal);
  const earlier = new Date(Math.min(last.getTime(), from?.getTime() ?? Infinity) - CHANGE_MS);
  const place = await placeAt(source, url, earlier, signal);
  return from === undefined ? place : { ...place, from: earlier };
}

/** Give the place at a host before which no event of `from` or later came. */
export async function placeAt(
  source: StreamSource,
  base: string,
  from: Date,
  signal: AbortSignal,
): Promise<Position> {
  const { host } = new URL(base);
  const dialect = dialectAt(source, base);
  const decode = (message: Uint8Array | string) => dialect.decoder.decode(message);
  const probe = (cursor: number) =>
    firstFrame(dialect.url(base, cursor), decode, signal, source.namedBy);
  if (dialect.timeCursor) {
    const ask = dialect.timeCursor(from);
    if (!dialect.isTimed) return { host, cursor: undefined, time: from.toISOString(), ask };
    // Asked for too early a time, such a host begins with its oldest event and says nothing.
    const oldest = await probe(1);
    const isHeld = oldest !== undefined &&
      oldest.seq <= dialect.timeCursor(new Date(from.getTime() - DROPPED_MS));
    const time = isHeld ? from.toISOString() : undefined;
    return { host, cursor: undefined, time, isBeginning: oldest !== undefined && !isHeld, ask };
  }
  const place = await findPlace(probe, new Date(from.getTime() - LEAD_MS));
  return {
    host,
    cursor: place?.cursor,
    time: place?.time,
    isBeginning: place !== undefined && place.time === undefined,
  };
}
