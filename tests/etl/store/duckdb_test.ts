import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { join } from "node:path";
import { literal, onOneThread, openDatabase, row } from "../../../etl/store/duckdb.ts";
import { withData } from "../../rows.ts";

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

/** How many threads DuckDB takes where nobody says. */
async function threadsOfMachine(): Promise<number> {
  const database = await (await DuckDBInstance.create(":memory:")).connect();
  return (await row<{ n: number }>(database, "SELECT current_setting('threads') AS n")).n;
}

Deno.test("a folder with little in it is read on one thread, also after work on one, and a larger one on all", async () => {
  await withData(async (data) => {
    const threads = async () => {
      using database = await openDatabase(data);
      await onOneThread(database, () => Promise.resolve());
      return (await row<{ n: number }>(database, "SELECT current_setting('threads') AS n")).n;
    };
    const all = await threadsOfMachine();
    const day = join(data, "posts", "date=2026-06-01");
    await Deno.mkdir(day, { recursive: true });
    await Deno.writeFile(join(data, "journal.jsonl"), new Uint8Array(5_000_000));
    await Deno.writeFile(join(day, "a.parquet"), new Uint8Array(3_000_000));
    assert.equal(await threads(), 1);
    await Deno.writeFile(join(day, "b.parquet"), new Uint8Array(1_500_000));
    assert.equal(await threads(), all);
    await Deno.remove(join(day, "b.parquet"));
    const many = Array.from({ length: 2000 }, (_, index) => join(data, `${index}`));
    await Promise.all(many.map((path) => Deno.writeTextFile(path, "")));
    assert.equal(await threads(), all);
  });
});
