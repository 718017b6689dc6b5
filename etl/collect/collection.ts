import { SUBSCRIBE } from "../atproto/jetstream_v1.ts";
import { subscribe } from "../atproto/subscription.ts";
import { Collector, FUTURE } from "./collector.ts";
import type { Position } from "./collector_options.ts";
import { firstCursorAt, landSegment, lastPosition } from "../raw/land.ts";
import { Deadline } from "./deadline.ts";
import { CHANGE_MS, isOfKind, placeAt, positionAt } from "./place.ts";
import { newestPosts, RecentPosts } from "./recent_posts.ts";
import { now } from "../run/clock.ts";
import { duration } from "../run/duration.ts";
import type { Context } from "../command/command.ts";
import { UserError } from "../run/error.ts";
import { fillSegment, type SegmentEnd, segmentName } from "./segment.ts";
import { Journal } from "../store/journal.ts";
import { Quarantine } from "../store/quarantine.ts";
import { hashKey } from "../raw/tombstone.ts";
import { dialectAt, type StreamSource } from "./stream_source.ts";

/** The part of the stream that one run reads. */
export interface Stretch {
  /** Where it begins, if the host was not read that far yet; undefined for the host's current place. */
  from?: Date;
  /** The time from which on hours are asked for, without a gap up to `from`. */
  earliest?: Date;
  /** Events from here on are left to the next run. */
  until?: Date;
  /** Posts after which it ends. */
  limit?: number;
  /** Time after which it ends. */
  ms?: number;
}

/** The result of a run. */
export interface Collected {
  posts: number;
  deletions: number;
  events: number;
  bytes: number;
  repeated: number;
  /** Reconnects by reason. */
  reconnects: Record<string, number>;
  /** `#info` of hosts, by name. */
  infos: Record<string, number>;
  /** Events set aside, by reason. */
  setAside: Record<string, number>;
  lastEvent: string | undefined;
  errors: UserError[];
}

/**
 * Read a stretch of a stream into the journal and land it.
 *
 * Continues where the source was read to at a host. At a new host, the place is found by
 * the time of frames. Received events are durable and landed when this returns; journals of earlier
 * runs must have landed before. Throws where no host ever answered, where one ends the stream
 * for good, and where the disk is full.
 */
