import assert from "node:assert/strict";
import { cut, isDisconnect, ServerSocket } from "../../demo/network/websocket.ts";
import { FrameCycle, timeOf } from "../bench/inputs/frame_cycle.ts";
import { benchFrames, FIRST_SEQ } from "../bench/inputs/frames.ts";
import { FIREHOSE } from "../../etl/atproto/stream_decoder.ts";
import { subscribe } from "../../etl/atproto/subscription.ts";
import { Collector } from "../../etl/collect/collector.ts";
import { fillSegment } from "../../etl/collect/segment.ts";
import { Journal } from "../../etl/store/journal.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { Quarantine } from "../../etl/store/quarantine.ts";
import { withData } from "../rows.ts";
import { bodyOf } from "../etl/sources/sample_stream.ts";

const FRAMES = 12_000;
/** The relay has more, about 150 MB: without an end to what is taken of it, all of that. */
const SENT_FRAMES = 40_000;
/** More than the sockets of both sides, the runtime and the reader hold together, between 3 and 32 MB. */
const HELD_BYTES = 64_000_000;
const POST = "app.bsky.feed.post/";

const cycle = new FrameCycle(benchFrames(300, 7));

/** A relay that sends without a pause and counts what the operating system has taken of it. */
class Flood {
  sent = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving = this.#serve();

  get url(): string {
    return `ws://127.0.0.1:${this.#listener.addr.port}`;
  }

  async #serve(): Promise<void> {
    const connection = await this.#listener.accept();
    try {
      const socket = await ServerSocket.accept(connection, "/");
      const gone = socket!.untilClosed();
      for (let number = 0; number < SENT_FRAMES; number++) {
        const frame = cycle.frame(number);
        await socket!.send(frame);
        this.sent += frame.length;
      }
      await gone;
    } catch (error) {
      if (!isDisconnect(error)) throw error;
    } finally {
      cut(connection);
    }
  }

  /** Wait until it is held back, or has nothing left to send. */
  async stalled(): Promise<void> {
    for (let [before, still] = [-1, 0]; still < 15; before = this.sent) {
      await new Promise((done) => setTimeout(done, 20));
      still = this.sent === before ? still + 1 : 0;
    }
  }

  async close(): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }
}

Deno.test("a subscription can be given up while the relay goes on sending", async () => {
  const flood = new Flood();
  const stop = new AbortController();
  let read = 0;
  for await (const _ of listen(flood, stop.signal)) if (++read === 500) stop.abort();
  assert.equal(read, 500);
  await flood.close();
});

// Invariant 1
Deno.test("a relay that sends faster than the disk takes is held back, and nothing of it is lost", async () => {
  await withData(async (data) => {
    const flood = new Flood();
    const stop = new AbortController();
    const paths = new DataPaths(data);
    const quarantine = new Quarantine(paths, "firehose");
    const collector = new Collector({
      dialect: { decoder: FIREHOSE },
      position: { host: "relay", cursor: undefined, time: undefined },
      until: new Date(timeOf(FRAMES)),
      hashKey: "k",
      quarantine,
    });
    const journal = await Journal.create(paths.journal("firehose"), "segment");
    const write = journal.commit.bind(journal);
    const held: { sent: number; read: number }[] = [];
    journal.commit = async () => {
      // The disk stands still once at the start and once in the middle of the stream.
      if (held.length === 0 || held.length === 1 && collector.events > FRAMES / 2) {
        await flood.stalled();
        held.push({ sent: flood.sent, read: collector.bytes });
      }
      await write();
    };
    const messages = listen(flood, stop.signal);
    const end = await fillSegment(journal, {
      messages,
      collector,
      quarantine,
      onMessage() {},
      stop: () => stop.abort(),
    });
    stop.abort();
    await messages.return();
    await flood.close();
    journal.close();
    assert.equal(end, "done");
    assert.equal(held.length, 2);
    for (const { sent, read } of held) {
      assert.ok(sent - read < HELD_BYTES, `${sent} bytes were sent, ${read} were read`);
    }
    const lines = (await Deno.readTextFile(journal.path)).trimEnd().split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.flatMap(({ posts }) => posts.map(({ cid, rkey }: Row) => `${cid} ${rkey}`)),
      expectedPosts(),
    );
    assert.equal(lines.reduce((sum, { events }) => sum + events, 0), FRAMES);
    assert.equal(lines.at(-1).cursor, FIRST_SEQ + FRAMES - 1);
  });
});

function listen({ url }: Flood, signal: AbortSignal) {
  return subscribe({
    hosts: [url],
    url: (host) => host,
    signal,
    onReconnect: (_seconds, { reason }) => assert.fail(reason),
  });
}

interface Row {
  cid: string;
  rkey: string;
}

/** Give CID and key of every post that was sent, read with the library alone. */
function expectedPosts(): string[] {
  const found: string[] = [];
  for (let number = 0; number < FRAMES; number++) {
    const body = bodyOf({ bytes: cycle.frame(number) });
    for (const { action, path, cid } of body.ops ?? []) {
      if (action !== "create" || !path.startsWith(POST)) continue;
      found.push(`${cid.$link} ${path.slice(POST.length)}`);
    }
  }
  return found;
}
