import assert from "node:assert/strict";
import { DataPaths } from "../../../etl/store/paths.ts";
import { COVERAGE, WINDOWS } from "../../../etl/store/tables.ts";
import { writeRows } from "../../table_file.ts";
import { withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

const NOW = { CIVICSKY_CLOCK: "2026-06-08T00:00:30Z" };
const DAYS = [1, 2, 3, 4, 5, 6, 7].map((day) => `2026-06-0${day}`);

/** A minute of coverage in which the stream was read from its first to its last second. */
function minute(source: string, at: string, more: Record<string, unknown> = {}) {
  const until = new Date(Date.parse(at) + 60_000).toISOString();
  return {
    source,
    host: "h",
    minute: at,
    events: 3,
    posts: 1,
    skipped: 0,
    set_aside: 0,
    reconnects: 0,
    covered_from: at,
    covered_until: until,
    ...more,
  };
}

Deno.test("status says of how many hours a week how much was collected", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    for (const day of DAYS) {
      const windows = [2, 7, 13, 20].map((hour) => {
        const opens = Date.parse(`${day}T00:00:00Z`) + hour * 3_600_000;
        return {
          source: "firehose",
          opens_at: new Date(opens).toISOString(),
          closes_at: new Date(opens + 3_600_000).toISOString(),
        };
      });
      await writeRows(WINDOWS, windows, paths.windows("firehose", day));
      // What lies outside of the windows is in no share.
      const rows = [minute("firehose", `${day}T10:00:00.000Z`)];
      for (const { opens_at } of windows) {
        for (let at = 0; at < 60; at++) {
          rows.push(minute("firehose", new Date(Date.parse(opens_at) + at * 60_000).toISOString()));
        }
      }
      // On the last day a quarter of an hour was not read, and a minute had no event.
      if (day === DAYS.at(-1)) {
        rows.splice(10, 15);
        Object.assign(rows[1]!, { events: 0, skipped: 7, set_aside: 5, reconnects: 2 });
      }
      await writeRows(COVERAGE, rows, paths.coveragePart(day, "a"));
    }
    await writeRows(COVERAGE, [
      minute("jetstream", "2026-06-07T10:00:00.000Z"),
      minute("jetstream", "2026-06-07T10:01:00.000Z", { notes: ["#sync", "JetstreamV1"] }),
      minute("jetstream", "2026-05-07T10:01:00.000Z", { host: "g", notes: ["JetstreamV1"] }),
    ], paths.coveragePart("2026-06-07", "b"));
    const { stdout, code, stderr } = await runTask(["status", "--data", data, "--json"], NOW);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).coverage, [
      {
        source: "firehose",
        minutes: 1680,
        minutes_with_data: 1664,
        events: 1664 * 3,
        posts: 1665,
        skipped: 7,
        set_aside: 5,
        reconnects: 2,
        hours_asked: 28,
        hours_collected: 27.75,
        version_1_hosts: [],
      },
      {
        source: "jetstream",
        minutes: 2,
        minutes_with_data: 2,
        events: 6,
        posts: 2,
        skipped: 0,
        set_aside: 0,
        reconnects: 0,
        hours_asked: null,
        hours_collected: 0.03,
        version_1_hosts: ["h"],
      },
    ]);
    const screen = await runTask(["status", "--data", data], NOW);
    assert.ok(
      screen.stdout.replace(/\n {4}/g, " ").includes(
        "  firehose: of the last 168 hours 28 were asked for, and 27.75 of them collected without " +
          "a gap; 99.04% of their minutes have an event; hosts left out 7 events; 5 messages could not be read\n" +
          "  jetstream: of the last 168 hours 0.03 were collected by hand; 100% of their minutes",
      ),
      screen.stdout,
    );
  }));
