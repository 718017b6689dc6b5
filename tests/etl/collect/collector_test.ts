import assert from "node:assert/strict";
import { toBytes } from "@atcute/cbor";
import { Firehose } from "@skyware/firehose";
import { accountOf } from "../../../demo/sample/account.ts";
import { blockOf, carFile } from "../../../demo/sample/block.ts";
import {
  accountFrame,
  commitFrame,
  encodeFrame,
  errorFrame,
  infoFrame,
} from "../../../demo/sample/frames.ts";
import { startRelay } from "../../../demo/network/relay.ts";
import { Repository } from "../../../demo/sample/repository.ts";
import { FIREHOSE } from "../../../etl/atproto/stream_decoder.ts";
import { Collector } from "../../../etl/collect/collector.ts";
import type { Journal } from "../../../etl/store/journal.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { Quarantine } from "../../../etl/store/quarantine.ts";
import { subjectHash } from "../../../etl/raw/tombstone.ts";
import { mutate, randomNumbers } from "../atproto/mutation.ts";
import { sampleStream, streamTimes } from "../sources/sample_stream.ts";
import "../../common_environment.ts";

const TIME = "2026-06-01T08:00:00.000Z";
const stream = await sampleStream();

interface Line {
  cursor: number;
  first_cursor: number | null;
  event_time: string;
  events: number;
  bytes: number;
  reconnects: number;
  skipped: number;
  set_aside: number;
  notes: string[];
  // deno-lint-ignore no-explicit-any
  posts: any[];
  tombstones: { subject_hash: string; subject_kind: string; reason: string }[];
}

/** Make a collector whose lines are kept in memory. */
function collecting(options: { cursor?: number; from?: Date; until?: Date } = {}) {
  const lines: Line[] = [];
  const journal = { append: (line: unknown) => void lines.push(line as Line) } as Journal;
  const quarantine = new Quarantine(new DataPaths("none"), "firehose");
  const { from, until, cursor } = options;
  const position = { host: "relay", cursor, time: undefined };
  const dependencies = { dialect: { decoder: FIREHOSE }, hashKey: "k", quarantine };
  const collector = new Collector({ ...dependencies, position, from, until });
  const take = (message: Uint8Array | string) => collector.take(message, journal);
  const settle = () => collector.settle(journal, "silence");
  return { lines, journal, quarantine, collector, take, settle };
}

Deno.test("the same frames give the same posts as @skyware/firehose", async () => {
  const relay = startRelay({ frames: stream.frames, startAt: "oldest" });
  const oracle = new Firehose({ relay: relay.url, autoReconnect: false });
  const last = stream.frames.findLast(({ type }) => type === "#commit")!;
  const theirs: unknown[] = [];
  const done = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  oracle.on("close", () => closed.resolve());
  oracle.on("error", ({ error }) => done.reject(error));
  oracle.on("commit", (commit) => {
    for (const op of commit.ops) {
      if (!op.path.startsWith("app.bsky.feed.post/")) continue;
      const uri = `at://${commit.repo}/${op.path}`;
      const at = { cursor: commit.seq, event_time: commit.time };
      if (op.action === "delete") theirs.push({ deleted: subjectHash("k", uri), ...at });
      else {
        const record = JSON.parse(JSON.stringify(op.record));
        theirs.push({ uri, cid: op.cid, rev: commit.rev, text: record.text, record, ...at });
      }
    }
    if (commit.seq === last.seq) done.resolve();
  });
  oracle.start();
  await done.promise;
  oracle.close();
  await closed.promise;
  await relay.close();
  const { lines, quarantine, take, settle } = collecting();
  for (const { bytes } of stream.frames) take(bytes);
  settle();
  assert.deepEqual(quarantine.counts, {});
  const ours = lines.flatMap(({ cursor, event_time, posts, tombstones }) => {
    const at = { cursor, event_time };
    return [
      ...posts.map(({ uri, cid, rev, text, record }) => (
        { uri, cid, rev, text, record: JSON.parse(record), ...at }
      )),
      ...tombstones.filter(({ subject_kind }) => subject_kind === "post")
        .map(({ subject_hash }) => ({ deleted: subject_hash, ...at })),
    ];
  });
  assert.ok(theirs.length > stream.posts.length);
  assert.deepEqual(ours, theirs);
});

