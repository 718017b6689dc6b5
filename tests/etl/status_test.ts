import assert from "node:assert/strict";
import { withData } from "../rows.ts";
import { rawFolder, uri } from "../raw.ts";
import { runProcess, runTask } from "../task.ts";
import { DIED, FAILED, watchedStudy } from "./watch/watched_study.ts";
import { startCountingAppView } from "./context/counting_appview.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };

Deno.test("status counts tables, label sets and untried posts, and lists how runs ended", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const row = (rkey: string, at: string) => ({ uri: uri(rkey), cid: rkey, event_time: at });
    await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-02", [
      row("1", "2026-06-01 10:00:00"),
      row("2", "2026-06-02 10:00:00"),
    ]);
    await runTask(["preprocess", "--data", data], CLOCK);
    await runTask(["classify:dictionary", "--data", data, "--limit", "1"], CLOCK);
    const { code, stdout } = await runTask(["status", "--data", data, "--json"], CLOCK);
    assert.equal(code, 0);
    const status = JSON.parse(stdout);
    const table = (name: string) => status.tables.find((t: { table: string }) => t.table === name);
    assert.deepEqual([table("posts").rows, table("posts").days, table("posts").newest], [
      2,
      2,
      "2026-06-02",
    ]);
    assert.equal(table("raw/firehose").rows, 2);
    const [set] = status.label_sets;
    assert.deepEqual([set.classifier, set.is_shown, set.labelled, set.failed, set.untried], [
      "dictionary",
      true,
      1,
      0,
      1,
    ]);
    assert.deepEqual(
      status.runs.map((run: { task: string; status: string }) => [run.task, run.status]).sort(),
      [["classify:dictionary", "stopped"], ["preprocess", "done"]],
    );
    const screen = await runTask(["status", "--data", data], CLOCK);
    assert.match(screen.stdout, /posts\s+2\s+2/);
    assert.match(screen.stdout, /labelled\s+failed\s+untried\n.*shown\s+us_politics\s+1\s+0\s+1\n/);
    assert.match(screen.stdout, /classify:dictionary +2026-06-10 00:00 +[\d.]+ {2}stopped\n/);
  }));

Deno.test("status names a damaged file, exits 1, and still shows the rest", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    await folder.raw("firehose", "2026-06-01", "a", [{
      uri: uri("1"),
      event_time: "2026-06-01 10:00:00",
    }]);
    const bad = await folder.raw("firehose", "2026-06-02", "b", [{
      uri: uri("2"),
      event_time: "2026-06-02 10:00:00",
    }]);
    await Deno.truncate(bad, 100);
    const { code, stdout, stderr } = await runTask(["status", "--data", data], CLOCK);
    assert.equal(code, 1);
    assert.match(stdout, /raw\/firehose\s+1\s+1/);
    assert.ok(stderr.includes(bad), stderr);
  }));

Deno.test("status shows an error to its cause where there is no terminal", () =>
  withData(async (data) => {
    const file = `${data}/${"a-folder-with-a-long-name/".repeat(2)}posts.csv`;
    const failed = await runTask(["import", file, "--data", data], CLOCK);
    assert.equal(failed.code, 2, failed.stderr);
    const { stdout } = await runTask(["status", "--data", data], CLOCK);
    const shown = `failed: ${failed.stderr.split("\n")[0]}`;
    assert.ok(shown.length > 100 && shown.length <= 160, shown);
    assert.ok(stdout.includes(shown), stdout);
  }));

Deno.test("a wrong call is shown as the last run of its task, and is no failure of the week", () =>
  withData(async (data) => {
    const study = await watchedStudy(data, {});
    await study.run("aggregate", "2026-06-09T00:30", { ...FAILED, exit_status: 2, error: "no" });
    await study.run("render", "2026-06-09T00:40", { ...FAILED, error: "broken" });
    const { stdout } = await runTask(["status", "--data", data], CLOCK);
    assert.match(stdout, /failed this week {2}render 2026-06-09 00:40: broken\n/);
    assert.match(stdout, /aggregate +2026-06-09 00:30 +failed: no\n/);
    assert.doesNotMatch(stdout, /2026-06-09 00:30: no/);
  }));

