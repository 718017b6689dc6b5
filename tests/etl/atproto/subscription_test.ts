import assert from "node:assert/strict";
import type { ConnectionProblem } from "../../../etl/atproto/connection_problem.ts";
import { subscribe } from "../../../etl/atproto/subscription.ts";
import { UserError } from "../../../etl/run/error.ts";

type Serve = (socket: WebSocket, request: Request) => void;

/** Serve WebSockets on loopback; `asked` has the query of each connection. */
async function withServer(
  serve: Serve,
  use: (url: string, asked: string[]) => Promise<void>,
): Promise<void> {
  const asked: string[] = [];
  const open = new Set<WebSocket>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    asked.push(new URL(request.url).search);
    const { socket, response } = Deno.upgradeWebSocket(request);
    open.add(socket);
    socket.onopen = () => serve(socket, request);
    return response;
  });
  try {
    await use(`ws://127.0.0.1:${server.addr.port}/`, asked);
  } finally {
    for (const socket of open) socket.close();
    await server.shutdown();
  }
}

const quick = { hosts: ["ws://127.0.0.1"], backoffMs: 1, onReconnect() {} };

Deno.test("messages come in order, and after a close the next connection asks with its cursor", async () => {
  const serve: Serve = (socket, request) => {
    const first = request.url.endsWith("?after=0");
    socket.send(first ? new Uint8Array([1]) : "text");
    if (first) socket.close();
  };
  await withServer(serve, async (url, asked) => {
    const stop = new AbortController();
    const reasons: string[] = [];
    const found: unknown[] = [];
    const messages = subscribe({
      ...quick,
      url: () => `${url}?after=${found.length}`,
      signal: stop.signal,
      onReconnect: (_seconds, { kind }) => void reasons.push(kind),
    });
    for await (const message of messages) {
      found.push(message);
      if (found.length === 2) stop.abort();
    }
    assert.deepEqual(found, [new Uint8Array([1]), "text"]);
    assert.deepEqual(asked, ["?after=0", "?after=1"]);
    assert.deepEqual(reasons, ["closed"]);
  });
});

Deno.test("a socket that falls silent is replaced", async () => {
  await withServer((socket) => socket.send("hello"), async (url) => {
    const stop = new AbortController();
    const reasons: string[] = [];
    const options = { ...quick, url: () => url, signal: stop.signal, silenceMs: 50 };
    const onReconnect = (_: number, { kind, reason }: ConnectionProblem) =>
      void reasons.push(`${kind}: ${reason}`);
    let received = 0;
    for await (const _ of subscribe({ ...options, onReconnect })) {
      if (++received === 3) stop.abort();
    }
    assert.deepEqual(reasons, Array(2).fill("silent: no frame for 0.05 s"));
  });
});

Deno.test("a stream that is left while messages still arrive ends without an error", async () => {
  const flood: Serve = (socket) => {
    const timer = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN) clearInterval(timer);
      else for (let i = 0; i < 50; i++) socket.send(new Uint8Array(1000));
    }, 1);
  };
  await withServer(flood, async (url) => {
    for (let tries = 0; tries < 10; tries++) {
      const stop = new AbortController();
      const messages = subscribe({ ...quick, url: () => url, signal: stop.signal });
      await messages.next();
      stop.abort();
      assert.equal((await messages.next()).done, true);
    }
  });
});

Deno.test("a server that never answers is given up with its address and what names it", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("no", { status: 404 }),
  );
  const url = `ws://127.0.0.1:${server.addr.port}/xrpc/x`;
  let waits = 0;
  const namedBy = "BLUESKY_JETSTREAM or --server";
  const messages = subscribe({
    hosts: [url],
    namedBy,
    url: () => `${url}?cursor=5`,
    signal: new AbortController().signal,
    backoffMs: 1,
    onReconnect: () => void waits++,
  });
  await assert.rejects(messages.next(), (error) => {
    assert.ok(error instanceof UserError);
    assert.ok(error.message.startsWith(`Cannot read ${url}: `), error.message);
    assert.ok(error.remedy.startsWith(`Check the address (${namedBy}) `), error.remedy);
    return true;
  });
  assert.equal(waits, 3);
  await server.shutdown();
});

Deno.test("an aborted subscription ends while it waits for a message or for the next try", async () => {
  await withServer(() => {}, async (url) => {
    const silent = new AbortController();
    const waiting = subscribe({ ...quick, url: () => url, signal: silent.signal }).next();
    setTimeout(() => silent.abort(), 50);
    assert.equal((await waiting).done, true);
  });
  await withServer((socket) => socket.close(), async (url) => {
    const closed = new AbortController();
    const onReconnect = () => closed.abort();
    const backoffMs = 3_600_000;
    const options = { hosts: [url], url: () => url, signal: closed.signal, onReconnect, backoffMs };
    assert.equal((await subscribe(options).next()).done, true);
  });
  const before = subscribe({
    ...quick,
    url: () => "ws://127.0.0.1:1",
    signal: AbortSignal.abort(),
  });
  assert.equal((await before.next()).done, true);
});
