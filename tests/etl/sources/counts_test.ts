import assert from "node:assert/strict";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { tableOf, writeParquet } from "../../../etl/store/parquet.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { POSTS, type Table } from "../../../etl/store/tables.ts";
import { uri } from "../../raw.ts";
import { query } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { withAppView } from "../context/context_run.ts";
import { view } from "../context/counting_appview.ts";
import { aged, count, counted, lay, NOW, task } from "./counting_run.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

Deno.test("posts of a feed and labelled ones are due from 48 hours on and before 96", () =>
  withAppView(async (appView, data) => {
    const ages = { a: 47.9, b: 47.9997, c: 48, d: 60, e: 95.9997, f: 96, g: 100 };
    await lay(data, "most_liked", ages);
    await lay(data, "import", { "import-young": 47.9, "import-due": 48.1, "import-old": 96.1 });
    await task(data, "preprocess");
    assert.deepEqual((await count(appView, data)).counts, { due: 3, counted: 3, gone: 0 });
    assert.deepEqual(appView.asked.flat().sort(), ["c", "d", "e"].map((rkey) => uri(rkey)));
    await task(data, "classify:dictionary");
    assert.deepEqual((await count(appView, data)).counts, { due: 1, counted: 1, gone: 0 });
    assert.deepEqual(appView.asked.at(-1), [uri("import-due")]);
  }));

Deno.test("without a table of posts nothing is due, and the feeds are read all the same", () =>
  withAppView(async (appView, data) => {
    const { counts, feeds } = await task(data, "sync:most-liked", "--appview", appView.url);
    assert.deepEqual(counts, { due: 0, counted: 0, gone: 0 });
    assert.equal(Object.keys(feeds).length, 1);
    assert.deepEqual(appView.asked, []);
    // A crontab of an earlier version.
    const old = await task(data, "sync:most-liked", "--counts-only", "--appview", appView.url);
    assert.deepEqual([old.counts, old.feeds], [counts, feeds]);
  }));

// Invariant 9
Deno.test("a post that is gone has a row without counts, and one that cannot be read stays due", () =>
  withAppView(async (appView, data) => {
    await lay(data, "most_liked", { there: 50, gone: 50, wrong: 50, uncounted: 50 });
    await task(data, "preprocess");
    appView.gone.add(uri("gone"));
    appView.replaced.set(uri("wrong"), { ...view(uri("wrong")), cid: null });
    appView.replaced.set(uri("uncounted"), { ...view(uri("uncounted")), likeCount: "many" });
    const first = await count(appView, data);
    assert.deepEqual(first.counts, { due: 4, counted: 1, gone: 1 });
    assert.deepEqual(first.set_aside, { invalid_item: 2 });
    assert.deepEqual(await counted(data), [
      { uri: uri("gone"), like_count: null },
      { uri: uri("there"), like_count: 40 },
    ]);
    appView.replaced.clear();
    assert.deepEqual((await count(appView, data)).counts, { due: 2, counted: 2, gone: 0 });
    assert.deepEqual(appView.asked.at(-1)!.sort(), [uri("uncounted"), uri("wrong")]);
  }));

Deno.test("where an invalid item names no post, none of its answer is taken for gone", () =>
  withAppView(async (appView, data) => {
    await lay(data, "most_liked", { a: 50, b: 50 });
    await task(data, "preprocess");
    appView.replaced.set(uri("a"), "rubbish");
    assert.deepEqual((await count(appView, data)).counts, { due: 2, counted: 1, gone: 0 });
    assert.deepEqual(await counted(data), [{ uri: uri("b"), like_count: 40 }]);
  }));

