/** A relay on 127.0.0.1 that streams given frames with the cursor semantics of a real one. */
import { errorFrame, type Frame, infoFrame } from "../sample/frames.ts";
import { startStreamServer, type StreamServer, type Subscription } from "./stream_server.ts";
import type { ServerSocket } from "./websocket.ts";

const PATH = "/xrpc/com.atproto.sync.subscribeRepos";
/** "Policy violation", RFC 6455: the reference implementation closes with it after an error. */
const POLICY = 1008;

/** A frame that the demo's relay sends. */
export type RelayFrame = Pick<Frame, "seq" | "bytes">;

/** What the demo's relay sends. */
export interface RelayOptions {
  /** Frames of the relay at the start, ascending by `seq`. */
  frames?: Iterable<RelayFrame>;
  /** Where a consumer without a cursor begins: `live` (default) as a real relay, or `oldest`. */
  startAt?: "live" | "oldest";
  /** Cut the next connection that has been sent so many frames, in the middle of one, once. */
  dropAfter?: number;
}

/** The demo's relay while it runs. */
export type Relay = StreamServer<RelayFrame>;

/** Start a relay on a free port; it keeps consumers connected after the last frame. */
export function startRelay(options: RelayOptions = {}): Relay {
  const held = [...options.frames ?? []];
  return startStreamServer<RelayFrame, Subscription>({
    path: PATH,
    held,
    payload: ({ bytes }) => bytes,
    subscription: (subscription) => subscription,
    begin: firstFrame,
  }, options.dropAfter);

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
}
