/** A line of the crontab on a full disk. */
import assert from "node:assert/strict";
import { fill, testOnSmallDisk } from "../../etl/store/small_disk.ts";
import { CronClock } from "../../etl/schedule/cron_clock.ts";

const NOTE = ["/bin/sh", "-c", "echo done; echo warned >&2; exit $0"];

testOnSmallDisk(
  "on a full disk cron mails how the run ended, though its log was there",
  async (disk) => {
    const machine = await CronClock.start(disk);
    await machine.run("2026-06-30T00:00:00Z", "now", [...NOTE, "0"]);
    await fill(disk);
    const long = ["/bin/sh", "-c", "head -c 9000 /dev/zero; exit 1"];
    const { code, mail } = await machine.run("2026-06-30T01:00:00Z", "now", long);
    assert.equal(code, 1);
    assert.match(
      mail,
      /ended with exit status 1, and .*2026-06\.log cannot be written: is the disk full/,
    );
  },
);