// Invariant 11
Deno.test("counts at 48 hours stand in posts beside the others, and leave with a deleted post", () =>
  withAppView(async (appView, data) => {
    const folder = await lay(data, "most_liked", { kept: 50, gone: 49, deleted: 50 });
    await task(data, "preprocess");
    appView.gone.add(uri("gone"));
    await count(appView, data);
    assert.equal((await task(data, "preprocess")).posts, 3);
    const posts = await query(
      data,
      `SELECT split_part(uri, '/', 5) AS rkey, like_count, like_count_48h, repost_count_48h,
         reply_count_48h, quote_count_48h, count_48h_age_hours
       FROM read_parquet('{data}/posts/*/*.parquet') WHERE uri <> '${uri("deleted")}' ORDER BY uri`,
    );
    assert.deepEqual(posts.map((post) => Object.values(post)), [
      ["gone", 7, null, null, null, null, 49],
      ["kept", 7, 40, 4, 3, 2, 50],
    ]);
    await folder.tombstone("2026-06-10", "t", [{ subject: uri("deleted"), at: aged(1) }]);
    assert.equal((await task(data, "preprocess")).posts, 2);
    assert.deepEqual((await counted(data)).map((row) => row.uri), [uri("gone"), uri("kept")]);
    assert.equal((await task(data, "preprocess")).days_unchanged, 1);
  }));

Deno.test("a damaged part of raw/counts stops the days it may touch, is named, and its posts are due again", () =>
  withAppView(async (appView, data) => {
    await lay(data, "most_liked", { a: 50 });
    await task(data, "preprocess");
    await count(appView, data);
    const [part] = new DataPaths(data).files("raw/counts");
    await Deno.truncate(part!.path, 100);
    const run = await runTask(["preprocess", "--data", data, "--json"], { CIVICSKY_CLOCK: NOW });
    assert.equal(run.code, 1);
    assert.ok(run.stderr.includes(part!.path), run.stderr);
    assert.deepEqual(JSON.parse(run.stdout).days_stopped_by_damage, [
      "2026-06-07",
      "2026-06-08",
      "2026-06-09",
    ]);
    const again = await runTask(
      ["sync:most-liked", "--data", data, "--json", "--appview", appView.url],
      { CIVICSKY_CLOCK: NOW },
    );
    assert.equal(again.code, 1);
    assert.ok(again.stderr.includes(part!.path), again.stderr);
    assert.deepEqual(JSON.parse(again.stdout).counts, { due: 1, counted: 1, gone: 0 });
  }));

// Invariant 13
Deno.test("posts of the version before, without these columns, are counted and then built anew", () =>
  withAppView(async (appView, data) => {
    await lay(data, "most_liked", { a: 50 });
    await task(data, "preprocess");
    const path = new DataPaths(data).posts("2026-06-08");
    {
      using database = await openDatabase(data);
      const columns = Object.entries((await tableOf(database, path)).columns)
        .filter(([name]) => !name.includes("_48h"));
      const before: Table = { ...POSTS, version: 1, columns: Object.fromEntries(columns) };
      await writeParquet(database, before, `SELECT * FROM read_parquet('${path}')`, path);
    }
    assert.deepEqual((await count(appView, data)).counts, { due: 1, counted: 1, gone: 0 });
    await task(data, "status");
    assert.equal((await task(data, "preprocess")).days_unchanged, 0);
    const [post] = await query(data, `SELECT like_count_48h FROM read_parquet('${path}')`);
    assert.equal(post!.like_count_48h, 40);
    using database = await openDatabase(data);
    assert.equal((await tableOf(database, path)).version, POSTS.version);
  }));

Deno.test("a run counts as many posts as the study says, those of feeds first", () =>
  withAppView(async (appView, data) => {
    await lay(data, "import", { i1: 50, i2: 50, i3: 50 });
    await lay(data, "most_liked", { m1: 50 });
    await task(data, "preprocess");
    await task(data, "classify:dictionary");
    const study = `${data}/study.yaml`;
    const text = await Deno.readTextFile(SHIPPED_STUDY);
    await Deno.writeTextFile(study, text.replace("count_again: 50000", "count_again: 2"));
    const sync = ["sync:most-liked", "--appview", appView.url, "--study", study];
    assert.deepEqual((await task(data, ...sync)).counts, { due: 4, counted: 2, gone: 0 });
    assert.equal(appView.asked.flat()[0], uri("m1"));
    assert.deepEqual((await task(data, ...sync)).counts, { due: 2, counted: 2, gone: 0 });
  }));
