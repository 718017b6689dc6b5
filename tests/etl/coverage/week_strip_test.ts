import assert from "node:assert/strict";
import { weekOfCoverage } from "../../../etl/coverage/coverage.ts";
import { readStudy } from "../../../etl/study/study.ts";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { describeStrips, stripLegend } from "../../../etl/coverage/strip_text.ts";
import { weekStrips } from "../../../etl/coverage/week_strip.ts";
import { withData } from "../../rows.ts";
import { watchedStudy } from "../watch/watched_study.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

Deno.test("a week is drawn an hour a sign, and hours not asked for, not collected, in part and whole are told apart", () =>
  withData(async (data) => {
    const study = await watchedStudy(data, {});
    const { paths } = study;
    // Windows from the second day on; the last two days were never laid down.
    for (const day of [4, 5, 6, 7]) await study.windows("jetstream", `2026-06-0${day}`);
    await study.covered("jetstream", "2026-06-03T22:30", "2026-06-04T03:30");
    await study.covered("jetstream", "2026-06-04T06:00", "2026-06-09T05:09:30");
    await study.covered("firehose", "2026-06-05T10:00", "2026-06-05T12:20");
    using database = await openDatabase(data);
    const present = new Date("2026-06-09T05:10:00Z");
    const windows = paths.files("windows").map(({ path }) => path);
    const weeks = [{ source: "firehose", hours_asked: null }, {
      source: "jetstream",
      hours_asked: 1,
    }];
    const strips = await weekStrips(
      database,
      paths,
      readStudy(SHIPPED_STUDY),
      weeks as Awaited<ReturnType<typeof weekOfCoverage>>,
      windows,
      present,
    );
    assert.deepEqual(describeStrips(strips, false), [
      "hours (UTC)  firehose                  jetstream",
      "             0     6     12    18      0     6     12    18",
      "Wed 06-03    ........................  ......................+#",
      "Thu 06-04    ........................  ###+--##################",
      "Fri 06-05    ..........##+...........  ########################",
      "Sat 06-06    ........................  ########################",
      "Sun 06-07    ........................  ########################",
      "Mon 06-08    ........................  ########################",
      "Tue 06-09    ......                    ######",
    ]);
    const blocks = describeStrips(strips, true);
    assert.equal(blocks[3], `Thu 06-04    ${"·".repeat(24)}  ███▒░░${"█".repeat(18)}`);
    for (const sign of "█▒░·") assert.ok(stripLegend(true).includes(`${sign} `), sign);
    for (const sign of "#+-.") assert.ok(stripLegend(false).includes(`${sign} `), sign);
  }));

Deno.test("hours that a dead cron never laid down are drawn as not collected", () =>
  withData(async (data) => {
    const study = await watchedStudy(data, {});
    await study.windows("jetstream", "2026-06-07");
    await study.covered("jetstream", "2026-06-07T00:00", "2026-06-07T20:00");
    using database = await openDatabase(data);
    const { paths } = study;
    const windows = paths.files("windows").map(({ path }) => path);
    const weeks = [{ source: "jetstream", hours_asked: 24 }];
    const strips = await weekStrips(
      database,
      paths,
      readStudy(SHIPPED_STUDY),
      weeks as Awaited<ReturnType<typeof weekOfCoverage>>,
      windows,
      new Date("2026-06-09T02:00:00Z"),
    );
    assert.deepEqual(describeStrips(strips, false).slice(-3), [
      `Sun 06-07    ${"#".repeat(20)}----`,
      `Mon 06-08    ${"-".repeat(24)}`,
      "Tue 06-09    --",
    ]);
  }));
