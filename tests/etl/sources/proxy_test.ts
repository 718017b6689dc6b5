/** Streams behind the proxy of a university: the variables that requests of the runtime heed count for them too. */
import assert from "node:assert/strict";
import { sampleFrames } from "../../../demo/sample/frames.ts";
import { smallSample } from "../../demo/small_sample.ts";
import { withData } from "../../rows.ts";
import { runProcess } from "../../task.ts";
import { withRelay } from "./firehose_run.ts";

const FRAMES = await Array.fromAsync(sampleFrames(smallSample()));
const ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";

/** Tunnel to a port of this machine, whichever host is asked for; gives what was asked for. */
async function withProxy(port: number, use: (url: string, asked: string[]) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const asked: string[] = [];
  const tunnels: Promise<unknown>[] = [];
  const accepting = (async () => {
    for await (const client of listener) {
      const head = new Uint8Array(4096);
      const length = await client.read(head) ?? 0;
      asked.push(new TextDecoder().decode(head.subarray(0, length)).split("\r\n")[0]!);
      const server = await Deno.connect({ hostname: "127.0.0.1", port });
      await client.write(new TextEncoder().encode(ESTABLISHED));
      // Whoever leaves cuts the tunnel.
      tunnels.push(Promise.allSettled([
        server.readable.pipeTo(client.writable),
        client.readable.pipeTo(server.writable),
      ]));
    }
  })();
  try {
    await use(`http://127.0.0.1:${listener.addr.port}`, asked);
  } finally {
    listener.close();
    await accepting;
    await Promise.all(tunnels);
  }
}

const collect = (data: string, env: Record<string, string>) =>
  runProcess(["sync:firehose", "--data", data, "--json", "--limit", "5"], env);

Deno.test("a stream is read through the proxy that the environment names", () =>
  withRelay(
    { frames: FRAMES },
    (relay) =>
      withProxy(Number(new URL(relay.url).port), (HTTP_PROXY, asked) =>
        withData(async (data) => {
          const BLUESKY_RELAY = "ws://relay.example";
          const { code, stdout, stderr } = await collect(data, { BLUESKY_RELAY, HTTP_PROXY });
          assert.equal(code, 0, stderr);
          assert.equal(JSON.parse(stdout).posts, 5);
          assert.deepEqual(asked, ["CONNECT relay.example:80 HTTP/1.1"]);
        })),
  ));

Deno.test("a host that NO_PROXY names is asked without it", () =>
  withRelay({ frames: FRAMES }, (relay) =>
    withData(async (data) => {
      const http_proxy = "http://127.0.0.1:1";
      const env = { BLUESKY_RELAY: relay.url, http_proxy, NO_PROXY: "localhost,127.0.0.1" };
      const { code, stderr } = await collect(data, env);
      assert.equal(code, 0, stderr);
    })));
