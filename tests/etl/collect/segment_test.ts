import assert from "node:assert/strict";
import { FIREHOSE } from "../../../etl/atproto/stream_decoder.ts";
import { Collector } from "../../../etl/collect/collector.ts";
import { fillSegment, type Intake, type SegmentEnd } from "../../../etl/collect/segment.ts";
import { Journal } from "../../../etl/store/journal.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { Quarantine } from "../../../etl/store/quarantine.ts";
import { withData } from "../../rows.ts";
import { smallSample } from "../../demo/small_sample.ts";
import { errorFrame } from "../../../demo/sample/frames.ts";
import { expectedRows, sampleStream } from "../sources/sample_stream.ts";

const stream = await sampleStream(smallSample());

interface Filled {
  end: SegmentEnd | Error;
  lines: { cursor: number; posts: { uri: string }[] }[];
  collector: Collector;
  quarantine: Quarantine;
  journal: Journal;
}

/** Fill a segment from messages; `change` may replace what it works with. */
async function fill(
  data: string,
  messages: AsyncGenerator<Uint8Array | string, void>,
  change: (intake: Intake, journal: Journal) => void = () => {},
): Promise<Filled> {
  const paths = new DataPaths(data);
  const quarantine = new Quarantine(paths, "firehose");
  const position = { host: "relay", cursor: undefined, time: undefined };
  const collector = new Collector({
    dialect: { decoder: FIREHOSE },
    position,
    until: undefined,
    hashKey: "k",
    quarantine,
  });
  const journal = await Journal.create(paths.journal("firehose"), "segment");
  const intake: Intake = {
    messages,
    collector,
    quarantine,
    onMessage() {},
    stop() {},
  };
  change(intake, journal);
  const end = await fillSegment(journal, intake).catch((error: Error) => error);
  const text = await Deno.readTextFile(journal.path);
  const lines = text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  journal.close();
  return { end, lines, collector, quarantine, journal };
}

async function* frames(...extra: (Uint8Array | string)[]) {
  for (const { bytes } of stream.frames) yield await Promise.resolve(bytes);
  yield* extra;
}

// Invariant 1
Deno.test("what was read is durable, posts and cursor alike, when the segment ends", async () => {
  await withData(async (data) => {
    const { end, lines } = await fill(data, frames());
    assert.equal(end, "done");
    assert.equal(lines.at(-1)!.cursor, stream.frames.at(-1)!.seq);
    assert.deepEqual(
      lines.flatMap(({ posts }) => posts.map(({ uri }) => uri)),
      expectedRows(stream).map(({ uri }) => uri),
    );
  });
});

Deno.test("a limit and an error frame end the segment", async () => {
  await withData(async (data) => {
    const { end, collector } = await fill(
      data,
      frames(),
      (intake) => intake.collector.options.limit = 3,
    );
    assert.deepEqual([end, collector.posts], ["done", 3]);
  });
  await withData(async (data) => {
    const { end, lines } = await fill(data, frames(errorFrame("ConsumerTooSlow", "slow"), "more"));
    assert.deepEqual(end, { error: "ConsumerTooSlow" });
    assert.equal(lines.at(-1)!.cursor, stream.frames.at(-1)!.seq);
  });
});

// Invariant 1
Deno.test("lines become durable while the stream is quiet", async () => {
  await withData(async (data) => {
    const released = Promise.withResolvers<void>();
    async function* pausing() {
      yield stream.frames.find(({ post }) => post !== undefined)!.bytes;
      await released.promise;
    }
    const path = new DataPaths(data).journal("firehose");
    const filling = fill(data, pausing());
    while (!(await Deno.stat(`${path}/segment.jsonl`).catch(() => undefined))?.size) {
      await new Promise((done) => setTimeout(done, 20));
    }
    released.resolve();
    assert.equal((await filling).lines.length, 1);
  });
});

// Invariant 9
Deno.test("what is set aside is durable before a cursor behind it is, and none is lost", async () => {
  await withData(async (data) => {
    const committing = Promise.withResolvers<void>();
    async function* messages() {
      yield "first";
      yield stream.frames[0]!.bytes;
      await committing.promise;
      yield "second";
      yield stream.frames[1]!.bytes;
    }
    const early: string[] = [];
    const { quarantine, lines } = await fill(data, messages(), (intake, journal) => {
      const commit = intake.quarantine.commit.bind(intake.quarantine);
      const write = journal.commit.bind(journal);
      let calls = 0;
      let writing = false;
      let durable = 0;
      // The first commit, the timer's, takes until the next message would have been read.
      intake.quarantine.commit = async () => {
        writing = true;
        if (calls++ === 0) {
          committing.resolve();
          await new Promise((done) => setTimeout(done, 100));
        }
        await commit();
        writing = false;
        durable = intake.quarantine.total;
      };
      journal.commit = async () => {
        if (durable < intake.quarantine.total) early.push("journal");
        await write();
      };
      intake.onMessage = () => {
        if (writing) early.push("message");
      };
    });
    assert.deepEqual(early, []);
    assert.equal(lines.at(-1)!.cursor, stream.frames[1]!.seq);
    const text = await Deno.readTextFile(
      new DataPaths(data).quarantine("firehose", new Date().toISOString().slice(0, 10)),
    );
    assert.deepEqual([text.trimEnd().split("\n").length, quarantine.total], [2, 2]);
  });
});

Deno.test("a journal that cannot be written ends the stream and the run", async () => {
  await withData(async (data) => {
    let stopped = false;
    async function* endless() {
      yield* frames();
      while (!stopped) yield await new Promise<string>((done) => setTimeout(() => done("x"), 5));
    }
    const { end } = await fill(data, endless(), (intake, journal) => {
      intake.stop = () => stopped = true;
      journal.commit = () => Promise.reject(new Error("the disk is full"));
    });
    assert.ok(end instanceof Error && end.message === "the disk is full", `${end}`);
    assert.ok(stopped);
  });
});

Deno.test("a stream that fails ends the segment with its error", async () => {
  await withData(async (data) => {
    // deno-lint-ignore require-yield
    async function* failing(): AsyncGenerator<Uint8Array, void> {
      throw await Promise.resolve(new Error("no answer"));
    }
    const { end } = await fill(data, failing());
    assert.equal((end as Error).message, "no answer");
  });
});
