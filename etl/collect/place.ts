import type { StreamFrame } from "../atproto/stream_decoder.ts";
import { subscribe } from "../atproto/subscription.ts";
import type { Position } from "./collector.ts";
import { lastPosition } from "../raw/land.ts";
import { now } from "../run/clock.ts";
import type { Database } from "../store/duckdb.ts";
import type { DataPaths } from "../store/paths.ts";
import type { StreamSource } from "./stream_source.ts";

/** The first frame that a probe found behind a cursor. */
interface Probe {
  seq: number;
  time: number;
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
/** How far before a change of hosts repeated posts are looked for. */
const OVERLAP_MS = 10 * 60_000;

/**
 * Find a cursor at a host from which nothing written at or after `target` is missed.
 *
 * Sequence numbers belong to a host, so on a host that we have no cursor of, the place is found by
 * the `time` of frames: by halving between the oldest frame that it holds and its newest one, a
 * connection and a frame each. Where the host's stream begins after `target`, that is its beginning;
 * where it holds nothing yet, undefined.
 */
export async function findPlace(
  url: (cursor: number | undefined) => string,
  decode: (message: Uint8Array | string) => StreamFrame,
  target: Date,
  signal: AbortSignal,
  namedBy?: string,
): Promise<Place | undefined> {
  const probe = (cursor: number) => firstFrame(url(cursor), decode, signal, namedBy);
  let low = await probe(0);
  if (low === undefined) return undefined;
  if (low.time >= target.getTime()) return { cursor: low.seq - 1, time: undefined };
  let step = 1024;
  // The newest sequence number is not known: double the step until the host has nothing behind it.
  let high: Probe | undefined;
  for (let probes = 0; probes < MOST_PROBES; probes++) {
    const next = high === undefined
      ? low.seq + step
      : Math.floor(low.seq + (high.seq - low.seq) / 2);
    if (high !== undefined && (high.seq - low.seq <= 1 || next === low.seq)) break;
    if (target.getTime() - low.time <= NEAR_MS && high !== undefined) break;
    const found = await probe(next);
    if (found === undefined) high = { seq: next, time: Infinity };
    else if (found.time < target.getTime()) low = found;
    else high = { seq: Math.min(found.seq, next), time: found.time };
    step *= 4;
  }
  return { cursor: low.seq, time: new Date(low.time).toISOString() };
}

/** Give the first frame behind a cursor, undefined where the host has none or refuses the cursor. */
async function firstFrame(
  url: string,
  decode: (message: Uint8Array | string) => StreamFrame,
  signal: AbortSignal,
  namedBy?: string,
): Promise<Probe | undefined> {
  const done = new AbortController();
  const quiet = setTimeout(() => done.abort(), 5000);
  try {
    const messages = subscribe({
      hosts: [url],
      namedBy,
      url: () => url,
      signal: AbortSignal.any([signal, done.signal]),
      onReconnect: () => undefined,
    });
    for await (const message of messages) {
      const frame = decode(message);
      if (frame.kind === "error") return undefined;
      if (frame.kind !== "info") return { seq: frame.seq, time: Date.parse(frame.time) };
    }
    return undefined;
  } finally {
    clearTimeout(quiet);
    done.abort();
  }
}

/** Give where to begin at a host: its own last place, unless `from` is outside of the range read from it. */
export async function positionAt(
  database: Database,
  paths: DataPaths,
  source: StreamSource,
  url: string,
  from: Date | undefined,
  signal: AbortSignal,
): Promise<Position> {
  const { host } = new URL(url);
  const last = await lastPosition(database, paths, source.name, host);
  // Hosts with cursors of time refuse a number that is too old; for a time, they report the gap.
  const isOld = last && source.timeCursor !== undefined &&
    Date.parse(last.time) < now().getTime() - source.replayMs;
  if (from === undefined) {
    if (isOld) return await placeAt(source, url, new Date(last.time), signal);
    return { host, cursor: last?.cursor, time: last?.time };
  }
  // A place shortly before `from` will do; otherwise find one nearer to it.
  const near = last && !isOld && Date.parse(last.time) <= from.getTime() &&
    from.getTime() - Date.parse(last.time) < OVERLAP_MS;
  if (near) return { host, cursor: last.cursor, time: last.time };
  return await placeAt(source, url, from, signal);
}

/** Give the place at a host before which no event of `from` or later came. */
export async function placeAt(
  source: StreamSource,
  base: string,
  from: Date,
  signal: AbortSignal,
): Promise<Position> {
  const { host } = new URL(base);
  if (source.timeCursor) {
    const ask = source.timeCursor(from);
    return { host, cursor: undefined, time: from.toISOString(), ask };
  }
  const url = (cursor: number | undefined) => source.url(base, cursor);
  const decode = (message: Uint8Array | string) => source.decoder.decode(message);
  const place = await findPlace(url, decode, from, signal, source.namedBy);
  return {
    host,
    cursor: place?.cursor,
    time: place?.time,
    isBeginning: place !== undefined && place.time === undefined,
  };
}
