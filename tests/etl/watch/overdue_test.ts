import assert from "node:assert/strict";
import { withData } from "../../rows.ts";
import { DIED, FAILED, RUNNING, watchedStudy } from "./watched_study.ts";
import { startWebhook } from "./webhook_server.ts";

Deno.test("status --check says what is overdue and how to mend it, tells of it once, and exits 1", () =>
  withData(async (data) => {
    const webhook = startWebhook();
    const study = await watchedStudy(data, { notify: { webhook: webhook.url } });
    const never = await study.check("2026-06-09T00:00");
    assert.equal(never.code, 1);
    assert.match(
      never.stdout,
      /^overdue: no task ever ran in this data folder\n {2}Run deno task daily/,
    );
    assert.match(never.stderr, /^Cannot call the study up to date: something is overdue\n {2}\w/);
    await study.run("daily", "2026-06-09T00:30");
    const good = await study.check("2026-06-10T02:00");
    assert.deepEqual([good.code, good.stdout, good.stderr], [0, "Nothing is overdue\n", ""]);
    for (const at of ["2026-06-10T03:00", "2026-06-10T04:00"]) {
      const { code, stdout, stderr } = await study.check(at);
      assert.equal(code, 1, stderr);
      assert.match(
        stdout,
        /^overdue: deno task daily last ended well at 2026-06-09 00:30 UTC\n {2}.*deno task daily\n$/,
      );
    }
    assert.deepEqual(webhook.texts.map((text) => text.split("\n")[0]!.replace(/^.*?: /, "")), [
      "no task ever ran in this data folder",
      "mended: no task ever ran in this data folder (since 2026-06-09 00:00 UTC)",
      "deno task daily last ended well at 2026-06-09 00:30 UTC",
    ]);
    await webhook.close();
  }));

Deno.test("a daily must end every day, whatever became of its steps; a feed must be read every day", () =>
  withData(async (data) => {
    const study = await watchedStudy(data, {});
    await study.run("daily", "2026-06-09T00:30");
    await study.run("sync:most-liked", "2026-06-09T00:30");
    // A day of the past is not today's.
    await study.run("daily", "2026-06-10T01:00", { arguments: '["--date","2026-06-01"]' });
    assert.deepEqual(await study.overdue("2026-06-10T02:00"), []);
    assert.deepEqual(await study.overdue("2026-06-10T03:00"), ["daily"]);
    // One that is under way is not late, but for more than a day.
    await study.run("daily", "2026-06-10T05:00", RUNNING);
    assert.deepEqual(await study.overdue("2026-06-10T05:30"), ["sync:most-liked"]);
    assert.deepEqual(await study.overdue("2026-06-11T08:00"), ["daily"]);
    // Its steps failed, of which it told itself.
    await study.run("daily", "2026-06-11T09:00", FAILED);
    await study.run("sync:most-liked", "2026-06-11T09:00", FAILED);
    assert.deepEqual(await study.overdue("2026-06-11T10:00"), []);
    // It broke before it could tell.
    await study.run("daily", "2026-06-12T09:00", { ...FAILED, summary: "null" });
    assert.deepEqual(await study.overdue("2026-06-12T12:00"), ["daily"]);
    await study.run("daily", "2026-06-12T13:00", DIED);
    await study.run("preprocess", "2026-06-12T13:10", DIED);
    assert.deepEqual(await study.overdue("2026-06-12T14:00"), ["died:daily"]);
  }));

Deno.test("hours are overdue before they leave what hosts replay, also of days that no run has laid down", () =>
  withData(async (data) => {
    const study = await watchedStudy(data, {});
    const daily = (day: number) =>
      study.run("daily", `2026-06-${String(day).padStart(2, "0")}T12:00`);
    for (const day of [9, 10, 11, 12]) await daily(day);
    await study.windows("jetstream", "2026-06-08");
    await study.covered("jetstream", "2026-06-08T00:00", "2026-06-09T00:00");
    // A stream that was given up owes nothing.
    await study.windows("firehose", "2026-05-30");
    assert.deepEqual(await study.overdue("2026-06-10T03:59"), []);
    assert.deepEqual(await study.overdue("2026-06-10T04:01"), ["hours:jetstream"]);
    // It was asked for, and the host said that it begins later.
    const notes = ["OutdatedCursor"];
    await study.covered("jetstream", "2026-06-09T03:00", "2026-06-10T08:30", { notes });
    for (const day of ["2026-06-09", "2026-06-10"]) await study.windows("jetstream", day);
    const lost = ["lost:jetstream:2026-06-09"];
    assert.deepEqual(await study.overdue("2026-06-10T08:30"), lost);
    await study.covered("jetstream", "2026-06-10T08:30", "2026-06-12T08:30");
    assert.deepEqual(await study.overdue("2026-06-11T12:00"), lost);
    assert.deepEqual(await study.overdue("2026-06-12T08:00"), []);
  }));

