/** A server on 127.0.0.1 that streams the messages it holds to every subscriber, and then new ones. */
import { cut, isDisconnect, type Refusal, ServerSocket } from "./websocket.ts";

/** A connection that subscribed to the demo's relay or Jetstream. */
export interface Subscription {
  /** As asked for; null for none. */
  cursor: string | null;
  /** Messages sent, those about the subscription itself not counted. */
  sent: number;
  open: boolean;
}

/** What the demo's relay and Jetstream have in common while they run. */
export interface StreamServer<Message, State extends Subscription = Subscription> {
  /** The base URL, `ws://127.0.0.1:PORT`. */
  url: string;
  /** Every connection that subscribed, in order. */
  connections: State[];
  /** Cut the next connection that has been sent so many messages, in the middle of one, once. */
  dropAfter: number | undefined;
  /** Add messages behind those held and send them to everyone subscribed. */
  push(...messages: Message[]): void;
  /** Cut all connections and stop listening. */
  close(): Promise<void>;
}

/** What messages of the demo's relay or Jetstream are, and what a subscriber is told. */
export interface Stream<Message, State extends Subscription> {
  path: string;
  /** In their order; what is pushed is added. */
  held: Message[];
  payload(message: Message): string | Uint8Array;
  refuse?(asked: URLSearchParams): Refusal | undefined;
  subscription(subscription: Subscription, asked: URLSearchParams): State;
  /** Find where in `held` it begins, and say so; undefined where it was refused. */
  begin(socket: ServerSocket, cursor: string | null): Promise<number | undefined>;
  /** Make the test of which messages a subscriber wants. */
  filter?(asked: URLSearchParams): (message: Message) => boolean;
}

/** Start a relay or a Jetstream on a free port; it keeps subscribers connected after the last message. */
export function startStreamServer<Message, State extends Subscription>(
  stream: Stream<Message, State>,
  dropAfter: number | undefined,
): StreamServer<Message, State> & { subscribed: Set<ServerSocket> } {
  const { held, path } = stream;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const opened = new Set<Deno.Conn>();
  const subscribed = new Set<ServerSocket>();
  const served = new Set<Promise<void>>();
  let pushed = Promise.withResolvers<void>();
  const connections: State[] = [];

  const server = {
    url: `ws://127.0.0.1:${listener.addr.port}`,
    connections,
    subscribed,
    dropAfter,
    push(...messages: Message[]) {
      held.push(...messages);
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
    let socket: ServerSocket | undefined;
    try {
      const refuse = ({ searchParams }: URL) => stream.refuse?.(searchParams);
      socket = await ServerSocket.accept(connection, path, refuse);
      if (socket === undefined) return;
      const asked = socket.url.searchParams;
      const state = stream.subscription(
        { cursor: asked.get("cursor"), sent: 0, open: true },
        asked,
      );
      connections.push(state);
      subscribed.add(socket);
      const gone = socket.untilClosed().finally(() => state.open = false);
      await Promise.all([gone, send(socket, state, gone)]);
    } catch (error) {
      if (!isDisconnect(error)) throw error;
    } finally {
      if (socket) subscribed.delete(socket);
      opened.delete(connection);
      cut(connection);
    }
  }

  async function send(socket: ServerSocket, state: State, gone: Promise<void>): Promise<void> {
    const isWanted = stream.filter?.(socket.url.searchParams);
    let next = await stream.begin(socket, state.cursor);
    while (next !== undefined && state.open) {
      const message = held[next];
      if (server.dropAfter !== undefined && state.sent >= server.dropAfter) {
        server.dropAfter = undefined;
        return message === undefined ? socket.cut() : await socket.tear(stream.payload(message));
      }
      if (message === undefined) {
        await Promise.race([pushed.promise, gone]);
        continue;
      }
      next++;
      if (isWanted?.(message) === false) continue;
      await socket.send(stream.payload(message));
      state.sent++;
    }
  }

  async function acceptAll(): Promise<void> {
    for await (const connection of listener) {
      opened.add(connection);
      const serving: Promise<void> = serve(connection).finally(() => served.delete(serving));
      served.add(serving);
    }
  }

  const accepting = acceptAll();
  return server;
}
