import assert from "node:assert/strict";
import { cut, isDisconnect, ServerSocket } from "../../../demo/network/websocket.ts";
import { delay } from "../../../etl/run/pause.ts";
import { acceptsSocket, messagesOf } from "../../../etl/atproto/socket.ts";

const MEGABYTE = 2 ** 20;

/** Serve one connection after the other on loopback, as plain TCP. */
async function withConnections(
  serve: (connection: Deno.Conn) => Promise<void>,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      const served = serve(connection).catch((error) => {
        if (!isDisconnect(error)) throw error;
      });
      serving.push(served.finally(() => cut(connection)));
    }
  })();
  try {
    await use(`ws://127.0.0.1:${listener.addr.port}/`);
  } finally {
    listener.close();
    await accepting;
    await Promise.all(serving);
  }
}

/** Serve WebSockets; each ends with `serve`. */
function withSockets(
  serve: (socket: ServerSocket) => Promise<void>,
  use: (url: string) => Promise<void>,
): Promise<void> {
  return withConnections(async (connection) => {
    const socket = await ServerSocket.accept(connection, "/");
    await serve(socket!);
  }, use);
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function messages(url: string) {
  return messagesOf(url, { signal: new AbortController().signal, silenceMs: 60_000 });
}

Deno.test("what was sent before a connection broke is given before the error", async () => {
  await withSockets(async (socket) => {
    for (let i = 0; i < 200; i++) await socket.send(new Uint8Array([i]));
    await socket.tear(new Uint8Array(1000));
  }, async (url) => {
    const found: unknown[] = [];
    await assert.rejects(async () => {
      for await (const message of messages(url)) found.push(message);
    }, /it was cut/);
    assert.deepEqual(found, Array.from({ length: 200 }, (_, i) => new Uint8Array([i])));
  });
});

Deno.test("a message that is larger than the protocol allows ends the connection before it is held", async () => {
  let sent = 0;
  const fragment = new Uint8Array(MEGABYTE);
  await withConnections(async (connection) => {
    await ServerSocket.accept(connection, "/");
    // Fragments of one message without an end, RFC 6455, section 5.4.
    for (let first = 2; sent < 300; first = 0, sent++) {
      await writeAll(connection, new Uint8Array([first, 127, 0, 0, 0, 0, 0, 16, 0, 0]));
      await writeAll(connection, fragment);
    }
  }, async (url) => {
    await assert.rejects(messages(url).next(), /payload/i);
    assert.ok(sent < 100, `${sent} MB were taken`);
  });
});

Deno.test("a handshake that is never answered ends", async () => {
  await withConnections(
    (connection) => connection.readable.pipeTo(new WritableStream()),
    async (url) => {
      const started = performance.now();
      assert.equal(await acceptsSocket(url, 100), false);
      assert.ok(performance.now() - started < 5000);
    },
  );
});

Deno.test("time that the reader takes is not silence of the server", async () => {
  await withSockets(async (socket) => {
    for (let i = 0; i < 30; i++) {
      await socket.send(new Uint8Array([i]));
      await delay(20);
    }
    await socket.close(1000, "");
  }, async (url) => {
    let found = 0;
    for await (
      const _ of messagesOf(url, { signal: new AbortController().signal, silenceMs: 200 })
    ) {
      if (++found % 10 === 0) await delay(500);
    }
    assert.equal(found, 30);
  });
});

Deno.test("a server that says goodbye and does not hang up has closed the connection", async () => {
  const left = Promise.withResolvers<void>();
  await withSockets(async (socket) => {
    await socket.send("hello");
    await socket.close(1000, "");
    await left.promise;
  }, async (url) => {
    const started = performance.now();
    assert.deepEqual(await Array.fromAsync(messages(url)), ["hello"]);
    assert.ok(performance.now() - started < 5000);
    left.resolve();
  });
});

Deno.test("a server that says no goodbye does not hold who leaves", async () => {
  await withSockets(async (socket) => {
    for (;;) await socket.send(new Uint8Array(1000));
  }, async (url) => {
    const started = performance.now();
    const found = messages(url);
    await found.next();
    await found.return();
    assert.ok(performance.now() - started < 5000);
  });
});
