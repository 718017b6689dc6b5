import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../../etl/run/error.ts";
import { type Database, literal, openDatabase } from "../../../etl/store/duckdb.ts";
import { damage, damagedFile, firstDamage } from "../../../etl/store/damage.ts";
import { writeParquet } from "../../../etl/store/parquet.ts";
import { withData } from "../../rows.ts";
import { NUMBERS } from "./numbers.ts";

function test(name: string, run: (database: Database, folder: string) => Promise<void>): void {
  Deno.test(name, () =>
    withData(async (folder) => {
      using database = await openDatabase(folder);
      await run(database, folder);
    }));
}

// Invariant 2
test(
  "damage is found in a file that is cut, empty or overwritten, and nowhere else",
  async (database, folder) => {
    const path = join(folder, "numbers.parquet");
    await writeParquet(
      database,
      NUMBERS,
      "SELECT 1 AS version, range AS number FROM range(20000)",
      path,
    );
    assert.equal(await damage(database, path), undefined);
    const bytes = await Deno.readFile(path);
    const overwritten = bytes.slice();
    overwritten.fill(0x5a, bytes.length / 2, bytes.length / 2 + 512);
    const cases = {
      cut: bytes.slice(0, bytes.length - 100),
      half: bytes.slice(0, bytes.length / 2),
      empty: new Uint8Array(),
      overwritten,
      footer: bytes.slice().fill(0, bytes.length - 400, bytes.length - 8),
    };
    for (const [name, damaged] of Object.entries(cases)) {
      const other = join(folder, `${name}.parquet`);
      await Deno.writeFile(other, damaged);
      assert.ok(await damage(database, other), name);
      const error = await firstDamage(database, [path, other], "count");
      assert.ok(error?.message.startsWith(`Cannot count: the file ${other} is damaged (`), name);
    }
    assert.equal(await firstDamage(database, [path, path], "count"), undefined);
    assert.ok(await damage(database, join(folder, "missing.parquet")));
  },
);

// Invariant 2
test(
  "want of memory is an error of its own, and no file is called damaged for it",
  async (database, folder) => {
    const path = join(folder, "posts.parquet");
    await database.run(`COPY (SELECT repeat('x', 200) || range AS text FROM range(20000))
      TO ${literal(path)} (FORMAT parquet)`);
    await database.run("SET memory_limit = '1MB'");
    for (const look of [() => damage(database, path), () => firstDamage(database, [path], "x")]) {
      await assert.rejects(look, (error) => {
        assert.ok(error instanceof UserError, Deno.inspect(error));
        assert.match(
          error.message,
          /^Cannot read the file .*posts\.parquet: .*Out of Memory Error/,
        );
        assert.doesNotMatch(error.message, /damaged|Possible/);
        return true;
      });
    }
    await database.run("SET memory_limit = '600MB'");
    assert.equal(await firstDamage(database, [path], "count"), undefined);
  },
);

Deno.test("the error for a damaged file names it and says what to do", () => {
  const error = damagedFile("preprocess", "data/posts/posts.parquet", "it is cut");
  assert.ok(error instanceof UserError);
  assert.match(error.format(), /^Cannot preprocess: the file data\/posts\/posts\.parquet is /);
  assert.match(error.format(), /\n {2}Put back a copy from a backup, or move the file/);
  assert.equal(error.exitCode, 1);
});

// Invariant 12
test("what is said about a damaged file quotes no text of it", async (database, folder) => {
  const path = join(folder, "posts.parquet");
  await database.run(`COPY (SELECT 'A private "sentence" number ' || range AS text FROM range(9))
    TO ${literal(path)} (FORMAT parquet, COMPRESSION uncompressed)`);
  const bytes = await Deno.readFile(path);
  const at = new TextDecoder("latin1").decode(bytes).indexOf("sentence");
  bytes.fill(0xff, at, at + 2);
  await Deno.writeFile(path, bytes);
  const what = await damage(database, path);
  assert.match(what!, /not valid UTF8/);
  assert.doesNotMatch(what!, /private|tence/);
});
