import assert from "node:assert/strict";
import { compactedTables, partsToMerge } from "../../etl/compact/parts.ts";
import { literal, openDatabase, row } from "../../etl/store/duckdb.ts";
import { rewriteParquet } from "../../etl/store/parquet.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { holdFiles } from "../../etl/store/reading.ts";
import { rawFolder, uri } from "../raw.ts";
import { query, withData } from "../rows.ts";

import {
  DAY,
  merge,
  names,
  postsOf,
  rowsOf,
  run,
  SPAN,
  threeParts,
} from "./compact/compact_run.ts";

Deno.test("compact makes one file of the parts of a past day, and posts are built of it with the same rows", () =>
  withData(async (data) => {
    await threeParts(data);
    const folder = await rawFolder(data);
    const post = (rkey: string) => [{ uri: uri(rkey), event_time: "2026-06-10 00:00:00" }];
    for (const part of ["a", "b"]) await folder.raw("firehose", "2026-06-10", part, post(part));
    // What is still in a journal lands again under its name.
    for (const part of ["s-0", "s-1"]) {
      await folder.raw("jetstream", DAY, `${part}.${SPAN}`, post(part));
    }
    await Deno.mkdir(`${data}/journal/jetstream`, { recursive: true });
    await Deno.writeTextFile(`${data}/journal/jetstream/s-0.jsonl`, "{}\n");
    await folder.tombstone(DAY, "t", [{ subject: uri("d"), at: `${DAY} 11:00:00` }]);
    await folder.tombstone(DAY, "u", [{ subject: uri("zz"), at: `${DAY} 11:00:00` }]);
    for (const [n, part] of ["v", "w"].entries()) {
      const time = `${DAY} 12:0${n}:00`;
      await folder.counts(DAY, `${part}.${SPAN}`, [
        { uri: uri("b"), event_time: `${DAY} 10:00:00`, seen_at: time, like_count: n },
      ]);
      await folder.contexts(DAY, part, [
        { uri_hash: `${n}`, status: "found", uri: uri(part), text: part, seen_at: time },
      ]);
    }
    const contexts = () =>
      query(data, "FROM read_parquet('{data}/raw/context/*/*.parquet') ORDER BY uri_hash");
    const asked = await contexts();
    assert.equal((await run(data, "preprocess")).code, 0);
    const [raw, covered, posts] = [
      await rowsOf(data, "raw/firehose"),
      await rowsOf(data, "coverage"),
      await postsOf(data),
    ];
    const { code, stdout, stderr } = await run(data, "compact");
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), {
      files_before: 12,
      files_after: 5,
      days: 5,
      warnings: [],
      status: "done",
    });
    assert.match(
      names(data, "raw/firehose").join(),
      /^20260601T100000000Z-merged-\w{8}\.2026-06-01_2026-06-01\.parquet$/,
    );
    assert.equal(names(data, "raw/jetstream").length, 2);
    assert.deepEqual(await rowsOf(data, "raw/firehose"), raw);
    assert.deepEqual(await rowsOf(data, "coverage"), covered);
    assert.deepEqual(await contexts(), asked);
    await Deno.remove(`${data}/posts`, { recursive: true });
    assert.equal((await run(data, "preprocess")).code, 0);
    assert.deepEqual(await postsOf(data), posts);
    for (const { folder } of compactedTables(new DataPaths(data))) {
      assert.deepEqual(await partsToMerge(new DataPaths(data), folder, "2026-06-10"), []);
    }
  }));

Deno.test("preprocess finishes a compaction that was killed, and in the midst of one builds the same posts", () =>
  withData(async (data) => {
    await threeParts(data);
    assert.equal((await run(data, "preprocess")).code, 0);
    const posts = await postsOf(data);
    let built: unknown[] = [];
    let files: string[] = [];
    const held = await holdFiles(new DataPaths(data));
    const merged = await merge(data, async () => {
      // Merged, and not switched, as this test holds the files.
      await Deno.remove(`${data}/posts`, { recursive: true });
      assert.equal((await run(data, "preprocess")).code, 0);
      [built, files] = [await postsOf(data), names(data, "raw/firehose")];
      await held[Symbol.asyncDispose]();
      return true;
    });
    assert.equal(merged, "merged");
    assert.deepEqual(built, posts);
    assert.equal(files.filter((name) => name.endsWith(".parquet")).length, 3);
    assert.equal(names(data, "raw/firehose").length, 1);
    // As if it had been killed between rename and removal.
    await threeParts(data);
    const list = JSON.parse(await Deno.readTextFile(`${data}/compaction.json`));
    await Deno.writeTextFile(
      `${data}/compaction.json`,
      JSON.stringify({ ...list, state: "switching" }),
    );
    await Deno.remove(`${data}/posts`, { recursive: true });
    assert.equal((await run(data, "preprocess")).code, 0);
    assert.deepEqual(await postsOf(data), posts);
    assert.equal(names(data, "raw/firehose").length, 1);
  }));

