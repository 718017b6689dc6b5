import assert from "node:assert/strict";
import { type ConnectionProblem, explainProblem } from "../../../etl/atproto/connection_problem.ts";
import { retryAfterMs } from "../../../etl/quota/server_allowance.ts";
import { SUBSCRIBE_EVENTS } from "../../../etl/atproto/jetstream_event.ts";
import { messagesOf } from "../../../etl/atproto/socket.ts";
import { subscribe } from "../../../etl/atproto/subscription.ts";

/** Give what a real handshake with a server that answers every request alike comes to. */
async function problemOf(response: () => Response): Promise<ConnectionProblem> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, response);
  try {
    return await handshake(`ws://127.0.0.1:${server.addr.port}/xrpc/x`);
  } finally {
    await server.shutdown();
  }
}

async function handshake(url: string): Promise<ConnectionProblem> {
  const { signal } = new AbortController();
  try {
    await messagesOf(url, { signal, silenceMs: 1000 }).next();
  } catch (error) {
    return await explainProblem(error, url);
  }
  throw new Error("the handshake came about");
}

Deno.test("each way in which a handshake fails has its own name and words", async () => {
  const limited = await problemOf(() =>
    new Response("", { status: 429, headers: { "retry-after": "7" } })
  );
  assert.deepEqual([limited.kind, limited.retryAfterMs], ["rate_limited", 7000]);
  assert.match(limited.reason, /^127\.0\.0\.1:\d+ asks to wait \(HTTP 429\)$/);
  const busy = await problemOf(() => new Response("", { status: 503 }));
  assert.deepEqual([busy.kind, busy.retryAfterMs], ["unavailable", undefined]);
  const wrong = await problemOf(() => new Response("<html>", { status: 404 }));
  assert.deepEqual([wrong.kind, wrong.retryAfterMs], ["rejected", undefined]);
  assert.match(wrong.reason, /answers HTTP 404$/);
  assert.equal((await handshake("ws://127.0.0.1:1/xrpc/x")).kind, "refused");
  const nowhere = await handshake("ws://relay.civicsky.invalid/xrpc/x");
  assert.deepEqual([nowhere.kind, nowhere.reason], [
    "dns",
    "the name relay.civicsky.invalid cannot be resolved",
  ]);
});

Deno.test("a host of version 1 of Jetstream is named as such, and no other is", async () => {
  const asked: string[] = [];
  const serve = (isVersion1: boolean) =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      asked.push(new URL(request.url).pathname);
      if (!isVersion1 || asked.at(-1) !== "/subscribe") return new Response("", { status: 404 });
      return Deno.upgradeWebSocket(request).response;
    });
  const reason = async (isVersion1: boolean, path: string) => {
    const server = serve(isVersion1);
    const problem = await handshake(`ws://127.0.0.1:${server.addr.port}/xrpc/${path}`);
    await server.shutdown();
    return problem.reason.replace(/^[\d.:]+ /, "");
  };
  const named = "serves version 1 of Jetstream";
  assert.equal(await reason(true, `${SUBSCRIBE_EVENTS}?cursor=1`), named);
  assert.equal(await reason(false, SUBSCRIBE_EVENTS), "answers HTTP 404");
  asked.length = 0;
  assert.equal(await reason(true, "com.atproto.sync.subscribeRepos"), "answers HTTP 404");
  assert.ok(!asked.includes("/subscribe"));
});

Deno.test("Retry-After is read as seconds or as a date, and never longer than 15 minutes", () => {
  assert.equal(retryAfterMs("12"), 12_000);
  assert.equal(retryAfterMs("86400"), 900_000);
  const soon = retryAfterMs(new Date(Date.now() + 60_000).toUTCString())!;
  assert.ok(soon > 50_000 && soon <= 60_000, String(soon));
  assert.equal(retryAfterMs("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  for (const header of [null, "", "soon"]) assert.equal(retryAfterMs(header), undefined);
});

Deno.test("a host that fails four times in a row makes place for the next", async () => {
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => socket.send("hello");
    return response;
  });
  const hosts = ["ws://127.0.0.1:1", `ws://127.0.0.1:${server.addr.port}`];
  const stop = new AbortController();
  const problems: string[] = [];
  const messages = subscribe({
    hosts,
    url: (host) => (asked.push(host), host),
    signal: stop.signal,
    backoffMs: 1,
    onReconnect: (_seconds, { kind }) => void problems.push(kind),
  });
  assert.equal((await messages.next()).value, "hello");
  stop.abort();
  assert.equal((await messages.next()).done, true);
  assert.deepEqual(asked, [...Array(4).fill(hosts[0]), hosts[1]]);
  assert.deepEqual(problems, Array(4).fill("refused"));
  await server.shutdown();
});
