import assert from "node:assert/strict";
import { literal, openDatabase, row } from "../../../etl/store/duckdb.ts";
import { withData } from "../../rows.ts";
import { LARGE_SORT } from "./large_sort.ts";

Deno.test("a value comes back from its literal as it was", async () => {
  await withData(async (data) => {
    using database = await openDatabase(data);
    for (const text of ["", "it's", "''", "a\0b\0", "\\n\n", "🏡 ü", "%_$1 ? ; --"]) {
      const { value } = await row(database, `SELECT ${literal(text)} AS value`);
      assert.equal(value, text);
    }
    const { day, list, none, flag, number } = await row(
      database,
      `SELECT ${literal(new Date("2026-06-01T01:02:03.004Z"))} AS day,
         ${literal(["a'", "b"])} AS list, ${literal(undefined)} AS none,
         ${literal(true)} AS flag, ${literal(2n ** 60n)} AS number`,
    );
    assert.equal(day, "2026-06-01 01:02:03.004");
    assert.deepEqual(list, ["a'", "b"]);
    assert.deepEqual([none, flag], [null, true]);
    assert.equal(number, "1152921504606846976");
  });
});

Deno.test("a count comes as a number, and a query of one row gives one or throws", async () => {
  await withData(async (data) => {
    using database = await openDatabase(data);
    assert.deepEqual(await row(database, "SELECT count(*) AS n, sum(range) AS s FROM range(4)"), {
      n: 4,
      s: 6,
    });
    await assert.rejects(row(database, "SELECT 1 LIMIT 0"), /did not give one row/);
    await assert.rejects(row(database, "SELECT * FROM range(2)"), /did not give one row/);
  });
});

Deno.test("times are in UTC whatever the zone of the machine", async () => {
  await withData(async (data) => {
    using database = await openDatabase(data);
    const { time } = await row(
      database,
      "SELECT ('2026-06-01T12:00:00+02:00'::TIMESTAMPTZ)::TIMESTAMP AS time",
    );
    assert.equal(time, "2026-06-01 10:00:00");
  });
});

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
