import assert from "node:assert/strict";
import { decode, decodeFirst } from "@atcute/cbor";
import { encodeFrame } from "../../../demo/sample/frames.ts";
import { type Relay, type RelayOptions, startRelay } from "../../../demo/network/relay.ts";
import { subscription } from "./subscription.ts";

const PATH = "/xrpc/com.atproto.sync.subscribeRepos";

function numbered(from: number, to: number) {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const seq = from + i;
    return {
      seq,
      bytes: encodeFrame({ op: 1, t: "#identity" }, { seq, padding: "x".repeat(500) }),
    };
  });
}

async function withRelay(options: RelayOptions, use: (relay: Relay) => Promise<void>) {
  const relay = startRelay(options);
  try {
    await use(relay);
  } finally {
    await relay.close();
  }
}

function subscribe({ url }: Relay, query = "") {
  return subscription(`${url}${PATH}${query}`, (message) => {
    const [header, body] = decodeFirst(new Uint8Array(message as Uint8Array));
    return { header, body: decode(body) };
  }, ({ body }) => body.seq);
}

Deno.test("a consumer with a cursor gets what comes after it, then what is pushed", async () => {
  await withRelay({ frames: numbered(101, 105) }, async (relay) => {
    const consumer = await subscribe(relay, "?cursor=103");
    assert.deepEqual(await consumer.seqs(2), [104, 105]);
    relay.push(...numbered(106, 107));
    assert.deepEqual(await consumer.seqs(2), [106, 107]);
    await consumer.close();
    assert.deepEqual(relay.connections.map(({ cursor, sent }) => [cursor, sent]), [["103", 4]]);
  });
});

Deno.test("a consumer without a cursor gets only what comes after it, or all if told so", async () => {
  await withRelay({ frames: numbered(101, 105) }, async (relay) => {
    const consumer = await subscribe(relay);
    relay.push(...numbered(106, 106));
    assert.deepEqual(await consumer.seqs(1), [106]);
    await consumer.close();
    assert.equal(relay.connections[0]!.cursor, null);
  });
  await withRelay({ frames: numbered(101, 105), startAt: "oldest" }, async (relay) => {
    const consumer = await subscribe(relay);
    assert.deepEqual(await consumer.seqs(5), [101, 102, 103, 104, 105]);
    await consumer.close();
  });
});

Deno.test("a cursor in the future is refused with FutureCursor, and the newest one is not", async () => {
  await withRelay({ frames: numbered(101, 105) }, async (relay) => {
    const consumer = await subscribe(relay, "?cursor=106");
    const { header, body } = await consumer.read();
    assert.equal(header.op, -1);
    assert.equal(body.error, "FutureCursor");
    assert.equal((await consumer.reader.read()).done, true);
    assert.deepEqual(await consumer.end, { closeCode: 1008, reason: "FutureCursor" });
    const newest = await subscribe(relay, "?cursor=105");
    relay.push(...numbered(106, 106));
    assert.deepEqual(await newest.seqs(1), [106]);
    await newest.close();
  });
});

Deno.test("an outdated cursor gets OutdatedCursor and everything that is held", async () => {
  await withRelay({ frames: numbered(101, 103) }, async (relay) => {
    const consumer = await subscribe(relay, "?cursor=99");
    const { header, body } = await consumer.read();
    assert.deepEqual(header, { op: 1, t: "#info" });
    assert.equal(body.name, "OutdatedCursor");
    assert.deepEqual(await consumer.seqs(3), [101, 102, 103]);
    await consumer.close();
    const justBefore = await subscribe(relay, "?cursor=100");
    assert.deepEqual(await justBefore.seqs(3), [101, 102, 103]);
    await justBefore.close();
  });
});

Deno.test("a cursor that is no number is refused", async () => {
  await withRelay({ frames: numbered(101, 103) }, async (relay) => {
    const consumer = await subscribe(relay, "?cursor=new");
    assert.equal((await consumer.read()).body.error, "InvalidRequest");
    await consumer.end;
  });
});

Deno.test("a dropped connection ends within a message, once, and a second one resumes", async () => {
  await withRelay({ frames: numbered(101, 110), dropAfter: 4 }, async (relay) => {
    const consumer = await subscribe(relay, "?cursor=100");
    assert.deepEqual(await consumer.seqs(4), [101, 102, 103, 104]);
    await assert.rejects(consumer.reader.read());
    assert.ok(await consumer.end instanceof Error, "the connection was closed by the protocol");
    const again = await subscribe(relay, "?cursor=104");
    assert.deepEqual(await again.seqs(6), [105, 106, 107, 108, 109, 110]);
    await again.close();
    assert.deepEqual(relay.connections.map(({ cursor, sent }) => [cursor, sent]), [
      ["100", 4],
      ["104", 6],
    ]);
  });
});

Deno.test("long messages and many consumers get every byte", async () => {
  const bytes = encodeFrame({ op: 1, t: "#commit" }, { seq: 1, padding: "y".repeat(200_000) });
  await withRelay({ frames: [{ seq: 1, bytes }], startAt: "oldest" }, async (relay) => {
    const consumers = await Promise.all([1, 2, 3].map(() => subscribe(relay)));
    for (const consumer of consumers) {
      assert.equal((await consumer.read()).body.padding.length, 200_000);
      await consumer.close();
    }
  });
});

Deno.test("closing the relay ends every consumer", async () => {
  const relay = startRelay();
  const consumer = await subscribe(relay);
  const read = consumer.reader.read();
  const [ended] = await Promise.allSettled([read, relay.close()]);
  assert.equal(ended.status, "rejected");
  assert.ok(await consumer.end instanceof Error);
});

Deno.test("another path is not found", async () => {
  await withRelay({}, async ({ url, connections }) => {
    const response = await fetch(`${url.replace("ws:", "http:")}/xrpc/_health`);
    assert.equal(response.status, 404);
    await response.body?.cancel();
    assert.equal(connections.length, 0);
  });
});