export async function collectStretch(
  context: Context,
  source: StreamSource,
  stretch: Stretch,
  onProgress: (collector: Collector, written: number) => void,
): Promise<Collected> {
  const { paths, database, progress } = context;
  const errors: UserError[] = [];
  const landed = { posts: 0, deletions: 0 };
  const quarantine = new Quarantine(paths, source.name);
  const end = new AbortController();
  const signal = AbortSignal.any([context.signal, end.signal]);
  const reconnects: Record<string, number> = {};
  const infos: Record<string, number> = {};
  let host = source.hosts[0]!;
  const enter = async (url: string, from: Date | undefined): Promise<Position> => {
    const place = await positionAt(context, source, url, { ...stretch, from, signal });
    const { until } = stretch;
    if (until === undefined) return place;
    const cursor = await firstCursorAt(database, paths, source.name, place.host, until);
    const { isTimed = false } = dialectAt(source, url);
    // The other version of the host, or its earlier sequence, has left a cursor that means nothing here.
    const last = await lastPosition(database, paths, source.name, place.host);
    const isKnown = cursor !== undefined && isOfKind(cursor, isTimed) &&
      last !== undefined && cursor <= last.cursor;
    return { ...place, untilCursor: isKnown ? cursor : undefined };
  };
  let position = await enter(host, stretch.from);
  const moveTo = (next: Position) => collector.moveTo(position = next, dialectAt(source, host));
  const collector = new Collector({
    position,
    dialect: dialectAt(source, host),
    recent: new RecentPosts(await newestPosts(database, paths, source.name)),
    isFiltered: source.isFiltered,
    hashKey: await hashKey(paths),
    quarantine,
    onInfo(name) {
      infos[name] = (infos[name] ?? 0) + 1;
      progress.say(explainInfo(new URL(host).host, name));
    },
    from: stretch.from,
    until: stretch.until,
    limit: stretch.limit,
  });
  const deadline = new Deadline(stretch, end);
  let answered = false;
  /** Was the present host found to speak another version than was thought? */
  let isOtherVersion = false;
  /** Where a message came that cannot be taken; it comes again with each connection. */
  let stuckAt: { host: string; cursor: number | undefined } | undefined;
  /** Bytes of the segments before the present one. */
  let written = 0;
  const open = () =>
    subscribe({
      hosts: [host, ...source.hosts.filter((other) => other !== host)],
      namedBy: source.namedBy,
      async url(next) {
        if (next !== host || isOtherVersion) {
          // Where nothing came yet, the place is still to be found.
          const entered = next === host ? undefined : position.time;
          const reached = collector.eventTime ?? entered;
          const again = isOtherVersion ? CHANGE_MS : 0;
          const from = reached === undefined ? stretch.from : new Date(Date.parse(reached) - again);
          if (next !== host) progress.say(`going on at ${new URL(next).host}`);
          host = next;
          isOtherVersion = false;
          moveTo(await enter(host, from));
        }
        return dialectAt(source, host).url(host, collector.received ?? position.ask);
      },
      signal,
      onConnect() {
        answered = true;
        deadline.connected();
      },
      onVersion1() {
        if (source.older === undefined) return false;
        source.olderHosts.add(host);
        isOtherVersion = true;
        progress.say(
          `${new URL(host).host} serves version 1 of Jetstream: reading ${SUBSCRIBE}`,
        );
        return true;
      },
      onReconnect(seconds, { kind, reason }) {
        // A host that no longer knows version 1 may have been renewed.
        if (kind === "rejected" && source.olderHosts.delete(host)) isOtherVersion = true;
        deadline.disconnected();
        if (kind === "too_large") stuckAt = { host, cursor: collector.received };
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
          onWait: (isWaiting) => deadline.waits(isWaiting),
          onMessage: () => onProgress(collector, written + journal.bytes),
          stop: () => end.abort(),
        });
      } finally {
        journal.close();
      }
      written += journal.bytes;
      if (journal.bytes > 0) {
        const { posts, deletions } = await landSegment(database, paths, source.name, journal.path);
        landed.posts += posts;
        landed.deletions += deletions;
        refused = 0;
      }
      if (typeof state !== "object") continue;
      // The stream is over, whether or not the host closes the connection.
      await messages.return();
      if ("behind" in state) throw wrongClock(host, state.behind);
      if (++refused > 1) throw streamEnded(host, state.error);
      reconnects[state.error] = (reconnects[state.error] ?? 0) + 1;
      await recover(state.error);
      messages = open();
    }
  } finally {
    deadline.stop();
    await messages.return();
  }

  /** Continue after an error by which the host ended the stream, where that makes sense. */
  async function recover(error: string): Promise<void> {
    if (error === FUTURE || error === "CursorTooOld") {
      progress.say(
        `${new URL(host).host} does not know our cursor (${error}); finding the place by time`,
      );
      const time = collector.eventTime ??
        (await lastPosition(database, paths, source.name, new URL(host).host))?.time;
      const from = time ? new Date(time) : stretch.from ?? now();
      moveTo(await placeAt(source, host, from, signal));
    } else if (error === "ConsumerTooSlow") {
      progress.say(
        `${new URL(host).host} closed the connection because we read too slowly; going on there`,
      );
    } else throw streamEnded(host, error);
  }

  if (!answered && !context.signal.aborted) errors.push(noAnswer(source));
  if (stuckAt !== undefined && stuckAt.host === host && stuckAt.cursor === collector.received) {
    errors.push(tooLarge(stuckAt));
  }
  if (collector.resets > 0) {
    context.warn(`sequence numbers of ${new URL(host).host} fell back ${collector.resets} times`);
  }
  return {
    posts: landed.posts,
    deletions: landed.deletions,
    events: collector.events,
    bytes: collector.bytes,
    repeated: collector.repeated,
    reconnects,
    infos,
    setAside: quarantine.counts,
    lastEvent: collector.eventTime,
    errors,
  };
}

function explainInfo(host: string, name: string): string {
  if (name === "OutdatedCursor") {
    return `${host} no longer has the events after our cursor (${name}): its next event follows a gap`;
  }
  return `${host} says ${name}`;
}

function noAnswer({ name, hosts, namedBy }: StreamSource): UserError {
  return new UserError(
    `collect from ${name}`,
    `${hosts.map((host) => new URL(host).host).join(", ")} did not answer during the run`,
    `Check the address (${namedBy}) and the network, then run the task again`,
  );
}

function tooLarge({ host, cursor }: { host: string; cursor: number | undefined }): UserError {
  return new UserError(
    `read ${new URL(host).host} past cursor ${cursor ?? "none"}`,
    "it sends a message there that is too large for the protocol",
    "Name another host beside it, or wait until it no longer has that message",
  );
}

function wrongClock(host: string, behind: number): UserError {
  return new UserError(
    `read ${new URL(host).host}`,
    `this machine's clock is ${duration(behind)} behind the times that the host's events have`,
    "Set the clock (timedatectl set-ntp true) and run the task again: what is owed is collected then. " +
      "Where it is right, the host's servers are ahead",
  );
}

function streamEnded(host: string, error: string): UserError {
  return new UserError(
    `read ${host}`,
    `the host ended the stream with ${error}`,
    error === FUTURE
      ? "It was reset or replaced: name another host, or wait until it is back"
      : "Run the task again; it goes on where this run ended",
  );
}
