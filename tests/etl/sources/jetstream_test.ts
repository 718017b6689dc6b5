import assert from "node:assert/strict";
import { sampleFrames } from "../../../demo/sample/frames.ts";
import { type Jetstream, startJetstream } from "../../../demo/network/jetstream.ts";
import { jetstreamEvents } from "../../../demo/network/jetstream_event.ts";
import { startRelay } from "../../../demo/network/relay.ts";
import { readSample } from "../../../demo/sample/sample.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { collect, PRESENT, rawRows, tombstonesOf, UNTIL } from "./jetstream_run.ts";

const FRAMES = await Array.fromAsync(sampleFrames(readSample()));
const EVENTS = await Array.fromAsync(jetstreamEvents(FRAMES));

async function withJetstream(use: (jetstream: Jetstream) => Promise<void>): Promise<void> {
  const jetstream = startJetstream({ events: EVENTS, startAt: "oldest" });
  try {
    await use(jetstream);
  } finally {
    await jetstream.close();
  }
}

Deno.test("Jetstream gives the rows and tombstones that the firehose gives", () =>
  withJetstream((jetstream) =>
    withData(async (data) => {
      const relay = startRelay({ frames: FRAMES, startAt: "oldest" });
      const { summary } = await collect(jetstream.url, data, PRESENT, "--until", UNTIL);
      const fire = [
        "sync:firehose",
        "--data",
        data,
        "--study",
        "demo/study.yaml",
        "--until",
        UNTIL,
      ];
      await runTask(fire, { BLUESKY_RELAY: relay.url, CIVICSKY_CLOCK: PRESENT });
      await relay.close();
      assert.deepEqual(await rawRows(data, "jetstream"), await rawRows(data, "firehose"));
      assert.equal(summary.posts, (await rawRows(data, "firehose")).length);
      const tombstones = await tombstonesOf(data, new URL(jetstream.url).host);
      assert.ok(tombstones.filter(({ reason }) => reason !== "active").length >= 8);
      assert.deepEqual(tombstones, await tombstonesOf(data, new URL(relay.url).host));
      assert.deepEqual(jetstream.connections[0]!.collections, ["app.bsky.feed.post"]);
      const [skipped] = await query(
        data,
        "SELECT sum(skipped) AS n FROM read_parquet('{data}/coverage/*/*.parquet') WHERE source = 'jetstream'",
      );
      assert.equal(skipped!.n, 0);
    })
  ));

Deno.test("runs at odd times collect what is owed, each post once, from the hour of the first run on", () =>
  withJetstream((jetstream) =>
    withData(async (data) => {
      const clocks = ["2026-06-01T05:17:00Z", "2026-06-01T05:29:00Z", "2026-06-02T03:00:00Z"];
      for (const clock of clocks) {
        const { summary } = await collect(jetstream.url, data, clock);
        assert.deepEqual([summary.owed_hours, summary.missed_hours], [0, 0], clock);
      }
      const uris = (await rawRows(data, "jetstream")).map((row) =>
        `${(row as { uri?: string }).uri} ${(row as { rev?: string }).rev}`
      );
      assert.equal(new Set(uris).size, uris.length);
      const relay = startRelay({ frames: FRAMES, startAt: "oldest" });
      await runTask(
        ["sync:firehose", "--data", data, "--study", "demo/study.yaml", "--until", clocks.at(-1)!],
        { BLUESKY_RELAY: relay.url, CIVICSKY_CLOCK: PRESENT },
      );
      await relay.close();
      const [fire] = await query(
        data,
        `SELECT count(*) AS n FROM read_parquet('{data}/raw/firehose/*/*.parquet')
         WHERE event_time >= TIMESTAMP '2026-06-01 05:00:00'`,
      );
      assert.equal(uris.length, fire!.n);
    })
  ));

Deno.test("by hand, a run after a long pause goes on where the last one ended", () =>
  withJetstream((jetstream) =>
    withData(async (data) => {
      const until = (hour: string) => ["--until", `2026-06-0${hour}:00:00Z`];
      await collect(jetstream.url, data, PRESENT, ...until("1T12"));
      const { summary: late } = await collect(jetstream.url, data, PRESENT, ...until("5T12"));
      // The event at which the last run ended comes again, as it is asked for by its time.
      assert.deepEqual([late.repeated <= 1, late.reconnects], [true, {}]);
      const [raw] = await query(
        data,
        `SELECT count(*) AS n, count(DISTINCT uri || rev) AS versions
         FROM read_parquet('{data}/raw/jetstream/*/*.parquet')`,
      );
      await withData(async (other) => {
        const { summary: all } = await collect(jetstream.url, other, PRESENT, ...until("5T12"));
        assert.deepEqual([raw!.n, raw!.versions], [all.posts, all.posts]);
        assert.ok(all.posts > 200);
      });
    })
  ));