// Invariant 9
Deno.test("3,000 damaged frames are counted, and no wrong record is accepted", () => {
  const originals = new Map<string, unknown>();
  for (const { versions } of stream.posts) {
    for (const { cid, record } of versions) originals.set(cid, JSON.parse(JSON.stringify(record)));
  }
  const withPosts = stream.frames.filter(({ post }) => post !== undefined);
  const random = randomNumbers(20261122);
  let accepted = 0;
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    const frames = round % 5 === 0 ? stream.frames : withPosts;
    const { bytes } = frames[random(frames.length)]!;
    const other = frames[random(frames.length)]!.bytes;
    const { take, settle, lines, quarantine, collector } = collecting();
    const damaged = mutate(bytes, other, random);
    const verdict = take(damaged);
    settle();
    assert.ok(verdict === "go_on" || typeof verdict === "object", `round ${round}: ${verdict}`);
    assert.ok(collector.events + quarantine.total <= 2, `round ${round}`);
    refused += quarantine.total;
    for (const { cid, record } of lines.flatMap(({ posts }) => posts)) {
      accepted++;
      assert.deepEqual(JSON.parse(record), originals.get(cid), `round ${round}`);
    }
  }
  assert.ok(accepted > 100 && refused > 1000, `${accepted} accepted, ${refused} refused`);
});

// Invariant 11
Deno.test("an account that is gone, hidden or back leaves a tombstone, one that is only quiet a note", () => {
  const { did } = accountOf("ada");
  const states = [
    "deleted",
    "takendown",
    "suspended",
    "deactivated",
    "state-of-next-year",
    "desynchronized",
    "throttled",
    undefined,
  ];
  const { take, settle, journal, lines, collector } = collecting();
  for (const [index, status] of states.entries()) {
    take(accountFrame(index + 1, TIME, did, status).bytes);
  }
  take(encodeFrame({ op: 1, t: "#sync" }, { seq: 9, time: TIME, did }));
  settle();
  collector.mark(journal);
  const tombstones = lines.flatMap((line) => line.tombstones);
  assert.deepEqual(tombstones.map(({ reason }) => reason), [
    "deleted",
    "takendown",
    "suspended",
    "deactivated",
    "deactivated",
    "active",
  ]);
  assert.ok(tombstones.every(({ subject_hash }) => subject_hash === subjectHash("k", did)));
  assert.deepEqual(lines.flatMap(({ notes }) => notes), ["desynchronized", "throttled", "#sync"]);
  assert.deepEqual([collector.events, collector.deletions], [9, 5]);
  assert.ok(!JSON.stringify(lines).includes(did));
});

// Invariant 11
Deno.test("what a late event takes back is gone, and nothing else of it is read or claimed", async () => {
  const repository = new Repository(accountOf("ada"));
  const path = (rkey: string) => `app.bsky.feed.post/${rkey}`;
  const record = { $type: "app.bsky.feed.post", text: "one", createdAt: TIME };
  const before = Date.parse(TIME) - 720_000;
  await repository.commit([{ action: "create", path: path("one"), record }], before);
  const commit = await repository.commit([
    { action: "delete", path: path("one") },
    { action: "create", path: path("two"), record },
  ], before + 1);
  const late = new Date(before).toISOString();
  const { take, settle, lines, collector, quarantine } = collecting({ from: new Date(TIME) });
  take(
    commitFrame(1, late, commit, {
      ops: [...commit.ops, { action: "create", path: "app.bsky.feed.post/..", cid: null }],
    }).bytes,
  );
  take(accountFrame(2, late, accountOf("bo").did, "deleted").bytes);
  take(accountFrame(3, late, accountOf("cy").did, "throttled").bytes);
  settle();
  const subjects = [`at://${accountOf("ada").did}/${path("one")}`, accountOf("bo").did];
  assert.deepEqual(
    lines.flatMap(({ tombstones }) => tombstones.map(({ subject_hash }) => subject_hash)),
    subjects.map((subject) => subjectHash("k", subject)),
  );
  assert.deepEqual(lines.flatMap(({ posts, notes }) => [...posts, ...notes]), []);
  assert.ok(
    lines.every(({ cursor, events }) => (cursor as number | null) === null && events === 0),
  );
  assert.deepEqual([collector.events, collector.deletions, collector.cursor], [0, 2, 3]);
  assert.deepEqual(quarantine.counts, {});
});

