import type { StreamDecoder } from "./atproto/stream_decoder.ts";
import { subscribe } from "./atproto/subscription.ts";
import { Collector, type Position } from "./collector.ts";
import { landLeftovers, landSegment, lastPosition } from "./land.ts";
import { Deadline } from "./deadline.ts";
import { findPlace } from "./place.ts";
import { newestPosts, RecentPosts } from "./recent_posts.ts";
import { now } from "./run/clock.ts";
import type { Context } from "./run/command.ts";
import { UserError } from "./run/error.ts";
import { fillSegment, type SegmentEnd, segmentName } from "./segment.ts";
import type { Database } from "./store/duckdb.ts";
import { Journal } from "./store/journal.ts";
import type { DataPaths } from "./store/paths.ts";
import { Quarantine } from "./store/quarantine.ts";
import { hashKey } from "./store/tombstone.ts";

/** A source that is a stream with cursors. */
export interface StreamSource {
  name: string;
  /** Base URLs, best first. */
  hosts: string[];
  /** Give the URL of a host's stream behind a cursor; without one it begins with what comes next. */
  url(host: string, cursor: number | undefined): string;
  decoder: StreamDecoder;
  /** How far back hosts replay, in milliseconds. */
  replayMs: number;
  /** Does the host leave out what was not asked for? */
  isFiltered?: boolean;
  /** Give the cursor that stands for a time, where the source has such cursors. */
  timeCursor?(time: Date): number;
}

/** What one run takes from the stream. */
export interface Stretch {
  /** Where it begins, where the host was not read that far yet; undefined for wherever it stands. */
  from?: Date;
  /** Events from here on are left to the next run. */
  until?: Date;
  /** Posts after which it ends. */
  limit?: number;
  /** Time after which it ends. */
  ms?: number;
}

/** What a run brought. */
export interface Collected {
  posts: number;
  deletions: number;
  events: number;
  bytes: number;
  repeated: number;
  /** Reconnects by reason. */
  reconnects: Record<string, number>;
  /** What was set aside, by reason. */
  setAside: Record<string, number>;
  lastEvent: string | undefined;
  errors: UserError[];
}

/** How much of the time before a change of hosts is looked through for what comes twice. */
const OVERLAP_MS = 10 * 60_000;

/**
 * Read a stretch of a stream into the journal and land it.
 *
 * Goes on where the source was read to at a host; at a host that it was not, the place is found by
 * the time of frames. What was received is durable and landed when this returns. Throws where no
 * host ever answered, where one ends the stream for good, and where the disk is full.
 */
