import assert from "node:assert/strict";
import { query, withData } from "../../rows.ts";
import { collect, journalFiles, rawRows, summaryOf, withRelay } from "./firehose_run.ts";
import { END, expectedRows, expectedTombstones, sampleStream, untilEnd } from "./sample_stream.ts";
import { assertAll, assertCoverage, small, smallSeqs } from "./small_stream.ts";
import { withQuickPauses } from "../../quick_pauses.ts";

Deno.test("every post of the sample becomes one raw row, field by field", async () => {
  const stream = await sampleStream();
  const until = untilEnd(stream);
  await withRelay({ frames: stream.frames }, (relay) =>
    withData(async (data) => {
      const clock = { CIVICSKY_CLOCK: "2026-06-08T12:34:56Z" };
      const run = await collect(relay, data, ["--until", END], clock);
      assert.equal(run.code, 0, run.stderr);
      const expected = expectedRows({ ...stream, frames: until });
      const rows = await rawRows(data);
      assert.ok(rows.length > stream.posts.length, "the sample has an updated post");
      const columns = Object.keys(expected[0]!);
      assert.deepEqual(
        rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]]))),
        expected,
      );
      for (const row of rows) {
        assert.equal(row.host, new URL(relay.url).host);
        assert.equal(row.seen_at, "2026-06-08 12:34:56");
        assert.deepEqual(
          [row.feed, row.rank, row.like_count, row.author_handle],
          Array(4).fill(null),
        );
      }
      // Invariant 11
      const key = await Deno.readTextFile(`${data}/.hash_key`);
      const tombstones = await query(
        data,
        `SELECT subject_hash, subject_kind, reason,
           strftime(event_time, '%Y-%m-%dT%H:%M:%S.%gZ') AS event_time, cursor
         FROM read_parquet('{data}/raw/tombstones/*/*.parquet') ORDER BY cursor`,
      );
      const removed = expectedTombstones({ ...stream, frames: until }, key);
      assert.ok(removed.some((row) => row.subject_kind === "account"));
      assert.ok(removed.filter((row) => row.subject_kind === "post").length > 1);
      assert.deepEqual(tombstones, removed);
      for (
        const entry of await Array.fromAsync(Deno.readDir(`${data}/raw/tombstones/date=2026-06-08`))
      ) {
        const bytes = await Deno.readFile(`${data}/raw/tombstones/date=2026-06-08/${entry.name}`);
        assert.doesNotMatch(new TextDecoder("latin1").decode(bytes), /at:\/\/|did:plc:/);
      }
      await assertCoverage(data, until);
      assert.deepEqual(journalFiles(data), []);
      const summary = summaryOf(run);
      assert.deepEqual(
        [summary.posts, summary.deletions, summary.events, summary.set_aside],
        [
          expected.length,
          removed.filter(({ reason }) => reason !== "active").length,
          until.length,
          {},
        ],
      );
    }));
});

// Invariant 1
Deno.test("runs that end at a limit, a time or a signal go on where they ended", async () => {
  await withRelay({ frames: small.frames }, (relay) =>
    withData(async (data) => {
      const limited = await collect(relay, data, ["--limit", "2"]);
      assert.deepEqual([limited.code, summaryOf(limited).posts], [0, 2], limited.stderr);
      const ends: number[] = [await lastCursor(data)];
      const until = small.frames.find(({ seq }) => seq > ends[0]! + 10)!;
      const timed = await collect(relay, data, ["--until", until.time]);
      assert.equal(timed.code, 0, timed.stderr);
      ends.push(await lastCursor(data));
      assert.equal(ends[1], until.seq - 1);
      const short = await collect(relay, data, ["--minutes", "0.02", "--relay", `${relay.url}/`]);
      assert.equal(short.code, 0, short.stderr);
      assert.equal(await lastCursor(data), smallSeqs.at(-1));
      assert.deepEqual(
        relay.connections.map(({ cursor }) => cursor),
        [null, ...ends.map(String)],
      );
      await assertAll(data);
    }));
});

Deno.test("a relay that is not there ends the run with its address and what to check", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await withData(async (data) => {
    const run = await withQuickPauses(() => collect({ url: `ws://127.0.0.1:${port}` }, data));
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      new RegExp(`Cannot read ws://127.0.0.1:${port}/xrpc/.*: .* cannot be reached`),
    );
    assert.match(run.stderr, /\n {2}Check the address/);
    assert.doesNotMatch(run.stderr, /\n\s+at /);
  });
});

Deno.test("a relay that sends nothing, or nothing that can be read, is warned of", async () => {
  const warningsOf = async (frames: { seq: number; bytes: Uint8Array<ArrayBuffer> }[]) => {
    let warnings: string[] = [];
    await withRelay({ frames }, (relay) =>
      withData(async (data) => {
        const { code, stdout, stderr } = await collect(relay, data, ["--for", "2s"]);
        assert.equal(code, 0, stderr);
        warnings = JSON.parse(stdout).warnings;
      }));
    return warnings.join().replaceAll(/127\.0\.0\.1:\d+/g, "relay");
  };
  const unreadable = [1, 2, 3].map((seq) => ({ seq, bytes: new Uint8Array([seq]) }));
  assert.match(await warningsOf([]), /^relay answered and sent nothing in [\d.]+ s$/);
  assert.match(await warningsOf(unreadable), /^none of 3 messages of relay could be read: is it/);
  assert.equal(await warningsOf([...unreadable, ...small.frames]), "");
});

Deno.test("wrong options are usage errors that name the option", async () => {
  await withData(async (data) => {
    const runs = await Promise.all([
      collect({ url: "ws://127.0.0.1:1" }, data, ["--limit", "0"]),
      collect({ url: "ws://127.0.0.1:1" }, data, ["--relay", "https://127.0.0.1:1"]),
    ]);
    assert.deepEqual(runs.map(({ code }) => code), [2, 2]);
    assert.match(runs[0]!.stderr, /--limit "0" is not a whole number above zero/);
    assert.match(runs[1]!.stderr, /--relay ".*" is not a URL that starts with wss:/);
  });
});

async function lastCursor(data: string): Promise<number> {
  const [row] = await query<{ last: number }>(
    data,
    `SELECT max(last_cursor) AS last FROM read_parquet('{data}/coverage/*/*.parquet')`,
  );
  return row!.last;
}
