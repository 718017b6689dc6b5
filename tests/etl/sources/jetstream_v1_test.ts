import assert from "node:assert/strict";
import { sampleFrames } from "../../../demo/sample/frames.ts";
import { jetstreamEvents } from "../../../demo/network/jetstream_event.ts";
import { startRelay } from "../../../demo/network/relay.ts";
import { readSample } from "../../../demo/sample/sample.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { COVERAGE } from "../../../etl/store/tables.ts";
import { withQuickPauses } from "../../quick_pauses.ts";
import { query, withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { runTask } from "../../task.ts";
import { openDoor, startJetstreamV1, v1Events } from "./jetstream_v1_host.ts";
import { post, START } from "./jetstream_posts.ts";
import {
  assertEachOnce,
  collect,
  coverageNotes,
  PRESENT,
  rawRows,
  tombstonesOf,
  UNTIL,
} from "./jetstream_run.ts";

const FRAMES = await Array.fromAsync(sampleFrames(readSample()));
const EVENTS = v1Events(jetstreamEvents(FRAMES));
const SAID = /127\.0\.0\.1:\d+ serves version 1 of Jetstream: reading \/subscribe\n/g;

async function withHost(
  options: Parameters<typeof startJetstreamV1>[0],
  use: (host: ReturnType<typeof startJetstreamV1>) => Promise<void>,
): Promise<void> {
  const host = startJetstreamV1({ startAt: "oldest", ...options });
  try {
    await use(host);
  } finally {
    await host.close();
  }
}

/** Let a data folder have read the host from one time to another. */
async function hasRead(
  data: string,
  url: string,
  [from, until]: [number, number],
  cursors: Record<string, number>,
): Promise<void> {
  const [covered_from, covered_until] = [from, until].map((at) =>
    new Date(at / 1000).toISOString()
  );
  const { host } = new URL(url);
  const row = { source: "jetstream", host, minute: covered_from, covered_from, covered_until };
  const path = new DataPaths(data).coveragePart(covered_from!.slice(0, 10), "before");
  await writeRows(COVERAGE, [{ ...row, events: 1, ...cursors }], path);
}

async function firehose(data: string, until: string) {
  const relay = startRelay({ frames: FRAMES, startAt: "oldest" });
  const args = ["sync:firehose", "--data", data, "--study", "demo/study.yaml", "--until", until];
  await runTask(args, { BLUESKY_RELAY: relay.url, CIVICSKY_CLOCK: PRESENT });
  await relay.close();
  return new URL(relay.url).host;
}

Deno.test("a host of version 1 gives the rows and tombstones that the firehose gives, and is named in coverage, methods and status", () =>
  withHost({ events: EVENTS }, (host) =>
    withData(async (data) => {
      const { summary, stderr } = await collect(host.url, data, PRESENT, "--until", UNTIL);
      assert.equal(stderr.match(SAID)?.length, 1, stderr);
      assert.deepEqual([summary.reconnects, summary.set_aside], [{}, {}]);
      const relay = await firehose(data, UNTIL);
      assert.deepEqual(await rawRows(data, "jetstream"), await rawRows(data, "firehose"));
      assert.equal(summary.posts, (await rawRows(data, "firehose")).length);
      const { host: name } = new URL(host.url);
      const tombstones = await tombstonesOf(data, name);
      assert.ok(tombstones.filter(({ reason }) => reason !== "active").length >= 8);
      assert.deepEqual(tombstones, await tombstonesOf(data, relay));
      const [marked] = await query(
        data,
        `SELECT count(*) AS n, count_if(list_contains(notes, 'JetstreamV1')) AS noted,
           sum(skipped) AS skipped, min(first_cursor) > 1e15 AS is_time
         FROM read_parquet('{data}/coverage/*/*.parquet') WHERE source = 'jetstream'`,
      );
      assert.ok((marked!.n as number) > 100);
      assert.deepEqual(marked, { n: marked!.n, noted: marked!.n, skipped: 0, is_time: true });
      assert.ok(!(await coverageNotes(data, "firehose")).includes("JetstreamV1"));
      const env = { CIVICSKY_CLOCK: PRESENT };
      const said = new RegExp(`${name} served version 1 of Jetstream, which numbers nothing`);
      const status = await runTask(["status", "--data", data], env);
      assert.match(status.stdout.replace(/\n +/g, " "), said);
      const facts = await runTask(["methods", "--data", data, "--json"], env);
      assert.equal(facts.code, 0, facts.stderr);
      const page = await Deno.readTextFile(JSON.parse(facts.stdout).files[0]);
      assert.match(page.replace(/\n +/g, " "), said);
    })));

Deno.test("runs at odd times collect what is owed of a host of version 1, each post once", () =>
  withHost({ events: EVENTS }, (host) =>
    withData(async (data) => {
      const clocks = ["2026-06-01T05:17:00Z", "2026-06-01T05:29:00Z", "2026-06-02T03:00:00Z"];
      for (const clock of clocks) {
        const { summary } = await collect(host.url, data, clock);
        assert.deepEqual([summary.owed_hours, summary.missed_hours], [0, 0], clock);
      }
      await firehose(data, clocks.at(-1)!);
      await assertEachOnce(data, "event_time >= TIMESTAMP '2026-06-01 05:00:00'");
    })));

Deno.test("events of one microsecond all land, also where the connection or the run ends between them", () =>
  withQuickPauses(async () => {
    // Posts 100 and 101, and 120 to 122, have a microsecond in common; 121 and 122 are of it alone.
    const times = (index: number) =>
      START + [[101, 100], [121, 120], [122, 120]]
          .reduce((at, [from, to]) => index === from ? to! : at, index) * 1_000_000;
    const events = Array.from({ length: 800 }, (_, index) => post(index, times(index)));
    const until = ["--until", "2026-06-01T08:03:00Z"];
    for (const dropAfter of [undefined, 101, 121, 122]) {
      await withHost(
        { events, startAt: "live", ...(dropAfter && { dropAfter }) },
        (host) =>
          withData(async (data) => {
            await hasRead(data, host.url, [START, START], { last_cursor: START });
            const { summary } = await collect(host.url, data, PRESENT, ...until);
            assert.equal(summary.posts, 180);
            const again = { 101: 1, 121: 1, 122: 2 }[dropAfter ?? 0] ?? 0;
            assert.deepEqual([summary.repeated, summary.infos], [again, {}], String(dropAfter));
            assert.equal((await rawRows(data, "jetstream")).length, 180);
          }),
      );
    }
    for (const limit of [101, 121, 122]) {
      await withHost({ events }, (host) =>
        withData(async (data) => {
          const first = await collect(host.url, data, PRESENT, "--limit", String(limit));
          const rest = await collect(host.url, data, PRESENT, ...until);
          assert.deepEqual([first.summary.posts, rest.summary.posts], [limit, 180 - limit]);
          const rows = await rawRows(data, "jetstream");
          assert.equal(new Set(rows.map(({ uri }) => uri)).size, 180);
        }));
    }
  }));

// Invariant 14
Deno.test("a host of version 1 that dropped what was asked for says nothing, and nothing of that time is claimed", () =>
  withData(async (data) => {
    const events = Array.from({ length: 900 }, (_, index) => post(index));
    // The door keeps the name of the host.
    const [before, after] = [events.slice(0, 300), events.slice(600)];
    const first = startJetstreamV1({ events: before, startAt: "oldest" });
    const door = openDoor(first.url);
    await collect(door.url, data, PRESENT, "--limit", "250");
    const second = startJetstreamV1({ events: after, startAt: "oldest" });
    door.leadTo(second.url);
    const { summary } = await collect(door.url, data, PRESENT, "--limit", "200");
    await Promise.all([door.close(), first.close(), second.close()]);
    assert.deepEqual(summary.infos, { OutdatedCursor: 1 });
    const spans = await query(
      data,
      `SELECT count(*) AS n FROM read_parquet('{data}/coverage/*/*.parquet')
       WHERE covered_from < TIMESTAMP '2026-06-01 08:09:00'
         AND covered_until > TIMESTAMP '2026-06-01 08:05:00'`,
    );
    assert.equal(spans[0]!.n, 0);
    assert.ok((await coverageNotes(data, "jetstream")).includes("OutdatedCursor"));
  }));

// Invariant 14
Deno.test("hours before the oldest event of a host of version 1 are missed, not collected", () =>
  withData(async (data) => {
    const START_OF_HOST = Date.parse("2026-06-01T09:20:00Z") * 1000;
    const events = Array.from({ length: 1500 }, (_, i) => post(i, START_OF_HOST + i * 1_000_000));
    await withHost({ events }, async (host) => {
      const { summary } = await collect(host.url, data, "2026-06-01T09:40:00Z");
      assert.equal(summary.owed_hours, 0);
      // The time at the first events is not known to the second.
      assert.ok(summary.missed_hours >= 0.33 && summary.missed_hours <= 0.35);
      const [span] = await query(
        data,
        `SELECT min(covered_from) >= TIMESTAMP '2026-06-01 09:20:00' AS is_true, count(*) AS n
         FROM read_parquet('{data}/coverage/*/*.parquet')`,
      );
      assert.equal(span!.is_true, true);
      assert.ok((span!.n as number) > 10);
    });
  }));

Deno.test("a stretch ends behind the cursor at which the next one began, and at its time where that is of version 2", () =>
  withData(async (data) => {
    const events = Array.from({ length: 2400 }, (_, i) => post(i, START + (i - 600) * 1_000_000));
    for (const first_cursor of [25_000_000_001, START + 600_000_000, START + 599_000_000]) {
      await withHost({ events }, async (host) => {
        const read: [number, number] = [START + 600_000_000, START + 1_200_000_000];
        const last_cursor = first_cursor + 600;
        await hasRead(data, host.url, read, { first_cursor, last_cursor });
        const { summary } = await collect(host.url, data, "2026-06-01T08:20:00Z");
        // Of the microsecond of the cursor, what lies before the end is taken.
        assert.deepEqual([summary.posts, summary.owed_hours], [600, 0], String(first_cursor));
      });
      await Deno.remove(data, { recursive: true });
      await Deno.mkdir(data);
    }
  }));

Deno.test("events of version 1 that cannot be read are set aside alone", () =>
  withData(async (data) => {
    const events = Array.from({ length: 100 }, (_, index) => post(index));
    const spoil = (index: number, change: (event: Record<string, unknown>) => unknown) => {
      const changed = change(JSON.parse(events[index]!.text));
      events[index] = {
        ...events[index]!,
        text: typeof changed === "string" ? changed : JSON.stringify(changed),
      };
    };
    spoil(10, (event) => ({ ...event, time_us: "soon" }));
    spoil(20, (event) => ({ ...event, time_us: 17 }));
    spoil(30, () => "{");
    spoil(40, (event) => ({ ...event, commit: null }));
    spoil(50, (event) => ({ ...event, did: "nobody" }));
    spoil(60, (event) => ({ ...event, commit: { ...event.commit as object, cid: "b" } }));
    spoil(70, (event) => ({ ...event, commit: { ...event.commit as object, record: 1 } }));
    await withHost({ events }, async (host) => {
      const { summary } = await collect(host.url, data, PRESENT, "--limit", "93");
      assert.deepEqual(summary.set_aside, { malformed_frame: 5, malformed_op: 2 });
      assert.equal((await rawRows(data, "jetstream")).length, 93);
    });
  }));
