import type { StreamFrame } from "./atproto/stream_decoder.ts";
import { subscribe } from "./atproto/subscription.ts";

/** What a probe of a host's stream found behind a cursor. */
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

/** How near the place must be: a minute of frames read twice costs less than another probe. */
const NEAR_MS = 60_000;
const MOST_PROBES = 40;

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
): Promise<Place | undefined> {
  const probe = (cursor: number) => firstFrame(url(cursor), decode, signal);
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
): Promise<Probe | undefined> {
  const done = new AbortController();
  const quiet = setTimeout(() => done.abort(), 5000);
  try {
    const messages = subscribe({
      hosts: [url],
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