Deno.test("a commit with several posts, likes and deletions is one line with its cursor", async () => {
  const repository = new Repository(accountOf("ada"));
  const path = (rkey: string) => `app.bsky.feed.post/${rkey}`;
  const record = (text: string) => ({ $type: "app.bsky.feed.post", text, createdAt: TIME });
  const create = (rkey: string) => (
    { action: "create" as const, path: path(rkey), record: record(rkey) }
  );
  await repository.commit([create("old")], Date.parse(TIME));
  const commit = await repository.commit([
    create("one"),
    { action: "create", path: "app.bsky.feed.like/x", record: { $type: "app.bsky.feed.like" } },
    { action: "update", path: path("old"), record: record("new") },
    { action: "delete", path: path("one") },
    create("two"),
  ], Date.parse(TIME) + 1);
  const { take, settle, lines } = collecting();
  take(commitFrame(9, TIME, commit).bytes);
  settle();
  assert.equal(lines.length, 1);
  assert.deepEqual(lines[0]!.posts.map(({ rkey, text }) => [rkey, text]), [
    ["old", "new"],
    ["two", "two"],
  ]);
  assert.deepEqual([lines[0]!.tombstones.length, lines[0]!.cursor], [1, 9]);
});

Deno.test("one event whose posts would burst their journal line is set aside from there on", async () => {
  const repository = new Repository(accountOf("ada"));
  const commit = await repository.commit([], Date.parse(TIME));
  const text = "\0".repeat(100_000);
  const block = blockOf({ $type: "app.bsky.feed.post", text, createdAt: TIME });
  const ops = Array.from(
    { length: 200 },
    (_, i) => ({ action: "create", path: `app.bsky.feed.post/r${i}`, cid: block.cid }),
  );
  const blocks = toBytes(await carFile(commit.commit, [block]));
  const { take, settle, lines, quarantine } = collecting();
  take(commitFrame(1, TIME, commit, { ops, blocks }).bytes);
  settle();
  assert.equal(lines[0]!.posts.length + quarantine.counts.event_too_large!, 200);
  const { length } = new TextEncoder().encode(JSON.stringify(lines[0]));
  assert.ok(lines[0]!.posts.length > 0 && length < 33_554_432, `${length} bytes`);
});

// Invariant 1
Deno.test("lines add up to the events of each minute and move the cursor with them", () => {
  const { take, settle, lines, journal, collector } = collecting();
  take(infoFrame("OutdatedCursor", "too old"));
  collector.reconnected();
  for (const { bytes } of stream.frames) take(bytes);
  settle();
  collector.mark(journal);
  collector.mark(journal);
  assert.deepEqual([lines[0]!.notes, lines[0]!.reconnects], [["OutdatedCursor"], 1]);
  const times = streamTimes(stream.frames, true);
  let next = stream.frames[0]!.seq;
  for (const { first_cursor, cursor, events, event_time, bytes } of lines) {
    const of = stream.frames.filter(({ seq }) => seq >= next && seq <= cursor);
    assert.deepEqual([first_cursor, events], [next, of.length]);
    assert.equal(bytes, of.reduce((sum, frame) => sum + frame.bytes.length, 0));
    for (const { seq } of of) {
      assert.equal(times[seq - stream.frames[0]!.seq]!.slice(0, 16), event_time.slice(0, 16));
    }
    next = cursor + 1;
  }
  assert.equal(next, stream.frames.at(-1)!.seq + 1);
});

