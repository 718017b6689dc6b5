/** doctor over a folder on a disk that is read-only. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { remountReadOnly, testOnSmallDisk } from "../../etl/store/small_disk.ts";
import { runTask } from "../../task.ts";
import { aged } from "../../etl/doctor/patient.ts";

interface Said {
  check: string;
  level: string;
  found: string;
  remedy?: string;
}

testOnSmallDisk(
  "a data folder that is read-only is examined all the same, and what others left in it stays",
  async (disk) => {
    const left = await aged(join(disk, `tmp-${Deno.hostname()}-1-2-0a1b2c3d`, "block"), 5);
    await remountReadOnly(disk);
    const { code, stdout, stderr } = await runTask(["doctor", "--data", disk]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /problem {2}the data folder .* cannot be written to\n +.*mounted read-only/,
    );
    assert.match(stderr, /^Cannot rely on the next run: /);
    assert.ok((await Deno.stat(left)).isFile);
  },
);
