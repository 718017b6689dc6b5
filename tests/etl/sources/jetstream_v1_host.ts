/** A Jetstream host of version 1 on 127.0.0.1, and a door behind which one host takes the place of another. */
import type { JetstreamEvent } from "../../../demo/network/jetstream_event.ts";
import { startStreamServer, type StreamServer } from "../../../demo/network/stream_server.ts";
import type { Refusal } from "../../../demo/network/websocket.ts";

/** An event of a host of version 1. */
export interface V1Event {
  time_us: number;
  kind: string;
  collection?: string;
  /** The message as it is sent. */
  text: string;
}

const PARAMETERS: Record<string, RegExp> = {
  wantedCollections: /^[a-zA-Z][\w-]*(\.[a-zA-Z][\w-]*)+(\.\*)?$/,
  wantedDids: /^did:/,
  maxMessageSizeBytes: /^\d+$/,
  cursor: /^\d+$/,
  compress: /^(true|false)$/,
  requireHello: /^(true|false)$/,
};

/** Write an event of version 1. */
export function v1Event(
  time_us: number,
  did: string,
  kind: string,
  body: Record<string, unknown>,
): V1Event {
  const text = JSON.stringify({ did, time_us, kind, [kind]: body });
  return { time_us, kind, text, ...(kind === "commit" && { collection: String(body.collection) }) };
}

/**
 * Give events of version 2 as a host of version 1 sends them: by its own clock, which never falls and is
 * `offMs` ahead.
 */
export function v1Events(events: Iterable<JetstreamEvent>, offMs = 0): V1Event[] {
  let time_us = 0;
  const sent = Array.from(events).filter(({ kind }) => kind !== "sync");
  return sent.map(({ kind, did, time, text }) => {
    time_us = Math.max(time_us, (Date.parse(time) + offMs) * 1000);
    const { payload } = JSON.parse(text);
    const { rev, operation, collection, rkey, record, cid } = payload;
    const commit = { rev, operation, collection, rkey, record, cid };
    return v1Event(time_us, did, kind, kind === "commit" ? commit : payload[kind]);
  });
}

/**
 * Start a host on a free port.
 *
 * It knows no other path and no other parameters, sends events of accounts unasked, and begins at the
 * event of the cursor itself; from a time before its oldest event it begins there and says nothing, from
 * one of the future, or without a cursor, with the next event. `startAt` changes the last.
 */
export function startJetstreamV1(
  options: { events?: Iterable<V1Event>; startAt?: "live" | "oldest"; dropAfter?: number } = {},
): StreamServer<V1Event> {
  const held = [...options.events ?? []];
  return startStreamServer<V1Event, { cursor: string | null; sent: number; open: boolean }>({
    path: "/subscribe",
    held,
    payload: ({ text }) => text,
    refuse: refused,
    subscription: (subscription) => subscription,
    begin(_socket, cursor) {
      if (cursor === null && options.startAt === "oldest") return Promise.resolve(0);
      const first = cursor === null
        ? -1
        : held.findIndex(({ time_us }) => time_us >= Number(cursor));
      return Promise.resolve(first < 0 ? held.length : first);
    },
    filter(asked) {
      const wanted = asked.getAll("wantedCollections");
      return ({ collection }) =>
        wanted.length === 0 || collection === undefined || wanted.includes(collection);
    },
  }, options.dropAfter);
}

function refused(asked: URLSearchParams): Refusal | undefined {
  for (const [name, value] of asked) {
    if (PARAMETERS[name]?.test(value)) continue;
    return { status: 400, error: "InvalidRequest", message: `${name} is no parameter` };
  }
}

/** An address behind which one host takes the place of another. */
export interface Door {
  url: string;
  /** Lead to the host at a base URL from now on; connections to the one before are cut. */
  leadTo(url: string): void;
  close(): Promise<void>;
}

/** Open a door on a free port. */
export function openDoor(url: string): Door {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let target = Number(new URL(url).port);
  const open = new Set<Deno.Conn>();
  const cutAll = () => {
    for (const connection of open) {
      try {
        connection.close();
      } catch {
        // It was closed by the other side.
      }
    }
    open.clear();
  };
  const piped = new Set<Promise<unknown>>();
  const accepting = (async () => {
    for await (const outer of listener) {
      const inner = await Deno.connect({ hostname: "127.0.0.1", port: target })
        .catch(() => undefined);
      if (inner === undefined) {
        outer.close();
        continue;
      }
      open.add(outer).add(inner);
      for (const [from, to] of [[outer, inner], [inner, outer]] as const) {
        const pipe = from.readable.pipeTo(to.writable).catch(() => undefined);
        piped.add(pipe.finally(() => piped.delete(pipe)));
      }
    }
  })();
  return {
    url: `ws://127.0.0.1:${listener.addr.port}`,
    leadTo(next) {
      target = Number(new URL(next).port);
      cutAll();
    },
    async close() {
      listener.close();
      cutAll();
      await accepting;
      await Promise.all(piped);
    },
  };
}
