import assert from "node:assert/strict";
import {
  EVERY_POST,
  sampleOfDay,
  turnSql,
  uniform,
  uniformSql,
} from "../../../etl/sampling/sample.ts";
import { literal, openDatabase, rows } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { DAY, sample, writePosts } from "../../classifiers/engine/labelled_day.ts";

Deno.test("a uri has the same number in JavaScript and in SQL, and numbers are uniform", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const uris = [...Array.from({ length: 5000 }, (_, index) => uri(`${index}`)), "", "ü🏡'"];
    const found = await rows<{ u: number }>(
      database,
      `SELECT ${uniformSql("uri", "it's")} AS u FROM (SELECT unnest(${literal(uris)}) AS uri)`,
    );
    assert.deepEqual(found.map(({ u }) => u), uris.map((uri) => uniform(uri, "it's")));
    for (const tenth of Array.from({ length: 10 }, (_, index) => index / 10)) {
      const share = found.filter(({ u }) => u >= tenth && u < tenth + 0.1).length / uris.length;
      assert.ok(Math.abs(share - 0.1) < 0.017, `${share} from ${tenth}`);
    }
    assert.notEqual(uniform(uri("1"), "a"), uniform(uri("1"), "b"));
  }));

// Invariant 8
Deno.test("a higher rate draws what a lower one drew, in the same order, and more", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const paths = new DataPaths(data);
    await writePosts(paths, { passed: 2000, filtered_out: 2000, most_liked: 100 });
    const drawn = async (passed: number) =>
      (await rows<{ uri: string }>(
        database,
        `SELECT uri FROM read_parquet(${literal(paths.posts(DAY))}) p
         WHERE ${turnSql(sample({ passed, filtered_out: 0 }))} < 1 AND p.in_most_liked = false
         ORDER BY ${turnSql(sample({ passed, filtered_out: 0 }))}`,
      )).map(({ uri }) => uri);
    let before: string[] = [];
    for (const rate of [0, 0.001, 0.1, 0.1000001, 0.7, 1]) {
      const after = await drawn(rate);
      assert.deepEqual(after.slice(0, before.length), before);
      assert.ok(Math.abs(after.length - 2000 * rate) <= 3 * Math.sqrt(2000 * rate * (1 - rate)));
      before = after;
    }
  }));

Deno.test("a number of posts a day is a share of those that pass the filters", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const paths = new DataPaths(data);
    const rates = async (postsPerDay: number) =>
      (await sampleOfDay(
        database,
        paths,
        { seed: "1", passed: { postsPerDay }, filteredOutRate: 0.01 },
        DAY,
      )).rates;
    assert.deepEqual(await rates(100), { most_liked: 1, passed: 1, filtered_out: 0.01 });
    await writePosts(paths, { most_liked: 10, passed: 400, filtered_out: 100 });
    assert.deepEqual(await rates(100), { most_liked: 1, passed: 0.25, filtered_out: 0.01 });
    assert.equal((await rates(401)).passed, EVERY_POST.passed);
  }));

Deno.test("of a day that is not over, the share is drawn that leaves a number for the hours to come", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const paths = new DataPaths(data);
    await writePosts(paths, { passed: 400 });
    const plan = { seed: "1", passed: { postsPerDay: 100 }, filteredOutRate: 0 };
    const rate = async (at: string) =>
      (await sampleOfDay(database, paths, plan, DAY, new Date(at))).rates.passed;
    assert.equal(await rate(`${DAY}T06:00:00Z`), 0.0625);
    assert.equal(await rate(`${DAY}T12:00:00Z`), 0.125);
    assert.equal(await rate("2026-06-02T00:00:00Z"), 0.25);
    assert.equal(await rate("2026-06-09T00:00:00Z"), 0.25);
    assert.ok(await rate("2026-05-31T23:59:00Z") > 0, "posts may be dated some minutes ahead");
  }));