Deno.test("of two runs that begin within a second, status shows the later one as the last", () =>
  withData(async (data) => {
    const at = (ms: number) => ({ CIVICSKY_CLOCK: `2026-06-09T00:30:00.${ms}Z` });
    for (let ms = 100; ms < 120; ms++) {
      const { code } = await runTask(["aggregate", "--data", data], at(ms));
      assert.equal(code, 0);
    }
    const { stdout } = await runTask(["status", "--data", data, "--json"], CLOCK);
    const [{ started_at }] = JSON.parse(stdout).last_of_tasks;
    assert.equal(started_at, "2026-06-09 00:30:00.119");
  }));

Deno.test("a folder of the operating system is refused as the folder of data", async () => {
  // What it may not read is refused by the permissions of its process.
  const { code, stderr } = await runProcess(["status", "--data", "/proc/self/nothing"]);
  assert.equal(code, 2);
  assert.match(stderr, /^Cannot run status: .*operating system.*\n {2}Name a folder with --data/);
});

Deno.test("status shows first how the last daily went, what is owed, and what failed this week", () =>
  withData(async (data) => {
    const study = await watchedStudy(data, {});
    const steps = [["preprocess", "done"], ["classify:dictionary", "failed"], [
      "render",
      "skipped",
    ]];
    const summary = JSON.stringify({
      steps: steps.map(([task, status]) => ({ task, status, seconds: 1, exit_status: 0 })),
    });
    const failed = { ...FAILED, seconds: 2, error: "Cannot read the codebook: it is gone" };
    await study.run("daily", "2026-06-09T00:30", { ...FAILED, summary, seconds: 840 });
    for (const day of ["07", "08", "09"]) {
      await study.run("classify:dictionary", `2026-06-${day}T00:40`, failed);
    }
    await study.run("sync:jetstream", "2026-06-09T03:00", { ...DIED, seconds: null });
    // A mistake that was put right is none of tonight's.
    await study.run("export", "2026-06-09T04:00", { ...FAILED, error: "Cannot read the study" });
    await study.run("export", "2026-06-09T04:05", {});
    await study.windows("jetstream", "2026-06-09");
    await study.covered("jetstream", "2026-06-09T00:00", "2026-06-09T03:00");
    const clock = { CIVICSKY_CLOCK: "2026-06-10T04:30:00Z" };
    const { code, stdout, stderr } = await runTask(["status", "--data", data], clock);
    assert.equal(code, 0, stderr);
    const lines = [
      "last daily 2026-06-09 00:30: failed in 14 min, 1 of 3 steps done; " +
      "failed: classify:dictionary; skipped: render",
      "jetstream owes 25.5 h since 2026-06-09 03:00; the first of it can be collected until 2026-06-10 15:00",
      "Tue 06-09    ###---------------------",
      "failed this week  sync:jetstream 2026-06-09 03:00: died",
      "classify:dictionary, 3 times, last 2026-06-09 00:40: Cannot read the codebook: it is gone",
    ];
    let from = 0;
    for (const line of lines) {
      const at = stdout.replace(/\s+/g, " ").indexOf(line.replace(/\s+/g, " "), from);
      assert.ok(at >= from, `${line}\n${stdout}`);
      from = at;
    }
    const json = JSON.parse((await runTask(["status", "--json", "--data", data], clock)).stdout);
    assert.equal(json.daily.steps.length, 3);
    assert.equal(json.hours[0].days.at(-2).hours[3], "open");
    assert.equal(json.streams[0].leaves_at, "2026-06-10T15:00:00.000Z");
    assert.deepEqual(json.failures.map(({ times }: { times: number }) => times), [1, 3]);
  }));

