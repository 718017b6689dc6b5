import assert from "node:assert/strict";
import { join } from "node:path";
import { literal, openDatabase, row } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { hashKey, subjectHash, subjectHashSql } from "../../../etl/raw/tombstone.ts";
import { withData } from "../../rows.ts";
import { Child } from "../store/child.ts";

// Invariant 11
Deno.test("a hash made in SQL is the hash made in JavaScript", async () => {
  await withData(async (data) => {
    using database = await openDatabase(data);
    const key = await hashKey(new DataPaths(data));
    for (
      const subject of ["at://did:plc:abc/app.bsky.feed.post/3k", "did:web:ü.example", "", "'"]
    ) {
      const { hash } = await row<{ hash: string }>(
        database,
        `SELECT ${subjectHashSql(key, "s")} AS hash FROM (SELECT ${literal(subject)} AS s)`,
      );
      assert.match(hash, /^[0-9a-f]{64}$/);
      assert.equal(hash, subjectHash(key, subject));
      assert.notEqual(hash, subjectHash("0".repeat(64), subject));
    }
  });
});

// Invariant 12
Deno.test("the key is made once and only its owner can read it", async () => {
  await withData(async (data) => {
    const paths = new DataPaths(join(data, "new"));
    const key = await hashKey(paths);
    assert.match(key, /^[0-9a-f]{64}$/);
    assert.equal(await hashKey(paths), key);
    assert.deepEqual([...Deno.readDirSync(paths.root)].map((entry) => entry.name), [".hash_key"]);
    if (Deno.build.os !== "windows") {
      assert.equal((await Deno.stat(paths.hashKey())).mode! & 0o777, 0o600);
    }
    assert.notEqual(await hashKey(new DataPaths(join(data, "other"))), key);
  });
});

// Invariant 11
Deno.test("whoever needs a key at the same time gets the same one, in other processes and in this one", async () => {
  await withData(async (data) => {
    const children = Array.from({ length: 3 }, () => new Child("store/key_script.ts"));
    for (let round = 0; round < 40; round++) {
      const folder = join(data, String(round));
      const keys = await Promise.all(children.map((child) => child.ask(folder)));
      assert.match(keys[0]!, /^[0-9a-f]{64}$/);
      assert.equal(new Set(keys).size, 1);
      assert.equal(await hashKey(new DataPaths(folder)), keys[0]);
    }
    for (const child of children) await child.kill();
    for (let round = 40; round < 100; round++) {
      const paths = new DataPaths(join(data, String(round)));
      const keys = await Promise.all(Array.from({ length: 20 }, () => hashKey(paths)));
      assert.match(keys[0]!, /^[0-9a-f]{64}$/);
      assert.equal(new Set(keys).size, 1);
    }
  });
});

// Invariant 11
Deno.test("a key file that is empty or cut is an error and never a key", async () => {
  await withData(async (data) => {
    const paths = new DataPaths(data);
    for (const text of ["", "\n", "0123abc"]) {
      await Deno.writeTextFile(paths.hashKey(), text);
      await assert.rejects(hashKey(paths), /Cannot read .*\.hash_key: it does not hold a key/);
      assert.equal(await Deno.readTextFile(paths.hashKey()), text);
    }
  });
});
