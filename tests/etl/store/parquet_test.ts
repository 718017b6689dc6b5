import assert from "node:assert/strict";
import { join } from "node:path";
import { type Database, literal, openDatabase, rows } from "../../../etl/store/duckdb.ts";
import { relation, rewriteParquet, tableOf, writeParquet } from "../../../etl/store/parquet.ts";
import { removeLeftovers } from "../../../etl/store/whole_file.ts";
import { withColumns } from "../../../etl/store/tables.ts";
import { withData } from "../../rows.ts";
import { NUMBERS, ROWS, versionOf, whole } from "./numbers.ts";

function test(name: string, run: (database: Database, folder: string) => Promise<void>): void {
  Deno.test(name, () =>
    withData(async (folder) => {
      using database = await openDatabase(folder);
      await run(database, folder);
    }));
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

// Invariant 2
test("the old file stands when the query fails or lacks a column", async (database, folder) => {
  const path = join(folder, "numbers.parquet");
  await writeParquet(database, NUMBERS, whole(1), path);
  const fails = "SELECT 2 AS version, (CASE WHEN range < 9000 THEN '1' ELSE 'x' END) AS number " +
    "FROM range(20000)";
  await assert.rejects(writeParquet(database, NUMBERS, fails, path), /Could not convert string/);
  await assert.rejects(
    writeParquet(database, NUMBERS, "SELECT 2 AS version", path),
    /Column "number"/,
  );
  assert.equal(await versionOf(database, path), 1);
  assert.deepEqual(names(folder), ["numbers.parquet"]);
});

test(
  "a file holds the table's columns in their order and types, in zstd",
  async (database, folder) => {
    const path = join(folder, "deep", "numbers.parquet");
    const count = await writeParquet(
      database,
      NUMBERS,
      "SELECT '5' AS number, 1 AS more, 2 AS version",
      path,
    );
    assert.equal(count, 1);
    const { columns } = await tableOf(database, path);
    assert.deepEqual(Object.entries(columns), Object.entries(NUMBERS.columns));
    const used = await rows<{ compression: string }>(
      database,
      `SELECT DISTINCT compression FROM parquet_metadata(${literal(path)})`,
    );
    assert.deepEqual(used, [{ compression: "ZSTD" }]);
  },
);

// Invariant 13
test(
  "the metadata of a file says which table it is and in which version",
  async (database, folder) => {
    const path = join(folder, "numbers.parquet");
    await writeParquet(database, NUMBERS, whole(1), path);
    const { folder: said, version } = await tableOf(database, path);
    assert.deepEqual([said, version], ["numbers", 7]);
    await database.run(`COPY (SELECT 1 AS a) TO ${literal(join(folder, "foreign.parquet"))}`);
    assert.equal((await tableOf(database, join(folder, "foreign.parquet"))).version, 0);
  },
);

// Invariant 13
test(
  "files of an older schema are read with nulls for the columns they lack",
  async (database, folder) => {
    const newer = withColumns(NUMBERS, { tags: "VARCHAR[]", scores: "MAP(VARCHAR, DOUBLE)" });
    const [older, newest] = [join(folder, "1.parquet"), join(folder, "2.parquet")];
    await writeParquet(database, NUMBERS, "SELECT 1 AS version, 10 AS number", older);
    await writeParquet(
      database,
      withColumns(newer, { flag: "BOOLEAN" }),
      "SELECT 2 AS version, 20 AS number, ['a'] AS tags, MAP {'k': 0.5} AS scores, true AS flag",
      newest,
    );
    for (const files of [[older, newest], [newest, older]]) {
      const read = await rows(
        database,
        `SELECT * FROM ${relation(newer, files, ["flag"])} ORDER BY version`,
      );
      assert.deepEqual(read.map((found) => [found.version, found.number, found.tags, found.flag]), [
        [1, 10, null, null],
        [2, 20, ["a"], true],
      ]);
    }
    const alone = await rows(database, `SELECT * FROM ${relation(newer, [older])}`);
    assert.deepEqual(alone, [{ version: 1, number: 10, tags: null, scores: null }]);
  },
);

test("no files give no rows, with all columns", async (database) => {
  const reader = await database.runAndReadAll(`SELECT * FROM ${relation(NUMBERS, [])}`);
  assert.deepEqual(reader.columnNames(), Object.keys(NUMBERS.columns));
  assert.equal(reader.currentRowCount, 0);
});

// Invariant 13
test("rewriting a file keeps its columns, table and schema version", async (database, folder) => {
  const path = join(folder, "labels.parquet");
  const table = {
    folder: "labels/*",
    version: 3,
    columns: { uri: "VARCHAR", s: "MAP(VARCHAR, DOUBLE)" },
  };
  const query = "SELECT 'u' || range AS uri, MAP {'k': range} AS s FROM range(5)";
  await writeParquet(database, table, query, path);
  const fewer = await rewriteParquet(database, path, "SELECT * FROM old WHERE uri <> 'u3'");
  assert.equal(fewer, 1);
  assert.deepEqual(await tableOf(database, path), table);
  const left = await rows(database, `SELECT uri FROM read_parquet(${literal(path)})`);
  assert.deepEqual(left.map(({ uri }) => uri), ["u0", "u1", "u2", "u4"]);
});

// Invariant 11
test("rewriting a file to nothing removes it", async (database, folder) => {
  const path = join(folder, "numbers.parquet");
  await writeParquet(database, NUMBERS, whole(1), path);
  assert.equal(await rewriteParquet(database, path, "SELECT * FROM old WHERE false"), ROWS);
  assert.deepEqual(names(folder), []);
});

test(
  "leftovers of other files stay, and a folder that is not there has none",
  async (_, folder) => {
    const [ours, other] = ["a.parquet.0123abcd.part", "b.parquet.0123abcd.part"];
    for (const name of [ours, other]) await Deno.writeTextFile(join(folder, name), "PAR1");
    await removeLeftovers(join(folder, "a.parquet"));
    assert.deepEqual(names(folder), [other]);
    await removeLeftovers(join(folder, "missing", "a.parquet"));
  },
);