Deno.test("status of an empty folder says how to begin", () =>
  withData(async (data) => {
    const { code, stdout } = await runTask(["status", "--data", data]);
    assert.equal(code, 0);
    assert.match(stdout, /holds nothing yet\n {2}Collect with deno task sync:firehose/);
  }));

Deno.test("status repeats what the last run of a task warned of, until one has nothing to warn of", () =>
  withData(async (data) => {
    const appView = startCountingAppView();
    const at = (minute: number) => ({ CIVICSKY_CLOCK: `2026-06-10T00:0${minute}:00Z` });
    const sync = (minute: number, ...args: string[]) =>
      runTask(["sync:most-liked", "--data", data, "--appview", appView.url, ...args], at(minute));
    const warnings = async () =>
      JSON.parse((await runTask(["status", "--data", data, "--json"], at(9))).stdout).last_warnings;
    await sync(1, "--limit", "10");
    const [{ task, started_at, warning }, second] = await warnings();
    assert.deepEqual([task, started_at, second], [
      "sync:most-liked",
      "2026-06-10 00:01:00",
      undefined,
    ]);
    assert.match(warning, /^the feed at:.* gave 0 posts instead of 10$/);
    const screen = await runTask(["status", "--data", data], at(9));
    assert.ok(
      screen.stdout.includes(`\n  warning of sync:most-liked, 2026-06-10 00:01:00: ${warning}\n`),
    );
    appView.feed = 1;
    await sync(3, "--limit", "1");
    assert.deepEqual(await warnings(), []);
    await appView.close();
  }));

Deno.test("status says when Google ends Perspective to whoever has a key for Google's service alone", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    await folder.raw("firehose", "2026-06-01", "a", [{
      uri: uri("1"),
      event_time: "2026-06-01 10:00:00",
    }]);
    const key = { PERSPECTIVE_API_KEY: "a-key-of-nobody" };
    const status = async (at: string, env: Record<string, string>, ...args: string[]) => {
      const clock = { CIVICSKY_CLOCK: `${at}T12:00:00Z` };
      const { code, stdout, stderr } = await runTask(
        ["status", "--data", data, ...args],
        { ...clock, ...env },
      );
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stdout + stderr, /a-key/);
      return args.length > 0
        ? JSON.parse(stdout).perspective_end
        : /Google end.*/.exec(stdout)?.[0];
    };
    const warned = await runTask(["classify:perspective", "--dry-run", "--data", data], {
      CIVICSKY_CLOCK: "2026-12-20T12:00:00Z",
      ...key,
    });
    assert.match(warned.stderr, /Google ends Perspective on 2026-12-31, in 11 days/);
    const shown = await runTask(["status", "--data", data], {
      CIVICSKY_CLOCK: "2026-12-21T12:00:00Z",
      ...key,
    });
    assert.equal(shown.stdout.match(/Google ends/g)!.length, 1, "it is said once, as of today");
    assert.match(
      await status("2026-12-21", key),
      /^Google ends Perspective on 2026-12-31, in 10 days\..*deno task panel/,
    );
    const google = { PERSPECTIVE_ROOT_URL: "https://commentanalyzer.googleapis.com" };
    assert.deepEqual(await status("2026-12-31", { ...key, ...google }, "--json"), {
      date: "2026-12-31",
      days_left: 0,
    });
    assert.match(
      await status("2027-01-01", key),
      /^Google ended Perspective on 2026-12-31\..*CommentGuard, Respectify/,
    );
    const other = { PERSPECTIVE_ROOT_URL: "https://perspective.example.org/" };
    for (const env of [{}, { ...key, ...other }, { ...key, PERSPECTIVE_ROOT_URL: "no address" }]) {
      assert.equal(await status("2026-12-21", env, "--json"), null);
    }
    assert.equal(await status("2026-12-21", { ...key, ...other }), undefined);
    const empty = await runTask(["status", "--data", `${data}/none`], {
      CIVICSKY_CLOCK: "2026-12-21T12:00:00Z",
      ...key,
    });
    assert.match(empty.stdout, /holds nothing yet[^]*Google ends Perspective/);
  }));