Deno.test("nothing is switched while somebody reads, and what was deleted while it was merged stays deleted", () =>
  withData(async (data) => {
    const paths = await threeParts(data);
    const before = names(data, "raw/firehose");
    const held = await holdFiles(paths);
    assert.equal(await merge(data, () => Promise.resolve(false)), "busy");
    assert.deepEqual(names(data, "raw/firehose"), before);
    const merged = await merge(data, async () => {
      using database = await openDatabase(data);
      const { path } = paths.files("raw/firehose")[0]!;
      await rewriteParquet(database, path, `SELECT * FROM old WHERE uri <> ${literal(uri("b"))}`);
      await held[Symbol.asyncDispose]();
      return true;
    });
    assert.equal(merged, "changed");
    assert.deepEqual(names(data, "raw/firehose"), before);
    assert.equal((await rowsOf(data, "raw/firehose")).length, 5);
  }));

Deno.test("parts are merged up to a size, in order, in row groups as raw has them; large ones stay", () =>
  withData(async (data) => {
    const { paths, raw } = await rawFolder(data);
    const text = (n: number) => `post ${n} ${crypto.randomUUID()}`;
    for (let part = 0; part < 5; part++) {
      const many = part === 2 ? 3000 : 700;
      const list = Array.from(
        { length: many },
        (_, n) => ({ uri: uri(`${part}-${n}`), text: text(n) }),
      );
      await raw("firehose", DAY, `p${part}.${SPAN}`, list);
    }
    const { size } = await Deno.stat(paths.rawPart("firehose", DAY, `p0.${SPAN}`));
    const groups = (small: number, merged: number) =>
      partsToMerge(paths, "raw/firehose", "9", { small, merged });
    const parts = (groups: { files: string[] }[]) =>
      groups.map(({ files }) => files.map((file) => /p(\d)\./.exec(file)![1]).join(""));
    assert.deepEqual(parts(await groups(1.5 * size, 1e9)), ["0134"]);
    assert.deepEqual(parts(await groups(1.5 * size, 1.5 * size)), ["01", "34"]);
    assert.deepEqual(await partsToMerge(paths, "raw/firehose", DAY), []);
    const before = await rowsOf(data, "raw/firehose");
    assert.equal(await merge(data, () => Promise.resolve(false)), "merged");
    assert.deepEqual(await rowsOf(data, "raw/firehose"), before);
    using database = await openDatabase(data);
    const [file] = paths.files("raw/firehose");
    const { largest } = await row<{ largest: number }>(
      database,
      `SELECT max(row_group_num_rows) AS largest FROM parquet_metadata(${literal(file!.path)})`,
    );
    // The writer looks after each chunk of rows, of which one has 2048 at most.
    assert.ok(largest < 4096, String(largest));
  }));

Deno.test("a damaged part stops its day of its table and no other, and compact names it", () =>
  withData(async (data) => {
    const paths = await threeParts(data);
    const damaged = paths.files("raw/firehose")[1]!.path;
    await Deno.truncate(damaged, 500);
    const { code, stdout, stderr } = await run(data, "compact");
    assert.equal(code, 1);
    assert.ok(stderr.includes(`Cannot run compact: the file ${damaged} is damaged`), stderr);
    assert.equal(JSON.parse(stdout).files_after, 1);
    assert.equal(names(data, "raw/firehose").length, 3);
    assert.equal(names(data, "coverage").length, 1);
    assert.equal((await run(data, "compact", "--older-than", "6")).code, 2);
    assert.equal((await run(data, "compact", "--archive", "x")).code, 2);
  }));
