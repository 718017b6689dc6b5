/** What doctor says of disks that are full or read-only. */
import assert from "node:assert/strict";
import { denoDirectory } from "../../../etl/doctor/deno_dir.ts";
import { diskSpace } from "../../../etl/doctor/disk_space.ts";
import { fileSystem } from "../../../etl/doctor/file_system.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { remountReadOnly, testOnSmallDisk } from "../../etl/store/small_disk.ts";
import { withData } from "../../rows.ts";
import { aged, examined, levels } from "../../etl/doctor/patient.ts";

const DAY_MS = 86_400_000;

function daysAgo(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
}

testOnSmallDisk(
  "a data folder that is read-only is a problem, and looking at it changes nothing",
  async (disk) => {
    const lies = (found: string) => /cannot be written to/.test(found);
    const writable = await examined(disk, fileSystem);
    assert.ok(!writable.some(({ found }) => lies(found)));
    assert.match(writable[0]!.found, /tmpfs.* lies in memory/);
    await remountReadOnly(disk);
    const findings = await examined(disk, fileSystem);
    const locked = findings.find(({ found }) => lies(found));
    assert.equal(locked?.level, "problem");
    assert.match(locked!.remedy!, /mounted read-only/);
  },
);

testOnSmallDisk(
  "a disk that the next days of the study fill is a problem, and one with room for years is fine",
  async (disk) => {
    const paths = new DataPaths(disk);
    for (const days of [1, 2, 3]) {
      await aged(paths.posts(daysAgo(days)), 24 * days, "x".repeat(50_000));
    }
    const [tight] = await examined(disk, diskSpace);
    assert.equal(tight!.level, "problem");
    assert.match(
      tight!.found,
      /^0\.\d MB free, \d+ days at 0\.1 MB a day \(measured over 3 days\)$/,
    );
    assert.match(tight!.remedy!, /^Free some space/);
    await withData(async (data) => {
      await aged(new DataPaths(data).posts(daysAgo(1)), 24, "x".repeat(50_000));
      assert.deepEqual(levels(await examined(data, diskSpace)), ["ok"]);
    });
  },
);

testOnSmallDisk("Deno's packages on a disk with a few megabytes are warned of", async (disk) => {
  const [small] = await examined(disk, denoDirectory, {
    home: "/nowhere",
    denoDir: `${disk}/deno`,
  });
  assert.equal(small!.level, "warning");
  assert.match(small!.found, /^1\.0 MB are free for Deno's packages/);
});
