/** When a post was written: what its server says, as far as its place in the stream allows it. */
import type { Placed } from "./stream_clock.ts";

/** How far ahead of the stream a post can be; the days of posts allow as much. */
const AHEAD_MS = 10 * 60_000;
/** Characters of a time like 2026-06-01T00:00:00.000Z. */
const ISO_LENGTH = 24;

/** When a post was written, and what its server said where that is something else. */
export interface PostTime {
  event_time: string;
  event_time_sent: string | null;
}

/**
 * Give the time of a post: what its server `sent`, as far as the stretch can have brought it, and what
 * was sent where that is something else.
 *
 * `since` is the earliest time of the stretch, in milliseconds since 1970.
 */
export function postTimeOf(
  sent: string,
  { time, isSure, isFirst }: Omit<Placed<unknown>, "item">,
  now: () => Date,
  since: number,
): PostTime {
  const written = Date.parse(sent);
  const latest = isSure ? time + AHEAD_MS : now().getTime();
  const earliest = isFirst ? -Infinity : Math.min(since, time);
  const kept = Math.max(earliest, Math.min(latest, written));
  if (kept !== written) return { event_time: iso(kept), event_time_sent: iso(written) };
  // Most servers write what we would.
  const isWhole = sent.length === ISO_LENGTH && sent.endsWith("Z");
  return { event_time: isWhole ? sent : iso(written), event_time_sent: null };
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
