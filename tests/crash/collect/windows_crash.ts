import assert from "node:assert/strict";
import { sampleFrames } from "../../../demo/sample/frames.ts";
import { publishedPosts } from "../../../demo/sample/published_post.ts";
import { startRelay } from "../../../demo/network/relay.ts";
import { readSample } from "../../../demo/sample/sample.ts";
import { type Windows, windowsOfDay } from "../../../etl/study/window.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

const SAMPLE = readSample();
const FRAMES = await Array.fromAsync(sampleFrames(SAMPLE));
const POSTS = publishedPosts(SAMPLE);
const DAYS = [1, 2, 3, 4, 5, 6, 7].map((day) => `2026-06-0${day}`);

/** Run the task at each instant against a relay that holds the whole sample. */
async function collectAt(
  data: string,
  windows: Windows,
  instants: string[],
  frames = FRAMES,
) {
  const study = (await Deno.readTextFile("demo/study.yaml"))
    .replace("windows: all", `windows: ${JSON.stringify(windows)}`);
  await Deno.writeTextFile(`${data}/study.yaml`, study);
  const relay = startRelay({ frames, startAt: "oldest" });
  // deno-lint-ignore no-explicit-any
  const summaries: any[] = [];
  try {
    for (const instant of instants) {
      const args = ["sync:firehose", "--data", data, "--study", `${data}/study.yaml`, "--json"];
      const run = await runTask(args, { BLUESKY_RELAY: relay.url, CIVICSKY_CLOCK: instant });
      assert.equal(run.code, 0, run.stderr);
      summaries.push(JSON.parse(run.stdout));
    }
  } finally {
    await relay.close();
  }
  return summaries;
}

async function collected(data: string): Promise<string[]> {
  const rows = await query(data, "SELECT uri FROM read_parquet('{data}/raw/firehose/*/*.parquet')");
  return rows.map((row) => String(row.uri)).sort();
}

/** The posts, and their edits, that fall into windows of which some had closed before `first`. */
function expected(windows: Windows, first: string, last: string): string[] {
  const spans = DAYS.flatMap((day) => windowsOfDay(windows, day))
    .filter((window) => window.until > new Date(first) && window.from < new Date(last));
  return POSTS.flatMap(({ uri, versions }) =>
    versions.filter(({ time }) =>
      time < Date.parse(last) &&
      spans.some(({ from, until }) => from.getTime() <= time && time < until.getTime())
    ).map(() => uri)
  ).sort();
}

/** Give the hours from a time to the fifth frame of a host, which proves the time of the first ones. */
function untilProven(frames: { time: string }[], from: string): number {
  return (Date.parse(frames[4]!.time) - Date.parse(from)) / 3_600_000;
}

Deno.test("with windows all, runs at odd times leave nothing out and take nothing twice", () =>
  withData(async (data) => {
    const instants = [
      "2026-06-01T05:17:00Z",
      "2026-06-01T05:27:00Z",
      "2026-06-02T23:59:00Z",
      "2026-06-03T00:01:00Z",
      "2026-06-05T12:00:00Z",
    ];
    const summaries = await collectAt(data, "all", instants);
    assert.deepEqual(await collected(data), expected("all", instants[0]!, instants.at(-1)!));
    // In the night an event comes every quarter of an hour: the first runs can prove too little.
    const owed = summaries.map(({ owed_hours }) => owed_hours);
    assert.ok(owed.slice(0, 2).every((hours) => hours < 0.5), `${owed}`);
    assert.deepEqual(owed.slice(2), [0, 0, 0]);
    assert.deepEqual(summaries.map(({ missed_hours }) => missed_hours), [0, 0, 0, 0, 0]);
  }));

for (const windows of [{ fixed: [14, 15, 21] }, { spread: 4, seed: 3 }] as Windows[]) {
  Deno.test(`with windows ${JSON.stringify(windows)} exactly the owed hours are collected`, () =>
    withData(async (data) => {
      const instants = ["2026-06-01T00:05:00Z", "2026-06-02T15:30:00Z", "2026-06-04T12:00:00Z"];
      const summaries = await collectAt(data, windows, instants);
      assert.deepEqual(await collected(data), expected(windows, instants[0]!, instants.at(-1)!));
      assert.equal(summaries.at(-1)!.owed_hours, 0);
      const laid = await query(
        data,
        "SELECT opens_at, window_prob FROM read_parquet('{data}/windows/*/*.parquet') ORDER BY opens_at",
      );
      assert.equal(
        laid.length,
        DAYS.slice(0, 4).flatMap((day) => windowsOfDay(windows, day)).length,
      );
      const probability = "spread" in (windows as object) ? 4 / 24 : null;
      assert.ok(laid.every((row) => row.window_prob === probability));
    }));
}

Deno.test("what is out of the replay range is counted as missed, and said", () =>
  withData(async (data) => {
    await collectAt(data, { fixed: [12] }, ["2026-06-01T00:05:00Z"]);
    const [late] = await collectAt(data, { fixed: [12] }, ["2026-06-06T00:00:00Z"]);
    assert.equal(late!.missed_hours, 2);
    assert.equal(late!.owed_hours, 0);
    const days = await query<{ day: string }>(
      data,
      "SELECT DISTINCT event_time::DATE AS day FROM read_parquet('{data}/raw/firehose/*/*.parquet') ORDER BY day",
    );
    assert.deepEqual(days.map(({ day }) => day), ["2026-06-03", "2026-06-04", "2026-06-05"]);
  }));

Deno.test("after a long outage a relay is asked for all of it, whatever relays usually hold", () =>
  withData(async (data) => {
    const instants = ["2026-06-01T00:00:00Z", "2026-06-01T12:00:00Z", "2026-06-06T12:30:00Z"];
    const summaries = await collectAt(data, "all", instants);
    assert.deepEqual(await collected(data), expected("all", instants[0]!, instants.at(-1)!));
    // The minutes before the first events of all are no longer owed.
    const { owed_hours, missed_hours } = summaries.at(-1)!;
    assert.equal(owed_hours, 0);
    assert.ok(Math.abs(missed_hours - untilProven(FRAMES, instants[0]!)) < 0.01, missed_hours);
  }));

Deno.test("what a relay says that it no longer has is missed, and not asked for again", () =>
  withData(async (data) => {
    await collectAt(data, "all", ["2026-06-01T00:00:00Z", "2026-06-01T12:00:00Z"]);
    const held = FRAMES.filter(({ time }) => time >= "2026-06-04T00:00");
    const instants = ["2026-06-06T12:30:00Z", "2026-06-06T12:40:00Z"];
    const [late, again] = await collectAt(data, "all", instants, held);
    const lost = untilProven(FRAMES, "2026-06-01T00:00:00Z") +
      untilProven(held, "2026-06-01T12:00:00Z");
    assert.ok(Math.abs(late.missed_hours - lost) < 0.01, `${late.missed_hours} of ${lost}`);
    assert.deepEqual([late.owed_hours, again.owed_hours], [0, 0]);
    assert.ok(Math.abs(again.missed_hours - lost) < 0.01, `${again.missed_hours} of ${lost}`);
  }));
