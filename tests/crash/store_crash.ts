import assert from "node:assert/strict";
import { join } from "node:path";
import { openDatabase } from "../../etl/store/duckdb.ts";
import { Journal, leftSegments } from "../../etl/store/journal.ts";
import { removeLeftovers } from "../../etl/store/whole_file.ts";
import { Child } from "../etl/store/child.ts";
import { NUMBERS, versionOf, whole } from "../etl/store/numbers.ts";
import { count, numbers } from "../etl/store/segment_numbers.ts";
import { withData } from "../rows.ts";
import { UserError } from "../../etl/run/error.ts";
import { lock } from "../../etl/store/lock.ts";
import { writeParquet } from "../../etl/store/parquet.ts";
import { LARGE_SORT } from "../etl/store/large_sort.ts";
import { dead, isFree, leave, LINUX, names, race } from "../etl/store/left_lock.ts";
import { fill, testOnSmallDisk } from "../etl/store/small_disk.ts";

// Invariant 1
Deno.test("a writer killed at any instant has lost no line that it called durable", async () => {
  await withData(async (data) => {
    for (let kill = 0; kill < 8; kill++) {
      const child = new Child("store/appending_script.ts", data, String(kill), "0");
      await child.line();
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      const durable = Number((await child.kill()).at(-1) ?? 499);
      const path = join(data, `${kill}.jsonl`);
      assert.equal((await leftSegments(data)).at(-1), path);
      const found = await numbers(path);
      assert.ok(found.length > durable, `${found.length} lines, line ${durable} was durable`);
      assert.deepEqual(found, count(0, found.length));
      await Deno.remove(path);
    }
  });
});

// Invariant 2
Deno.test("a writer killed at any instant leaves a whole version and nothing half-written", () =>
  withData(async (folder) => {
    using database = await openDatabase(folder);
    const path = join(folder, "date=2026-06-01", "numbers.parquet");
    let last = 0;
    let leftovers = 0;
    for (let kill = 0; kill < 8; kill++) {
      const child = new Child("store/rewriting_script.ts", folder, path, String(last + 1));
      for (let lines = 0; lines < 2; lines++) last = Number(await child.line());
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
      last = Number((await child.kill()).at(-1) ?? last);
      const found = await versionOf(database, path);
      // The version after the last that was reported may have been in place when the kill came.
      assert.ok(found === last || found === last + 1, `version ${found} after ${last}`);
      last = found;
      const others = names(join(folder, "date=2026-06-01")).filter((name) =>
        name !== "numbers.parquet"
      );
      for (const name of others) assert.match(name, /^numbers\.parquet\.[0-9a-f]{8}\.part$/);
      leftovers += others.length;
      await removeLeftovers(path);
      assert.deepEqual(names(join(folder, "date=2026-06-01")), ["numbers.parquet"]);
    }
    assert.ok(leftovers > 0, "no kill came in the middle of writing");
  }));

Deno.test({
  name: "the lock of a process that was killed is taken over at once",
  ignore: !LINUX,
  async fn() {
    await withData(async (data) => {
      const child = new Child("store/lock_script.ts", data);
      assert.equal(await child.ask("lock a"), "got");
      assert.equal(await isFree(data), false);
      await child.kill();
      assert.equal(await isFree(data), true);
      assert.deepEqual(names(data), []);
    });
  },
});

// Invariant 10
Deno.test({
  name: "of ten processes that race for a dead lock exactly one wins, time and again",
  ignore: !LINUX,
  async fn() {
    await withData(async (data) => {
      const children = Array.from({ length: 10 }, () => new Child("store/lock_script.ts", data));
      for (let round = 0; round < 60; round++) {
        const path = join(data, `${round}.lock`);
        const holder = dead();
        await leave(path, holder);
        // Every second time, whoever took over from the dead one died on the way.
        const successor = dead();
        if (round % 2 === 1) await leave(`${path}.${holder.token}`, successor);
        const answers = await race(children, String(round));
        assert.equal(answers.filter((answer) => answer === "got").length, 1, answers.join("\n"));
        const winner = children[answers.indexOf("got")]!;
        assert.equal(JSON.parse(await Deno.readTextFile(path)).pid, winner.process.pid);
        const left = names(data).filter((name) => name.startsWith(`${round}.`));
        assert.deepEqual(left, [`${round}.lock`]);
        await winner.ask("unlock");
      }
      assert.deepEqual(names(data), []);
      await Promise.all(children.map((child) => child.kill()));
    });
  },
});

testOnSmallDisk("a lock that a full disk refuses leaves no file behind", async (disk) => {
  await Deno.writeFile(join(disk, "filling"), new Uint8Array(1024 * 1024));
  await assert.rejects(lock(disk, "a", "do it"), /[Nn]o space left/);
  assert.deepEqual(names(disk), ["filling"]);
});

// Invariant 11
Deno.test("what a killed process spilled is removed by the next, and a live one's is not", async () => {
  await withData(async (data) => {
    const child = new Child("store/spilling_script.ts", data, LARGE_SORT);
    assert.equal(await child.line(), "begins");
    while ([...Deno.readDirSync(data)].length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    {
      using _database = await openDatabase(data);
      assert.equal([...Deno.readDirSync(data)].length, 1);
    }
    await child.kill();
    assert.equal([...Deno.readDirSync(data)].length, 1);
    using _database = await openDatabase(data);
    assert.deepEqual([...Deno.readDirSync(data)], []);
  });
});

// Invariant 1
testOnSmallDisk(
  "a full disk leaves whole lines, and none is lost when there is space again",
  async (disk) => {
    const journal = await Journal.create(disk, "a");
    const filling = "x".repeat(30_000);
    let next = 0;
    const append = (lines: number) => {
      for (const end = next + lines; next < end; next++) journal.append({ number: next, filling });
    };
    append(3);
    await journal.commit();
    const full = await fill(disk);
    append(5);
    const pending = journal.pending;
    await assert.rejects(journal.commit(), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /^Cannot write the journal .*a\.jsonl: .*[Nn]o space left/);
      assert.ok(error.cause instanceof Error);
      return true;
    });
    assert.deepEqual(await numbers(journal.path), [0, 1, 2]);
    assert.equal(journal.pending, pending);
    append(2);
    await Deno.remove(full);
    await journal.commit();
    assert.deepEqual(await numbers(journal.path), count(0, 10));
    assert.equal(journal.bytes, (await Deno.stat(journal.path)).size);
    journal.close();
  },
);

// Invariant 2
testOnSmallDisk(
  "a full disk leaves the old file, and the same call works with space",
  async (disk) => {
    using database = await openDatabase(disk);
    const path = join(disk, "numbers.parquet");
    await writeParquet(database, NUMBERS, whole(1), path);
    const filling = await fill(disk);
    await assert.rejects(writeParquet(database, NUMBERS, whole(2), path), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.message, `Cannot write ${path}: the disk is full`);
      assert.ok(error.cause instanceof Error);
      return true;
    });
    assert.deepEqual(names(disk), ["filling", "numbers.parquet"]);
    assert.equal(await versionOf(database, path), 1);
    await Deno.remove(filling);
    await writeParquet(database, NUMBERS, whole(2), path);
    assert.equal(await versionOf(database, path), 2);
  },
);
