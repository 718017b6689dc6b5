import assert from "node:assert/strict";
import { sampleFrames } from "../../../demo/sample/frames.ts";
import {
  type Jetstream,
  type JetstreamOptions,
  startJetstream,
} from "../../../demo/network/jetstream.ts";
import { FIRST_EVENT_SEQ, jetstreamEvents } from "../../../demo/network/jetstream_event.ts";
import { smallSample } from "../small_sample.ts";
import { subscription } from "./subscription.ts";

const PATH = "/xrpc/network.bsky.jetstream.subscribeEvents";
const POST = "app.bsky.feed.post";
const events = [...jetstreamEvents(await Array.fromAsync(sampleFrames(smallSample())))];
const [first, last] = [events[0]!.seq, events.at(-1)!.seq];

async function withHost(options: JetstreamOptions, use: (host: Jetstream) => Promise<void>) {
  const host = startJetstream(options);
  try {
    await use(host);
  } finally {
    await host.close();
  }
}

function subscribe({ url }: Jetstream, query = "") {
  return subscription(`${url}${PATH}${query}`, (message) => {
    assert.equal(typeof message, "string", "a binary message");
    return JSON.parse(message as string);
  }, ({ payload }) => payload.seq);
}

/** Ask for a subscription that is refused, and give status and error as sent. */
async function refused({ url }: Jetstream, query: string) {
  const response = await fetch(`${url.replace("ws:", "http:")}${PATH}${query}`);
  const { error, message } = await response.json();
  return { status: response.status, error, message };
}

const seqsOf = (list: typeof events) => list.map(({ seq }) => seq);

