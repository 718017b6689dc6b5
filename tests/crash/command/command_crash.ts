/** What any task says on a disk that is read-only or full. */
import assert from "node:assert/strict";
import { EXIT } from "../../../etl/run/error.ts";
import { fill, NO_SMALL_DISK, remountReadOnly, withSmallDisk } from "../../etl/store/small_disk.ts";
import { command, DONE, run } from "../../etl/command/declared_command.ts";

Deno.test({
  name: "a data folder that is read-only is an error with its remedy, and no stack",
  ignore: NO_SMALL_DISK !== undefined,
  async fn() {
    await withSmallDisk(async (disk) => {
      await run(command(() => Promise.resolve(DONE)), disk);
      await remountReadOnly(disk);
      const { exit, stderr } = await run(command(() => assert.fail("it ran")), disk);
      assert.equal(exit, EXIT.failed);
      assert.match(
        stderr,
        /^Cannot write .*: the file system is read-only\n {2}Mount it [^\n]+\n$/,
      );
      const look = command(() => Deno.writeTextFile(`${disk}/x`, "").then(() => DONE), {
        ledger: false,
      });
      assert.match(
        (await run(look, disk)).stderr,
        /^Cannot go on: Read-only file system .*\n {2}Mount it [^\n]+\n$/,
      );
    });
  },
});

Deno.test({
  name: "when the disk is too full for the ledger too, what the run died of is still said",
  ignore: NO_SMALL_DISK !== undefined,
  async fn() {
    await withSmallDisk(async (disk) => {
      const work = command(async () => {
        await fill(disk);
        throw new TypeError("the first error");
      });
      const { exit, stderr } = await run(work, disk);
      assert.equal(exit, EXIT.failed);
      assert.match(stderr, /^TypeError: the first error$/m);
      assert.match(stderr, /^Cannot write .*: the disk is full\n {2}Free some space/m);
    });
  },
});
