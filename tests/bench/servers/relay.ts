/**
 * Serves frames of the bench on loopback in a process of its own: `tests/bench/servers/relay.ts COUNT SEED`.
 *
 * Prints the base URL when it is ready and ends when its stdin does.
 */
import { startRelay } from "../../../demo/network/relay.ts";
import { benchFrames } from "../inputs/frames.ts";

const [count, seed] = Deno.args.map(Number);
const relay = startRelay({ frames: benchFrames(count!, seed!), startAt: "oldest" });
console.log(relay.url);
for await (const _ of Deno.stdin.readable);
await relay.close();
