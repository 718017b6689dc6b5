/** What is overdue where the disk is full. */
import assert from "node:assert/strict";
import { fill, testOnSmallDisk } from "../../etl/store/small_disk.ts";
import { watchedStudy } from "../../etl/watch/watched_study.ts";

testOnSmallDisk("where no run could write, that is overdue at once", async (disk) => {
  const study = await watchedStudy(disk, {});
  await study.run("daily", "2026-06-09T00:30");
  assert.deepEqual(await study.overdue("2026-06-09T01:00"), []);
  const filling = await fill(disk);
  assert.deepEqual(await study.overdue("2026-06-09T01:00"), ["writing"]);
  await Deno.remove(filling);
  assert.deepEqual(await study.overdue("2026-06-09T01:00"), []);
}, 4);
