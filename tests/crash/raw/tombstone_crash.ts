/** The key of hashes on a full disk. */
import assert from "node:assert/strict";
import { DataPaths } from "../../../etl/store/paths.ts";
import { hashKey } from "../../../etl/raw/tombstone.ts";
import { fill, testOnSmallDisk } from "../../etl/store/small_disk.ts";

// Invariant 11
testOnSmallDisk(
  "a full disk makes no key at all, and the same call makes one with space",
  async (disk) => {
    const paths = new DataPaths(disk);
    const filling = await fill(disk);
    await assert.rejects(hashKey(paths), /No space left/);
    assert.deepEqual([...Deno.readDirSync(disk)].map((entry) => entry.name), ["filling"]);
    await Deno.remove(filling);
    assert.match(await hashKey(paths), /^[0-9a-f]{64}$/);
  },
);
