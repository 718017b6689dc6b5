import assert from "node:assert/strict";
import { sampleFrames } from "../../../demo/sample/frames.ts";
import { type Jetstream, startJetstream } from "../../../demo/network/jetstream.ts";
import { jetstreamEvents } from "../../../demo/network/jetstream_event.ts";
import { startRelay } from "../../../demo/network/relay.ts";
import { readSample } from "../../../demo/sample/sample.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

const FRAMES = await Array.fromAsync(sampleFrames(readSample()));
const EVENTS = await Array.fromAsync(jetstreamEvents(FRAMES));
const UNTIL = "2026-06-08T00:00:00Z";
/** Later than all events: our clock is none that the stream could be ahead of. */
const PRESENT = "2026-06-10T00:00:00Z";

async function withJetstream(use: (jetstream: Jetstream) => Promise<void>): Promise<void> {
  const jetstream = startJetstream({ events: EVENTS, startAt: "oldest" });
  try {
    await use(jetstream);
  } finally {
    await jetstream.close();
  }
}

async function collect(url: string, data: string, clock: string, ...args: string[]) {
  const all = ["sync:jetstream", "--data", data, "--study", "demo/study.yaml", "--json", ...args];
  const run = await runTask(all, { BLUESKY_JETSTREAM: url, CIVICSKY_CLOCK: clock });
  assert.equal(run.code, 0, run.stderr);
  return JSON.parse(run.stdout);
}

/** Everything of a raw row but what names the stream; the record without regard to key order. */
async function rawRows(data: string, source: string) {
  const rows = await query(
    data,
    `SELECT * EXCLUDE (cursor, host, seen_at, event_time, date)
     FROM read_parquet('{data}/raw/${source}/*/*.parquet') ORDER BY uri, rev`,
  );
  return rows.map((row) => ({ ...row, record: JSON.parse(String(row.record)) }));
}

Deno.test("Jetstream gives the rows and tombstones that the firehose gives", () =>
  withJetstream((jetstream) =>
    withData(async (data) => {
      const relay = startRelay({ frames: FRAMES, startAt: "oldest" });
      const summary = await collect(jetstream.url, data, PRESENT, "--until", UNTIL);
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
      const said = (host: string) =>
        query(
          data,
          `SELECT subject_hash, reason FROM read_parquet('{data}/raw/tombstones/*/*.parquet')
           WHERE host = '${new URL(host).host}' ORDER BY ALL`,
        );
      const tombstones = await said(jetstream.url);
      assert.ok(tombstones.filter(({ reason }) => reason !== "active").length >= 8);
      assert.deepEqual(tombstones, await said(relay.url));
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
        const summary = await collect(jetstream.url, data, clock);
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
      const late = await collect(jetstream.url, data, PRESENT, ...until("5T12"));
      // The event at which the last run ended comes again, as it is asked for by its time.
      assert.deepEqual([late.repeated <= 1, late.reconnects], [true, {}]);
      const [raw] = await query(
        data,
        `SELECT count(*) AS n, count(DISTINCT uri || rev) AS versions
         FROM read_parquet('{data}/raw/jetstream/*/*.parquet')`,
      );
      await withData(async (other) => {
        const all = await collect(jetstream.url, other, PRESENT, ...until("5T12"));
        assert.deepEqual([raw!.n, raw!.versions], [all.posts, all.posts]);
        assert.ok(all.posts > 200);
      });
    })
  ));