Deno.test("events are written as the lexicon says, one for each op", () => {
  assert.equal(first, FIRST_EVENT_SEQ);
  assert.equal(last, first + events.length - 1);
  const messages = events.map(({ text }) => JSON.parse(text));
  const { payload, ...envelope } = messages.find(({ payload }) => payload.collection === POST);
  assert.deepEqual(envelope, { $type: "message" });
  assert.deepEqual(Object.keys(payload).sort(), [
    "$type",
    "cid",
    "collection",
    "did",
    "operation",
    "record",
    "rev",
    "rkey",
    "seq",
    "time",
    "witnessedAt",
  ]);
  assert.match(payload.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  assert.equal(payload.$type, "network.bsky.jetstream.subscribeEvents#commit");
  const gone = messages.find(({ payload }) => payload.operation === "delete").payload;
  assert.equal("record" in gone || "cid" in gone, false);
  const { account, did } = messages.find(({ payload }) => payload.account?.status).payload;
  assert.deepEqual([account.did, account.active, account.status], [did, false, "takendown"]);
});

Deno.test("a consumer gets events from its cursor on, that one included, then what is pushed", async () => {
  await withHost({ events: events.slice(0, -2) }, async (host) => {
    const at = events.length - 5;
    const consumer = await subscribe(host, `?cursor=${events[at]!.seq}`);
    assert.deepEqual(await consumer.seqs(3), seqsOf(events.slice(at, at + 3)));
    host.push(...events.slice(-2));
    assert.deepEqual(await consumer.seqs(2), seqsOf(events.slice(-2)));
    await consumer.close();
    const { cursor, sent } = host.connections[0]!;
    assert.deepEqual([cursor, sent], [String(events[at]!.seq), 5]);
  });
});

Deno.test("a consumer without a cursor gets only what comes after it, or all if told so", async () => {
  await withHost({ events: events.slice(0, -1) }, async (host) => {
    for (const query of ["", "?cursor="]) {
      const consumer = await subscribe(host, query);
      host.push(events.at(-1)!);
      assert.deepEqual(await consumer.seqs(1), [last]);
      await consumer.close();
    }
  });
  await withHost({ events, startAt: "oldest" }, async (host) => {
    const consumer = await subscribe(host);
    assert.deepEqual(await consumer.seqs(events.length), seqsOf(events));
    await consumer.close();
  });
});

Deno.test("collections concern commits alone, and kinds leave out the rest", async () => {
  const posts = events.filter(({ collection }) => collection === POST);
  const wanted: Record<string, typeof events> = {
    [`collections=${POST}`]: events.filter(({ kind, collection }) =>
      kind !== "commit" || collection === POST
    ),
    [`collections=${POST}&kinds=commit`]: posts,
    [`collections=${POST}&kinds=commit&kinds=account`]: events.filter(({ kind, collection }) =>
      kind === "account" || collection === POST
    ),
    ["collections=app.bsky.feed.*&kinds=commit"]: events.filter(({ collection }) =>
      collection?.startsWith("app.bsky.feed.")
    ),
    ["kinds=identity&kinds=sync"]: events.filter(({ kind }) =>
      kind === "identity" || kind === "sync"
    ),
    [`dids=${posts[0]!.did}`]: events.filter(({ did }) => did === posts[0]!.did),
  };
  await withHost({ events, startAt: "oldest" }, async (host) => {
    for (const [query, expected] of Object.entries(wanted)) {
      assert.ok(expected.length > 0 && expected.length < events.length, query);
      const consumer = await subscribe(host, `?${query}`);
      assert.deepEqual(await consumer.seqs(expected.length), seqsOf(expected), query);
      await consumer.close();
      assert.equal(host.connections.at(-1)!.sent, expected.length, query);
    }
  });
});

Deno.test("a cursor from 1e15 on is a time: from the first event witnessed then, or the oldest", async () => {
  await withHost({ events }, async (host) => {
    const at = events.findIndex(({ time }, i) => i > 10 && time > events[i - 1]!.time);
    const time = Date.parse(events[at]!.time) * 1000;
    for (const [cursor, index] of [[time, at], [time - 1, at], [time + 1, undefined]] as const) {
      const consumer = await subscribe(host, `?cursor=${cursor}`);
      const [seq] = await consumer.seqs(1);
      if (index !== undefined) assert.equal(seq, events[index]!.seq);
      else assert.ok(seq! > events[at]!.seq);
      await consumer.close();
    }
    const early = await subscribe(host, `?cursor=${Date.parse("2026-01-01T00:00:00Z") * 1000}`);
    const { payload } = await early.read();
    assert.equal(payload.$type, "network.bsky.jetstream.subscribeEvents#info");
    assert.equal(payload.name, "OutdatedCursor");
    assert.deepEqual(await early.seqs(2), [first, first + 1]);
    await early.close();
    const late = await subscribe(host, `?cursor=${Date.parse("2100-01-01T00:00:00Z") * 1000}`);
    host.push({ ...events[0]!, seq: last + 1, text: '{"payload":{"seq":0}}' });
    assert.deepEqual(await late.seqs(1), [0]);
    await late.close();
  });
});

Deno.test("a cursor beyond the next event's starts live after FutureCursor, the next one's in silence", async () => {
  await withHost({ events: events.slice(0, -1) }, async (host) => {
    const future = await subscribe(host, `?cursor=${last + 1}`);
    assert.equal((await future.read()).payload.name, "FutureCursor");
    const next = await subscribe(host, `?cursor=${last}`);
    host.push(events.at(-1)!);
    assert.deepEqual(await future.seqs(1), [last]);
    assert.deepEqual(await next.seqs(1), [last]);
    await future.close();
    await next.close();
  });
});

Deno.test("what a real host refuses before the upgrade is refused, with an error that has a name", async () => {
  await withHost({ events }, async (host) => {
    const old = await refused(host, `?cursor=${first - 1}`);
    assert.deepEqual([old.status, old.error], [400, "CursorTooOld"]);
    assert.match(old.message, new RegExp(`${first}`));
    assert.equal((await refused(host, "?cursor=0")).error, "CursorTooOld");
    assert.equal((await refused(host, "?zstdDictionary=1")).error, "UnknownZstdDictionary");
    const invalid = [
      "cursor=new",
      "cursor=-1",
      "kinds=likes",
      "kinds=commit&kinds=commit&kinds=commit&kinds=commit&kinds=commit",
      `kinds=account&collections=${POST}`,
      "collections=not_an_nsid.*",
      "collections=post",
      `wantedCollections=${POST}`,
      "wantedDids=did:plc:x",
      "compress=true",
      "requireHello=true",
      "zstdDictionary=banana",
    ];
    for (const query of invalid) {
      const { status, error } = await refused(host, `?${query}`);
      assert.deepEqual([status, error], [400, "InvalidRequest"], query);
    }
    const socket = new WebSocketStream(`${host.url}${PATH}?cursor=1`);
    socket.closed.catch(() => undefined);
    await assert.rejects(socket.opened, /Invalid status code: 400/);
    assert.equal(host.connections.length, 0);
  });
});

Deno.test("a dropped connection ends within a message, once, and a second one resumes", async () => {
  await withHost({ events, dropAfter: 4 }, async (host) => {
    const consumer = await subscribe(host, `?cursor=${first}`);
    assert.deepEqual(await consumer.seqs(4), seqsOf(events.slice(0, 4)));
    await assert.rejects(consumer.reader.read());
    assert.ok(await consumer.end instanceof Error, "the connection was closed by the protocol");
    const again = await subscribe(host, `?cursor=${first + 3}`);
    assert.deepEqual(await again.seqs(3), seqsOf(events.slice(3, 6)));
    await again.close();
  });
});

Deno.test("an error is the last message before the connection is cut", async () => {
  await withHost({ events }, async (host) => {
    const consumer = await subscribe(host, `?cursor=${last}`);
    assert.deepEqual(await consumer.seqs(1), [last]);
    await host.fail("ConsumerTooSlow", "reading too slowly");
    assert.deepEqual(await consumer.read(), {
      $type: "error",
      error: "ConsumerTooSlow",
      message: "reading too slowly",
    });
    await assert.rejects(consumer.reader.read());
    await consumer.end;
  });
});

Deno.test("other paths are not found", async () => {
  await withHost({ events }, async ({ url, connections }) => {
    const response = await fetch(`${url.replace("ws:", "http:")}/subscribe`);
    assert.equal(response.status, 404);
    await response.body?.cancel();
    assert.equal(connections.length, 0);
  });
});
