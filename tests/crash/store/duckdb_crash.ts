/** Databases whose work does not fit in memory. */
import assert from "node:assert/strict";
import { openDatabase, row } from "../../../etl/store/duckdb.ts";
import { withData } from "../../rows.ts";
import { LARGE_SORT } from "../../etl/store/large_sort.ts";

Deno.test("two databases over one folder spill at the same time and both are right", async () => {
  await withData(async (data) => {
    const sort = async () => {
      using database = await openDatabase(data);
      await database.run("SET memory_limit = '80MB'; SET threads = 1");
      return await row(database, LARGE_SORT);
    };
    const right = { n: 700_000, last: 700_000 };
    assert.deepEqual(await Promise.all([sort(), sort()]), [right, right]);
    assert.deepEqual([...Deno.readDirSync(data)], []);
  });
});
