/**
 * Serves frames of the bench on loopback without end, as fast as they are taken, in a process of its
 * own: `tests/bench/servers/endless_relay.ts COUNT SEED` cycles over so many frames.
 *
 * Prints the base URL when it is ready and ends when its stdin does. Everyone begins at the first
 * frame, or behind a cursor.
 */
import { cut, isDisconnect, ServerSocket } from "../../../demo/network/websocket.ts";
import { FrameCycle } from "../inputs/frame_cycle.ts";
import { benchFrames, FIRST_SEQ } from "../inputs/frames.ts";

const PATH = "/xrpc/com.atproto.sync.subscribeRepos";
const BATCH = 64;

const [count, seed] = Deno.args.map(Number);
const cycle = new FrameCycle(benchFrames(count!, seed!));
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(`ws://127.0.0.1:${listener.addr.port}`);
accept();
for await (const _ of Deno.stdin.readable);
Deno.exit();

async function accept(): Promise<void> {
  for await (const connection of listener) serve(connection);
}

async function serve(connection: Deno.Conn): Promise<void> {
  try {
    const socket = await ServerSocket.accept(connection, PATH);
    if (socket === undefined) return;
    let open = true;
    const gone = socket.untilClosed().finally(() => open = false);
    const cursor = socket.url.searchParams.get("cursor");
    let next = cursor === null ? 0 : Number(cursor) - FIRST_SEQ + 1;
    const batch = () => Array.from({ length: BATCH }, () => cycle.frame(next++));
    await Promise.all([
      gone,
      (async () => {
        while (open) await socket.sendAll(batch());
      })(),
    ]);
  } catch (error) {
    if (!isDisconnect(error)) throw error;
  } finally {
    cut(connection);
  }
}
