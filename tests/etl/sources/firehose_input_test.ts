import assert from "node:assert/strict";
import { encodeFrame, errorFrame } from "../../../demo/sample/frames.ts";
import { smallSample } from "../../demo/small_sample.ts";
import { query, withData } from "../../rows.ts";
import { badFrames, DID, goodFrame, TIME } from "./bad_frames.ts";
import {
  collect,
  journalFiles,
  quarantined,
  rawRows,
  summaryOf,
  withRelay,
} from "./firehose_run.ts";
import { END, expectedRows, sampleStream, untilEnd } from "./sample_stream.ts";

const small = await sampleStream(smallSample());
const AFTER = "2026-06-01T08:00:01.000Z";
/** As many events from then on as prove the time. */
const BEHIND = Array.from({ length: 10 }, (_, i) => {
  const time = new Date(Date.parse(AFTER) + i * 1000).toISOString();
  return { seq: 9000 + i, bytes: encodeFrame({ op: 1, t: "#sync" }, { seq: 9000 + i, time }) };
});

// Invariant 9
Deno.test("bad frames, records and fields are set aside or land, and the run goes on", async () => {
  const bad = await badFrames(101);
  const frames = [
    { seq: 100, bytes: await goodFrame(100) },
    ...bad,
    { seq: 500, bytes: encodeFrame({ op: 1, t: "#handle" }, { seq: 500, time: TIME, new: true }) },
    { seq: 501, bytes: await goodFrame(501) },
    ...BEHIND,
  ];
  await withRelay({ frames }, (relay) =>
    withData(async (data) => {
      const run = await collect(relay, data, ["--until", AFTER]);
      assert.equal(run.code, 0, run.stderr);
      const aside = bad.filter(({ reason }) => reason !== undefined);
      const counts: Record<string, number> = {};
      for (const { reason } of aside) counts[reason!] = (counts[reason!] ?? 0) + 1;
      assert.deepEqual(summaryOf(run).set_aside, counts);
      const lines = quarantined(data);
      assert.deepEqual(
        lines.map(({ reason, bytes }) => [reason, bytes]),
        aside.map(({ reason, bytes }) => [reason, bytes.length]),
      );
      for (const [index, line] of lines.entries()) {
        const { payload, what, cursor, after, reason, uri, did } = line;
        const { bytes, seq, name } = aside[index]!;
        // Bytes that name nobody would be there for good.
        const isNamed = uri !== undefined || did !== undefined;
        assert.ok(did === undefined || did === DID, name);
        assert.equal(payload !== undefined, isNamed, name);
        const kept = isNamed ? Uint8Array.fromBase64(String(payload)) : undefined;
        assert.deepEqual(
          kept,
          isNamed ? new Uint8Array(bytes.subarray(0, 65_536)) : undefined,
          name,
        );
        assert.match(String(what), /^[\w #:.'-]+$/, name);
        assert.ok(reason === "malformed_frame" ? after === 100 : cursor === seq, name);
      }
      const rows = new Map((await rawRows(data)).map((row) => [row.cursor, row]));
      const landed = bad.filter(({ reason }) => reason === undefined);
      assert.deepEqual([...rows.keys()], [100, ...landed.map(({ seq }) => seq), 501]);
      const row = (name: string) => rows.get(landed.find((frame) => frame.name === name)!.seq)!;
      assert.equal(row("an empty text").text, "");
      const odd = row("a text with NUL and line separators");
      assert.deepEqual([odd.text, odd.record.text], Array(2).fill("a\0b\u2028c\\ud800"));
      assert.equal(row("written in year 1").created_at, "0001-01-01T00:00:00Z");
      assert.equal(row("written yesterday").created_at, "yesterday");
      assert.equal(row("written at no time").created_at, null);
      assert.equal(row("written at a number").created_at, null);
      assert.equal(row("written at a number").record.createdAt, 1780000000);
      assert.deepEqual(row("languages that are none").langs, ["en"]);
      assert.deepEqual(row("languages that are none").record.langs, ["en", 7, null, { a: 1 }]);
      assert.deepEqual(row("a language that is no list").langs, []);
      assert.equal(row("an embed that is a number").embed_kind, null);
      assert.deepEqual(row("an embed of the wrong shape").image_alts, []);
      assert.deepEqual(row("facets that are rubbish").hashtags, []);
      assert.equal(row("references that are rubbish").reply_root_uri, null);
      const [coverage] = await query(
        data,
        "SELECT sum(events) AS events, sum(posts) AS posts FROM '{data}/coverage/*/*.parquet'",
      );
      const events = bad.filter(({ isEvent }) => isEvent).length + 3;
      assert.deepEqual(coverage, { events, posts: landed.length + 2 });
      assert.deepEqual(journalFiles(data), []);
    }));
});

// Invariant 1
Deno.test("a dropped connection and repeated frames cost nothing and land nothing twice", async () => {
  const { frames } = small;
  const repeating = [...frames.slice(0, 20), ...frames.slice(12, 20), ...frames.slice(20)];
  await withRelay({ frames: repeating, dropAfter: 33 }, (relay) =>
    withData(async (data) => {
      const run = await collect(relay, data, ["--until", END]);
      assert.equal(run.code, 0, run.stderr);
      const { repeated, reconnects } = summaryOf(run);
      assert.deepEqual([repeated, reconnects], [8, { broken: 1 }]);
      assert.deepEqual(relay.connections.map(({ cursor }) => cursor), [
        null,
        String(repeating[32]!.seq),
      ]);
      const expected = expectedRows(small).map(({ uri, rev }) => [uri, rev]);
      assert.deepEqual((await rawRows(data)).map(({ uri, rev }) => [uri, rev]), expected);
      const [coverage] = await query(
        data,
        `SELECT sum(events) AS events, sum(reconnects) AS reconnects
         FROM '{data}/coverage/*/*.parquet'`,
      );
      assert.deepEqual(coverage, { events: untilEnd(small).length, reconnects: 1 });
    }));
});

Deno.test("a cursor that is too old is noted in the coverage", async () => {
  await withRelay({ frames: small.frames }, (relay) =>
    withData(async (data) => {
      await leaveCursor(data, relay.url, 7);
      const run = await collect(relay, data, ["--until", END]);
      assert.equal(run.code, 0, run.stderr);
      assert.equal(relay.connections[0]!.cursor, "7");
      const notes = await query(
        data,
        "SELECT DISTINCT unnest(notes) AS note FROM '{data}/coverage/*/*.parquet' ORDER BY note",
      );
      // The events of the sample are too few to tell the time behind a gap.
      const names = ["#sync", "OutdatedCursor", "UnprovenTime"];
      assert.deepEqual(notes, names.map((note) => ({ note })));
      assert.deepEqual(summaryOf(run).infos, { OutdatedCursor: 1 });
      assert.match(
        run.stderr,
        /no longer has the events after our cursor \(OutdatedCursor\): its next event follows a gap/,
      );
      assert.equal((await rawRows(data)).length, expectedRows(small).length);
    }));
});

Deno.test("a host that finds us too slow is asked again once, then the run ends with its error", async () => {
  const tooSlow = { seq: 2, bytes: errorFrame("ConsumerTooSlow", "Stream consumer too slow") };
  await withRelay(
    { frames: [{ seq: 1, bytes: await goodFrame(1) }, tooSlow] },
    (relay) =>
      withData(async (data) => {
        const slow = await collect(relay, data);
        assert.equal(slow.code, 1);
        assert.match(
          slow.stderr,
          /closed the connection because we read too slowly; going on there/,
        );
        assert.match(
          slow.stderr,
          /^Cannot read ws:.*: the host ended the stream with ConsumerTooSlow\n {2}Run the task again/m,
        );
        assert.deepEqual(relay.connections.map(({ cursor }) => cursor), [null, "1"]);
        assert.equal((await rawRows(data))[0]!.uri, `at://${DID}/app.bsky.feed.post/r1`);
        assert.deepEqual(journalFiles(data), []);
        const runs = await query(data, "SELECT DISTINCT status FROM '{data}/runs/*/*.parquet'");
        assert.deepEqual(runs, [{ status: "failed" }]);
      }),
  );
});

Deno.test("on a host that does not know our cursor the place is found by the time of frames", async () => {
  await withRelay({ frames: small.frames }, (relay) =>
    withData(async (data) => {
      await leaveCursor(data, relay.url, small.frames.at(-1)!.seq + 10_000);
      const run = await collect(relay, data, ["--until", END]);
      assert.equal(run.code, 0, run.stderr);
      assert.match(
        run.stderr,
        /does not know our cursor \(FutureCursor\); finding the place by time/,
      );
      assert.deepEqual(summaryOf(run).reconnects, { FutureCursor: 1 });
      assert.equal((await rawRows(data)).length, expectedRows(small).length);
    }));
});

/** Leave a journal as a killed run leaves it, which had read up to a cursor. */
async function leaveCursor(data: string, url: string, cursor: number) {
  const time = "2026-05-31T00:00:00.000Z";
  const counts = { events: 1, bytes: 100, reconnects: 0, notes: [], posts: [], tombstones: [] };
  const line = { host: new URL(url).host, cursor, event_time: time, seen_at: time, ...counts };
  await Deno.mkdir(`${data}/journal/firehose`, { recursive: true });
  await Deno.writeTextFile(
    `${data}/journal/firehose/20260531-${cursor}.jsonl`,
    `${JSON.stringify(line)}\n`,
  );
}
