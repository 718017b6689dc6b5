import assert from "node:assert/strict";
import { offsetMinutes } from "../../../etl/schedule/local_time.ts";
import { scheduleLines } from "../../../etl/schedule/schedule_lines.ts";
import { scheduleTimes } from "../../../etl/schedule/schedule_times.ts";
import { withData } from "../../rows.ts";
import { CronClock, isStarted } from "./cron_clock.ts";

const NOTE = ["/bin/sh", "-c", "echo done; echo warned >&2; exit $0"];
const PLACE = { root: "/r", deno: "/d", data: "/x", study: "/s", logs: "/l", variables: {} };

Deno.test("a run leaves what it prints and how it ended in the log of the month, and mails nothing", () =>
  withData(async (folder) => {
    const machine = await CronClock.start(folder);
    for (
      const [at, status] of [["2026-06-30T23:50:07Z", 0], ["2026-07-01T00:00:01Z", 4]] as const
    ) {
      const run = await machine.run(at, "now", [...NOTE, String(status)], "sync-jetstream");
      assert.deepEqual(run, { code: status, mail: "" });
    }
    assert.equal(
      await machine.log("2026-06", "sync-jetstream"),
      "2026-06-30T23:50:07Z sync-jetstream: begins\ndone\nwarned\n" +
        "2026-06-30T23:50:07Z sync-jetstream: ended with exit status 0\n",
    );
    assert.match(await machine.log("2026-07", "sync-jetstream"), /exit status 4\n$/);
  }));

Deno.test("the first run of a month removes logs that are over a year old, and nothing else", () =>
  withData(async (folder) => {
    const machine = await CronClock.start(folder);
    await Deno.mkdir(machine.logs);
    const old = new Date(Date.now() - 367 * 86_400_000);
    const files = [
      "daily-2025-05.log",
      "status-2025-05.log",
      "notes.log",
      "daily.due",
      "daily-2026-05.log",
    ];
    for (const name of files) {
      await Deno.writeTextFile(`${machine.logs}/${name}`, "");
      if (name !== "daily-2026-05.log") await Deno.utime(`${machine.logs}/${name}`, old, old);
    }
    const names = () => [...Deno.readDirSync(machine.logs)].map(({ name }) => name).sort();
    await machine.run("2026-06-01T00:00:00Z", "now", NOTE);
    assert.deepEqual(names(), ["daily-2026-05.log", "daily-2026-06.log", "daily.due", "notes.log"]);
    await Deno.utime(`${machine.logs}/daily-2026-05.log`, old, old);
    await machine.run("2026-06-02T00:00:00Z", "now", NOTE);
    assert.equal(names().length, 4, "not again in the same month");
  }));

Deno.test("where no log can be written the task runs all the same, and cron mails what it prints", () =>
  withData(async (folder) => {
    const machine = await CronClock.start(folder);
    await Deno.writeTextFile(machine.logs, "no folder");
    const { code, mail } = await machine.run("2026-06-01T00:00:00Z", "now", [...NOTE, "1"]);
    assert.equal(code, 1);
    assert.match(mail, /daily: begins\ndone\n/);
  }));

Deno.test("a Deno that is gone is said so", () =>
  withData(async (folder) => {
    const machine = await CronClock.start(folder);
    assert.equal((await machine.run("2026-06-01T00:00:00Z", "now", ["/gone/deno"])).code, 127);
    assert.match(
      await machine.log("2026-06"),
      /there is no Deno at \/gone\/deno: install it, then/,
    );
  }));

Deno.test("what is due once a day runs once, later where the machine was off, and again where it was ended", () =>
  withData(async (folder) => {
    const machine = await CronClock.start(folder);
    const tried = async (at: string, when: string, status = 0) => {
      await Deno.remove(`${folder}/ran`).catch(() => {});
      await machine.run(at, when, [
        "/bin/sh",
        "-c",
        `touch "${folder}/ran"; exit $0`,
        String(status),
      ]);
      return await Deno.stat(`${folder}/ran`).then(() => true, () => false);
    };
    assert.equal(await tried("2026-06-01T12:50Z", "missed=08:30"), false, "nothing was due before");
    assert.equal(await tried("2026-06-02T08:30Z", "at=08:30"), true);
    assert.equal(await tried("2026-06-02T08:50Z", "missed=08:30"), false);
    assert.equal(await tried("2026-06-03T08:29Z", "missed=08:30"), false, "not before its time");
    assert.equal(await tried("2026-06-05T07:50Z", "missed=08:30", 1), true, "it was off for days");
    assert.equal(
      await tried("2026-06-05T08:29Z", "missed=08:30"),
      false,
      "one that failed was a run",
    );
    assert.equal(await tried("2026-06-05T08:30Z", "at=08:30", 3), true);
    assert.equal(await tried("2026-06-05T08:50Z", "missed=08:30", 2), true, "the same was running");
    assert.equal(
      await tried("2026-06-05T09:50Z", "missed=08:30", 143),
      true,
      "the study was broken",
    );
    assert.equal(await tried("2026-06-05T10:50Z", "missed=08:30", 4), true, "it was ended");
    assert.equal(await tried("2026-06-05T11:50Z", "missed=08:30"), false);
    assert.equal(await tried("2036-01-01T09:00Z", "missed=08:30"), true, "a clock that is ahead");
    assert.equal(await tried("2026-06-06T08:30Z", "at=08:30"), true, "and was put right");
    await Deno.writeTextFile(`${machine.logs}/daily.due`, "");
    assert.equal(await tried("2026-06-06T09:30Z", "at=08:30"), true, "a crash emptied the file");
  }));

/** The harshest cron: it starts nothing of an hour that is skipped, and what is in a repeated one twice. */
Deno.test("daily runs once a day, at its time, through changes of the clock", async () => {
  const cases = [
    { zone: "Europe/Berlin", at: "00:30", change: "2027-03-28T01:00Z", latest: "00:30" },
    // Half past two comes twice, and is due the second time.
    { zone: "Europe/Berlin", at: "01:30", change: "2026-10-25T01:00Z", latest: "01:30" },
    { zone: "Australia/Lord_Howe", at: "00:30", change: "2026-10-03T15:30Z", latest: "01:20" },
  ];
  for (const { zone, at, change, latest } of cases) {
    await withData(async (folder) => {
      const machine = await CronClock.start(folder);
      const [from, until] = [-24, 24].map((hours) => Date.parse(change) + hours * 3_600_000);
      const times = scheduleTimes(at, zone, new Date(from!));
      const lines = scheduleLines(PLACE, "jetstream", times).filter(({ task }) => task === "daily");
      // What was due before is done.
      await machine.run(new Date(from!), `missed=${at}`, ["true"]);
      // No line has another minute than one of these.
      for (let time = from!; time < until!; time += 10 * 60_000) {
        const present = new Date(time);
        const local = new Date(time + 60_000 * offsetMinutes(zone, present));
        for (const { fields, command } of lines) {
          const [when] = /(at|missed)=\S+/.exec(command)!;
          if (isStarted(fields, local)) await machine.run(present, when, ["true"]);
        }
      }
      const starts = (await machine.log(change.slice(0, 7))).match(/^\S+(?= daily: begins)/gm)!;
      const isOnTime = (start: string) =>
        start.slice(11, 16) >= at && start.slice(11, 16) <= latest;
      assert.ok(starts.length === 2 && starts.every(isOnTime), `${zone}: ${starts}`);
    });
  }
});