Deno.test("what is not behind the cursor or not before the end is left out", () => {
  const [first] = stream.frames as [typeof stream.frames[0]];
  const until = new Date(stream.frames[40]!.time);
  const { take, settle, collector } = collecting({ cursor: first.seq, until });
  for (const { bytes } of stream.frames.slice(0, 60)) assert.equal(take(bytes), "go_on");
  assert.equal(settle(), "until_reached");
  assert.deepEqual([collector.repeated, collector.events], [1, 39]);
  assert.equal(collector.cursor, stream.frames[39]!.seq);
  const error = errorFrame("ConsumerTooSlow", "slow");
  assert.deepEqual(take(error), { error: "ConsumerTooSlow" });
});

// Invariant 9
Deno.test("a bad op costs itself alone, and what we cannot read is not what a host left out", async () => {
  const repository = new Repository(accountOf("ada"));
  const record = { $type: "app.bsky.feed.post", text: "one", createdAt: TIME };
  const path = "app.bsky.feed.post/one";
  const commit = await repository.commit([{ action: "create", path, record }], Date.parse(TIME));
  const op = { action: "create", path, cid: commit.ops[0]!.cid };
  const ops = [
    { ...op, path: "app.bsky.feed.like/.." },
    { ...op, action: "move", path: "app.bsky.feed.post/two" },
    op,
    { action: "delete", path: "app.bsky.feed.post/..", cid: null },
  ];
  const { take, settle, lines, quarantine, collector, journal } = collecting();
  take(commitFrame(1, TIME, commit, { ops }).bytes);
  settle();
  assert.deepEqual(lines[0]!.posts.map(({ rkey }) => rkey), ["one"]);
  assert.deepEqual([lines[0]!.tombstones, quarantine.counts], [[], { malformed_op: 2 }]);
  // Of the sequence numbers 2 to 9 two came and could not be read.
  take("{}");
  take(new Uint8Array([7]));
  take(commitFrame(10, TIME, commit, { ops: [] }).bytes);
  take("{}");
  take(commitFrame(12, TIME, commit, { ops: [] }).bytes);
  settle();
  collector.mark(journal);
  const sum = (key: "skipped" | "set_aside") => lines.reduce((n, line) => n + line[key], 0);
  assert.deepEqual([sum("skipped"), sum("set_aside")], [6, 3]);
});

// Invariant 14
Deno.test("a message that cannot be read stands for one missing number, however often it comes", async () => {
  const commit = await new Repository(accountOf("ada")).commit([], Date.parse(TIME));
  const event = (seq: number) => commitFrame(seq, TIME, commit, { ops: [] }).bytes;
  const junk = (...numbers: number[]) => numbers.map((number) => new Uint8Array([7, number]));
  type Step = Uint8Array | "cut";
  const streams: [steps: Step[], skipped: number, setAside: number, quarantined: number][] = [
    [[event(1), ...junk(1, 2), event(4)], 0, 2, 2],
    [[event(1), ...junk(1, 1, 1), event(4)], 1, 1, 1],
    // Behind a cut comes again what lies behind the cursor, or what stands for it.
    [[event(1), ...junk(1), "cut", ...junk(1), event(4)], 1, 1, 1],
    [[event(1), ...junk(1), "cut", ...junk(1, 2), event(4)], 0, 2, 2],
    [[event(1), ...junk(1), "cut", ...junk(3), event(4)], 1, 1, 2],
    [[event(1), ...junk(1), "cut", event(1), ...junk(1), event(4)], 1, 1, 1],
    [[event(1), ...junk(1), "cut", event(4)], 2, 0, 1],
    // Behind an event the same bytes are another message.
    [[event(1), ...junk(1), event(3), ...junk(1), event(5)], 0, 2, 2],
  ];
  for (const [steps, ...counts] of streams) {
    const { take, settle, lines, quarantine, collector, journal } = collecting();
    for (const step of steps) {
      if (step === "cut") collector.reconnected();
      else take(step);
    }
    settle();
    collector.mark(journal);
    const sum = (key: "skipped" | "set_aside") => lines.reduce((n, line) => n + line[key], 0);
    assert.deepEqual([sum("skipped"), sum("set_aside"), quarantine.total], counts);
  }
});

Deno.test("a text message is set aside", () => {
  const { take, quarantine, collector } = collecting();
  assert.equal(take("{}"), "go_on");
  assert.deepEqual([quarantine.counts, collector.cursor], [{ malformed_frame: 1 }, undefined]);
});