export async function collectStretch(
  context: Context,
  source: StreamSource,
  stretch: Stretch,
  onProgress: (collector: Collector, started: number) => void,
): Promise<Collected> {
  const { paths, database, progress } = context;
  const { errors, ...landed } = await landLeftovers(database, paths, source.name);
  const quarantine = new Quarantine(paths, source.name);
  const end = new AbortController();
  const signal = AbortSignal.any([context.signal, end.signal]);
  const started = performance.now();
  const reconnects: Record<string, number> = {};
  let host = source.hosts[0]!;
  let position = await positionAt(database, paths, source, host, stretch.from, signal);
  const moveTo = (next: Position) => collector.moveTo(position = next);
  const collector = new Collector({
    position,
    recent: new RecentPosts(await newestPosts(database, paths, source.name)),
    decoder: source.decoder,
    isFiltered: source.isFiltered,
    hashKey: await hashKey(paths),
    quarantine,
    from: stretch.from,
    until: stretch.until,
  });
  const deadline = new Deadline(stretch, end);
  let answered = false;
  const open = () =>
    subscribe({
      hosts: [host, ...source.hosts.filter((other) => other !== host)],
      async url(next) {
        if (next !== host) {
          host = next;
          progress.say(`going on at ${new URL(host).host}`);
          const reached = collector.eventTime ?? position.time;
          const from = reached === undefined ? stretch.from : new Date(reached);
          moveTo(await positionAt(database, paths, source, host, from, signal));
        }
        return source.url(host, collector.cursor ?? position.ask);
      },
      signal,
      onConnect() {
        answered = true;
        deadline.connected();
      },
      onReconnect(seconds, { kind, reason }) {
        deadline.disconnected();
        reconnects[kind] = (reconnects[kind] ?? 0) + 1;
        collector.reconnected();
        progress.say(`${reason}; waiting ${seconds.toFixed(0)} s before connecting again`);
      },
    });
  let messages = open();
  try {
    let refused = 0;
    for (let number = 1, state: SegmentEnd = "full"; state !== "done"; number++) {
      const journal = await Journal.create(paths.journal(source.name), segmentName(host, number));
      try {
        state = await fillSegment(journal, {
          messages,
          collector,
          quarantine,
          limit: stretch.limit,
          onWait: (isWaiting) => deadline.waits(isWaiting),
          onMessage: () => onProgress(collector, started),
          stop: () => end.abort(),
        });
      } finally {
        journal.close();
      }
      if (journal.bytes > 0) {
        const { posts, tombstones } = await landSegment(database, paths, source.name, journal.path);
        landed.posts += posts;
        landed.tombstones += tombstones;
        refused = 0;
      }
      if (typeof state !== "object") continue;
      // The stream is over, whether or not the host closes the connection.
      await messages.return();
      if (++refused > 1) throw streamEnded(host, state.error);
      reconnects[state.error] = (reconnects[state.error] ?? 0) + 1;
      await recover(state.error);
      messages = open();
    }
  } finally {
    deadline.stop();
    await messages.return();
  }

  /** Go on after an error with which the host ended the stream, where going on makes sense. */
  async function recover(error: string): Promise<void> {
    if (error === "FutureCursor" || error === "CursorTooOld") {
      progress.say(`${new URL(host).host} does not know our place (${error}); finding it by time`);
      const time = collector.eventTime ??
        (await lastPosition(database, paths, source.name, new URL(host).host))?.time;
      const from = time ? new Date(time) : stretch.from ?? now();
      moveTo(await placeAt(source, host, from, signal));
    } else if (error === "ConsumerTooSlow") {
      progress.say(`${new URL(host).host} found us too slow; going on where it stopped`);
    } else throw streamEnded(host, error);
  }

  if (!answered && !context.signal.aborted) errors.push(noAnswer(source));
  if (collector.resets > 0) {
    context.warn(`sequence numbers of ${new URL(host).host} fell back ${collector.resets} times`);
  }
  return {
    posts: landed.posts,
    deletions: landed.tombstones,
    events: collector.events,
    bytes: collector.bytes,
    repeated: collector.repeated,
    reconnects,
    setAside: quarantine.counts,
    lastEvent: collector.eventTime,
    errors,
  };
}

/** Give where to begin at a host: its own last place, unless `from` lies in what it was not asked. */
async function positionAt(
  database: Database,
  paths: DataPaths,
  source: StreamSource,
  url: string,
  from: Date | undefined,
  signal: AbortSignal,
): Promise<Position> {
  const { host } = new URL(url);
  const known = await lastPosition(database, paths, source.name, host);
  // Some hosts refuse a cursor that is too old; then the time is a better question.
  const reachable = now().getTime() - source.replayMs;
  const last = known && (source.timeCursor === undefined || Date.parse(known.time) > reachable)
    ? known
    : undefined;
  if (from === undefined) return { host, cursor: last?.cursor, time: last?.time };
  // A place before `from` is good as it is where little lies between, else a place nearer to it.
  const near = last && Date.parse(last.time) <= from.getTime() &&
    from.getTime() - Date.parse(last.time) < OVERLAP_MS;
  if (near) return { host, cursor: last.cursor, time: last.time };
  return await placeAt(source, url, from, signal);
}

async function placeAt(
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
  const place = await findPlace(url, (message) => source.decoder.decode(message), from, signal);
  return { host, cursor: place?.cursor, time: place?.time };
}

function noAnswer({ name, hosts }: StreamSource): UserError {
  return new UserError(
    `collect from ${name}`,
    `${hosts.map((host) => new URL(host).host).join(", ")} did not answer while the run lasted`,
    "Check the address and the network, then run the task again",
  );
}

function streamEnded(host: string, error: string): UserError {
  return new UserError(
    `read ${host}`,
    `the host ended the stream with ${error}`,
    error === "FutureCursor"
      ? "It was reset or replaced: name another host, or wait until it is back"
      : "Run the task again; it goes on where this run ended",
  );
}