Deno.test("lost hours are told by their day, and a stream that daily no longer reads owes nothing", () =>
  withData(async (data) => {
    const study = await watchedStudy(data, {});
    await study.run("daily", "2026-06-11T12:00");
    const notes = ["OutdatedCursor"];
    for (const day of ["2026-06-08", "2026-06-09"]) await study.windows("jetstream", day);
    await study.covered("jetstream", "2026-06-08T00:00", "2026-06-08T20:00");
    await study.covered("jetstream", "2026-06-09T06:00", "2026-06-11T12:00", { notes });
    assert.deepEqual(await study.overdue("2026-06-11T12:00"), [
      "lost:jetstream:2026-06-08",
      "lost:jetstream:2026-06-09",
    ]);
    await study.windows("jetstream", "2026-06-10");
    await study.windows("jetstream", "2026-06-11");
    await study.run("daily", "2026-06-14T00:30");
    await study.windows("firehose", "2026-06-14");
    assert.deepEqual(await study.overdue("2026-06-14T00:30"), ["hours:jetstream"]);
    study.daily("firehose");
    assert.deepEqual(await study.overdue("2026-06-14T00:30"), []);
  }));

Deno.test("a feed that is read and gives nothing for days is overdue", () =>
  withData(async (data) => {
    const study = await watchedStudy(data, {});
    for (const day of ["10", "11", "12"]) {
      await study.run("daily", `2026-06-${day}T00:30`);
      await study.run("sync:most-liked", `2026-06-${day}T00:30`);
    }
    await Deno.mkdir(`${data}/raw/most_liked/date=2026-06-09`, { recursive: true });
    await Deno.writeTextFile(`${data}/raw/most_liked/date=2026-06-09/a.parquet`, "");
    assert.deepEqual(await study.overdue("2026-06-11T01:00"), []);
    assert.deepEqual(await study.overdue("2026-06-11T02:00"), ["feed"]);
  }));

Deno.test("a ledger that cannot be read is told of once with its file, and never taken for one in which all is well", () =>
  withData(async (data) => {
    const webhook = startWebhook();
    const study = await watchedStudy(data, { notify: { webhook: webhook.url } });
    await study.run("daily", "2026-06-01T00:30");
    await study.run("sync:most-liked", "2026-06-01T00:30");
    assert.deepEqual(await study.overdue("2026-06-09T00:00"), ["daily"]);
    const older = study.paths.files("runs").map(({ path }) => path);
    await study.run("methods", "2026-06-09T00:00");
    for (const path of older) await Deno.truncate(path);
    for (const at of ["2026-06-09T00:10", "2026-06-09T00:20"]) {
      const { code, stdout } = await study.check(at);
      assert.equal(code, 1);
      assert.match(stdout, /^overdue: 2 files of the ledger of runs are damaged; of the first, /);
      assert.ok(stdout.includes(`the file ${older.at(-1)} is damaged (`), stdout);
      assert.match(stdout, /\n {2}Put back a copy from a backup/);
      assert.match(stdout, /\noverdue: whether deno task daily ended well .* is unknown: rows of/);
    }
    // Of each of the two once, and nothing is said to be mended.
    assert.equal(webhook.texts.length, 2);
    // No row is left that can be read.
    for (const { path } of study.paths.files("runs")) await Deno.truncate(path);
    const { code, stdout } = await study.check("2026-06-09T00:30");
    assert.equal(code, 1);
    assert.match(stdout, /^overdue: 3 files of the ledger/);
    assert.doesNotMatch(stdout, /no task ever ran/);
    assert.equal(webhook.texts.length, 2);
    // A later run that ended well makes up for the rows; they are still to be put back.
    await study.run("daily", "2026-06-09T01:00");
    assert.deepEqual(await study.overdue("2026-06-09T02:00"), ["ledger", "sync:most-liked"]);
    for (const path of older) await Deno.remove(path);
    assert.doesNotMatch((await study.check("2026-06-09T02:00")).stdout, /sync:most-liked/);
    await webhook.close();
  }));
