/** A relay on 127.0.0.1 that streams given frames with the cursor semantics of a real one. */
import { errorFrame, type Frame, infoFrame } from "../sample/frames.ts";
import { cut, isDisconnect, ServerSocket } from "./websocket.ts";

const PATH = "/xrpc/com.atproto.sync.subscribeRepos";
/** "Policy violation", RFC 6455: the reference implementation closes with it after an error. */
const POLICY = 1008;

export type RelayFrame = Pick<Frame, "seq" | "bytes">;

export interface RelayOptions {
  /** Frames of the relay at the start, ascending by `seq`. */
  frames?: Iterable<RelayFrame>;
  /** Where a consumer without a cursor begins: `live` (default) as a real relay, or `oldest`. */
  startAt?: "live" | "oldest";
  /** Cut the next connection that has been sent so many frames, in the middle of one, once. */
  dropAfter?: number;
}

export interface RelayConnection {
  /** As asked for; null for none. */
  cursor: string | null;
  /** Frames sent, `#info` and errors not counted. */
  sent: number;
  open: boolean;
}

export interface Relay {
  /** The base URL, `ws://127.0.0.1:PORT`. */
  url: string;
  /** Every connection that subscribed, in order. */
  connections: RelayConnection[];
  /** See `RelayOptions`; can be set again. */
  dropAfter: number | undefined;
  /** Add frames behind those held and send them to everyone subscribed. */
  push(...frames: RelayFrame[]): void;
  /** Cut all connections and stop listening. */
  close(): Promise<void>;
}

/** Start a relay on a free port; it keeps consumers connected after the last frame. */
export function startRelay(options: RelayOptions = {}): Relay {
  const held = [...options.frames ?? []];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const opened = new Set<Deno.Conn>();
  const served = new Set<Promise<void>>();
  let pushed = Promise.withResolvers<void>();

  const relay: Relay = {
    url: `ws://127.0.0.1:${listener.addr.port}`,
    connections: [],
    dropAfter: options.dropAfter,
    push(...frames) {
      held.push(...frames);
      pushed.resolve();
      pushed = Promise.withResolvers();
    },
    async close() {
      listener.close();
      for (const connection of opened) cut(connection);
      await Promise.all([accepting, ...served]);
    },
  };

  async function serve(connection: Deno.Conn): Promise<void> {
    try {
      const socket = await ServerSocket.accept(connection, PATH);
      if (socket === undefined) return;
      const cursor = socket.url.searchParams.get("cursor");
      const state: RelayConnection = { cursor, sent: 0, open: true };
      relay.connections.push(state);
      const gone = socket.untilClosed().finally(() => state.open = false);
      await Promise.all([gone, stream(socket, state, gone)]);
    } catch (error) {
      if (!isDisconnect(error)) throw error;
    } finally {
      opened.delete(connection);
      cut(connection);
    }
  }

  async function stream(
    socket: ServerSocket,
    state: RelayConnection,
    gone: Promise<void>,
  ): Promise<void> {
    let next = await firstFrame(socket, state.cursor);
    while (next !== undefined && state.open) {
      const frame = held[next];
      if (relay.dropAfter !== undefined && state.sent >= relay.dropAfter) {
        relay.dropAfter = undefined;
        return frame === undefined ? socket.cut() : await socket.tear(frame.bytes);
      }
      if (frame === undefined) {
        await Promise.race([pushed.promise, gone]);
      } else {
        await socket.send(frame.bytes);
        state.sent++;
        next++;
      }
    }
  }

  /** Find where a subscription begins in `held`, or refuse it. */
  async function firstFrame(
    socket: ServerSocket,
    cursor: string | null,
  ): Promise<number | undefined> {
    if (cursor === null) return options.startAt === "oldest" ? 0 : held.length;
    const refuse = async (error: string, message: string) => {
      await socket.send(errorFrame(error, message));
      await socket.close(POLICY, error);
      return undefined;
    };
    if (!/^\d+$/.test(cursor)) return await refuse("InvalidRequest", "cursor must be an integer");
    const after = Number(cursor);
    if (after > (held.at(-1)?.seq ?? 0)) {
      return await refuse("FutureCursor", "Cursor in the future.");
    }
    if (held[0] !== undefined && after + 1 < held[0].seq) {
      const message = "Requested cursor exceeded limit. Possibly missing events";
      await socket.send(infoFrame("OutdatedCursor", message));
    }
    const index = held.findIndex(({ seq }) => seq > after);
    return index < 0 ? held.length : index;
  }

  async function acceptAll(): Promise<void> {
    for await (const connection of listener) {
      opened.add(connection);
      const serving: Promise<void> = serve(connection).finally(() => served.delete(serving));
      served.add(serving);
    }
  }

  const accepting = acceptAll();
  return relay;
}
