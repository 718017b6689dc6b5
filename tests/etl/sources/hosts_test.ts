import assert from "node:assert/strict";
import { sampleFrames } from "../../../demo/sample/frames.ts";
import { publishedPosts } from "../../../demo/sample/published_post.ts";
import { startRelay } from "../../../demo/network/relay.ts";
import { smallSample } from "../../demo/small_sample.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { END } from "./sample_stream.ts";
import { withQuickPauses } from "../../quick_pauses.ts";

const FRAMES = await Array.fromAsync(sampleFrames(smallSample()));
/** A relay counts for itself: the same events under other sequence numbers. */
const OTHERS = await otherRelay();

async function otherRelay() {
  const { decodeFirst, encode } = await import("@atcute/cbor");
  return FRAMES.map(({ bytes }, index) => {
    const [header, rest] = decodeFirst(bytes);
    const [body] = decodeFirst(rest);
    const seq = 77_000 + index;
    const [head, tail] = [encode(header), encode({ ...body, seq })];
    return { seq, bytes: new Uint8Array([...head, ...tail]) };
  });
}

Deno.test("when a host goes away the next one takes over by time, and what comes twice lands once", () =>
  withData(async (data) => {
    const half = FRAMES.length >> 1;
    const first = startRelay({ frames: FRAMES.slice(0, half + 12), startAt: "oldest" });
    const second = startRelay({ frames: OTHERS, startAt: "oldest" });
    const hosts = [first.url, second.url];
    const study = (await Deno.readTextFile("demo/study.yaml"))
      .replace(/relays: .*/, `relays: ${JSON.stringify(hosts)}`);
    await Deno.writeTextFile(`${data}/study.yaml`, study);
    const args = ["sync:firehose", "--data", data, "--study", `${data}/study.yaml`, "--json"];
    const clock = { CIVICSKY_CLOCK: "2026-06-30T00:00:00Z" };
    const before = await runTask([...args, "--until", FRAMES[half]!.time], clock);
    assert.equal(before.code, 0, before.stderr);
    await first.close();
    const after = await withQuickPauses(() => runTask([...args, "--until", END], clock));
    await second.close();
    assert.equal(after.code, 0, after.stderr);
    assert.match(after.stderr, new RegExp(`going on at ${new URL(second.url).host}`));
    const rows = await query(
      data,
      `SELECT uri, rev, count(*) AS n FROM read_parquet('{data}/raw/firehose/*/*.parquet')
       GROUP BY ALL ORDER BY n DESC`,
    );
    assert.equal(rows[0]!.n, 1);
    const versions = publishedPosts(smallSample()).flatMap((post) => post.versions);
    assert.equal(rows.length, versions.length);
    const hostsSeen = await query(
      data,
      "SELECT DISTINCT host FROM read_parquet('{data}/coverage/*/*.parquet') ORDER BY host",
    );
    assert.equal(hostsSeen.length, 2);
  }));

// Invariant 10
Deno.test("a message that no protocol allows ends a run with an error, where no other host has gone on", () =>
  withData(async (data) => {
    const half = FRAMES.length >> 1;
    const huge = { ...FRAMES[half]!, bytes: new Uint8Array(7 * 1024 * 1024) };
    const first = startRelay({ frames: FRAMES.with(half, huge), startAt: "oldest" });
    const second = startRelay({ frames: OTHERS, startAt: "oldest" });
    const collect = async (hosts: string[]) => {
      const study = (await Deno.readTextFile("demo/study.yaml"))
        .replace(/relays: .*/, `relays: ${JSON.stringify(hosts)}`);
      await Deno.writeTextFile(`${data}/study.yaml`, study);
      return await withQuickPauses(() =>
        runTask(
          ["sync:firehose", "--data", data, "--study", `${data}/study.yaml`, "--json"]
            .concat(hosts.length > 1 ? ["--until", END] : ["--for", "1s"]),
          { CIVICSKY_CLOCK: "2026-06-30T00:00:00Z" },
        )
      );
    };
    for (const _ of ["first", "again"]) {
      const alone = await collect([first.url]);
      assert.equal(alone.code, 1);
      assert.match(
        alone.stderr,
        new RegExp(
          `past cursor ${FRAMES[half - 1]!.seq}: it sends a message there that is too large`,
        ),
      );
    }
    const both = await collect([first.url, second.url]);
    await first.close();
    await second.close();
    assert.equal(both.code, 0, both.stderr);
    const [found] = await query(
      data,
      "SELECT count(DISTINCT uri || rev) AS n FROM read_parquet('{data}/raw/firehose/*/*.parquet')",
    );
    const versions = publishedPosts(smallSample()).flatMap((post) => post.versions);
    assert.equal(found!.n, versions.length);
  }));

// Invariant 10
Deno.test("a run that ends before any host has answered has failed, and says so", () =>
  withData(async (data) => {
    const args = ["sync:firehose", "--data", data, "--minutes", "0.005"];
    const run = await runTask([...args, "--relay", "ws://127.0.0.1:1"]);
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      /127\.0\.0\.1:1 did not answer during the run\n {2}Check the address/,
    );
    assert.doesNotMatch(run.stderr, /Uncaught|at file:/);
  }));
