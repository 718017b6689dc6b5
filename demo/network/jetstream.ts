/** A Jetstream host on 127.0.0.1 that streams given events as version 2 of a real one does. */
import {
  errorMessage,
  type EventKind,
  infoMessage,
  type JetstreamEvent,
  SUBSCRIBE_EVENTS,
} from "./jetstream_event.ts";
import { startStreamServer, type StreamServer, type Subscription } from "./stream_server.ts";
import type { Refusal } from "./websocket.ts";

const PATH = `/xrpc/${SUBSCRIBE_EVENTS}`;
/** From here on a cursor is a time in microseconds since 1970. */
const FIRST_TIME_CURSOR = 1e15;
const KINDS = new Set<string>(["commit", "identity", "account", "sync"] satisfies EventKind[]);
const MAX_COLLECTIONS = 100;
const MAX_DIDS = 10_000;
const COLLECTION = /^[a-zA-Z][a-zA-Z0-9-]*(\.[a-zA-Z][a-zA-Z0-9-]*)*\.([a-zA-Z][a-zA-Z0-9]*|\*)$/;
/** Names of version 1's parameters; a real host reports the new names instead of ignoring the old. */
const OLD_PARAMETERS = ["wantedDids", "wantedCollections", "requireHello", "compress"];

/** What the demo's Jetstream sends. */
export interface JetstreamOptions {
  /** Events of the host at the start, ascending by `seq`; the first one bounds the replay. */
  events?: Iterable<JetstreamEvent>;
  /** Where a consumer without a cursor begins: `live` (default) as a real host, or `oldest`. */
  startAt?: "live" | "oldest";
  /** Cut the next connection that has been sent so many events, in the middle of one, once. */
  dropAfter?: number;
}

/** A consumer of the demo's Jetstream. */
export interface JetstreamConnection extends Subscription {
  collections: string[];
  kinds: string[];
}

/** The demo's Jetstream while it runs. */
export interface Jetstream extends StreamServer<JetstreamEvent, JetstreamConnection> {
  /** Send everyone subscribed an error, such as `ConsumerTooSlow`, and cut their connections. */
  fail(error: string, message: string): Promise<void>;
}

/** Start a Jetstream on a free port; it keeps consumers connected after the last event. */
export function startJetstream(options: JetstreamOptions = {}): Jetstream {
  const held = [...options.events ?? []];
  const server = startStreamServer<JetstreamEvent, JetstreamConnection>({
    path: PATH,
    held,
    payload: ({ text }) => text,
    refuse: (asked) => refusedFilter(asked) ?? refusedCursor(asked, held),
    subscription: (subscription, asked) => ({
      ...subscription,
      collections: asked.getAll("collections"),
      kinds: asked.getAll("kinds"),
    }),
    async begin(socket, cursor) {
      const { start, notice } = placeOf(cursor, held, options.startAt);
      if (notice) await socket.send(notice);
      return start;
    },
    filter: filterOf,
  }, options.dropAfter);
  return Object.assign(server, {
    async fail(error: string, message: string) {
      for (const socket of server.subscribed) {
        await socket.send(errorMessage(error, message));
        socket.cut();
      }
    },
  });
}

/** Give a real host's error for filters that it does not know or that can never apply. */
function refusedFilter(asked: URLSearchParams): Refusal | undefined {
  const [kinds, collections] = [asked.getAll("kinds"), asked.getAll("collections")];
  const old = OLD_PARAMETERS.find((name) => asked.has(name));
  if (old) return invalid(`${old} is a parameter of version 1`);
  const dictionary = asked.get("zstdDictionary");
  if (dictionary && !/^0*[1-9]\d*$/.test(dictionary)) return invalid("zstdDictionary is no id");
  if (dictionary) {
    return { status: 400, error: "UnknownZstdDictionary", message: "there is no such dictionary" };
  }
  if (kinds.length > KINDS.size) return invalid("too many kinds");
  if (kinds.some((kind) => !KINDS.has(kind))) return invalid("unknown kind");
  if (asked.getAll("dids").length > MAX_DIDS) return invalid("too many dids");
  if (collections.length > MAX_COLLECTIONS) return invalid("too many collections");
  if (collections.some((name) => !COLLECTION.test(name))) return invalid("invalid collection");
  if (collections.length > 0 && kinds.length > 0 && !kinds.includes("commit")) {
    return invalid("collections can never apply: kinds excludes commit");
  }
}

function refusedCursor(asked: URLSearchParams, held: JetstreamEvent[]): Refusal | undefined {
  const cursor = asked.get("cursor");
  if (!cursor) return undefined;
  if (!/^\d+$/.test(cursor)) return invalid("invalid cursor");
  const oldest = held[0]?.seq ?? 0;
  // No event has the number 0; it stands for the first of all.
  if (Math.max(Number(cursor), 1) >= oldest) return undefined;
  const message = `cursor too old: cursor ${cursor} below lookback floor ${oldest}`;
  return { status: 400, error: "CursorTooOld", message };
}

function invalid(message: string): Refusal {
  return { status: 400, error: "InvalidRequest", message };
}

/** Find where in `held` a subscription begins, and the host's first message about it. */
function placeOf(
  cursor: string | null,
  held: JetstreamEvent[],
  startAt: JetstreamOptions["startAt"],
): { start: number; notice?: string } {
  if (!cursor) return { start: startAt === "oldest" ? 0 : held.length };
  const asked = Number(cursor);
  const oldest = held[0];
  const isTime = asked >= FIRST_TIME_CURSOR;
  const index = held.findIndex((event) => (isTime ? microseconds(event) : event.seq) >= asked);
  const start = index < 0 ? held.length : index;
  if (isTime && oldest && asked < microseconds(oldest)) {
    const message = `requested time precedes the oldest event; starting at seq ${oldest.seq}`;
    return { start, notice: infoMessage("OutdatedCursor", message) };
  }
  // The number after the newest event's is that of the next one, not of the future.
  if (!isTime && asked > (held.at(-1)?.seq ?? 0) + 1) {
    const message = `requested cursor ${asked} is beyond the next seq; starting at the live tip`;
    return { start, notice: infoMessage("FutureCursor", message) };
  }
  return { start };
}

function microseconds({ time }: JetstreamEvent): number {
  return Date.parse(time) * 1000;
}

/** Make the test of kinds, dids and collections; the last concerns commits alone. */
function filterOf(asked: URLSearchParams): (event: JetstreamEvent) => boolean {
  const [kinds, dids, collections] = ["kinds", "dids", "collections"].map((name) =>
    new Set(asked.getAll(name))
  ) as [Set<string>, Set<string>, Set<string>];
  const prefixes = [...collections].filter((name) => name.endsWith(".*"))
    .map((name) => name.slice(0, -1));
  return ({ kind, did, collection }) => {
    if (kinds.size > 0 && !kinds.has(kind)) return false;
    if (dids.size > 0 && !dids.has(did)) return false;
    if (collections.size === 0 || collection === undefined) return true;
    return collections.has(collection) || prefixes.some((prefix) => collection.startsWith(prefix));
  };
}
