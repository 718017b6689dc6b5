import assert from "node:assert/strict";
import { query, withData } from "../../rows.ts";
import { rawFolder, uri } from "../../raw.ts";
import { runTask } from "../../task.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };

async function preprocess(data: string, ...args: string[]) {
  return await runTask(["preprocess", "--data", data, "--json", ...args], CLOCK);
}

// Invariant 2
Deno.test("a damaged raw file stops the days that it may touch and no other, and is named", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const day = (date: string, rkey: string) => [{
      uri: uri(rkey),
      event_time: `${date} 10:00:00`,
      created_at: `${date}T10:00:00Z`,
    }];
    const bad = await folder.raw(
      "firehose",
      "2026-06-02",
      "bad.2026-06-02_2026-06-02",
      day("2026-06-02", "2"),
    );
    await folder.raw(
      "firehose",
      "2026-06-08",
      "good.2026-06-08_2026-06-08",
      day("2026-06-08", "8"),
    );
    await preprocess(data);
    await folder.raw(
      "firehose",
      "2026-06-08",
      "more.2026-06-08_2026-06-08",
      day("2026-06-08", "9"),
    );
    await folder.raw(
      "firehose",
      "2026-06-03",
      "late.2026-06-02_2026-06-02",
      day("2026-06-02", "3"),
    );
    const bytes = await Deno.readFile(bad);
    await Deno.writeFile(bad, bytes.subarray(0, bytes.length - 20));
    const { code, stderr, stdout } = await preprocess(data);
    assert.equal(code, 1);
    assert.ok(stderr.includes(bad), stderr);
    assert.deepEqual(JSON.parse(stdout).days_stopped_by_damage, [
      "2026-06-01",
      "2026-06-02",
      "2026-06-03",
    ]);
    const posts = await query(
      data,
      "SELECT uri FROM read_parquet('{data}/posts/*/*.parquet') ORDER BY uri",
    );
    assert.deepEqual(posts.map((row) => row.uri), [uri("2"), uri("8"), uri("9")]);
  }));

Deno.test("a damaged tombstone file stops preprocess, so that deleted posts do not come back", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", [
      { uri: uri("1"), event_time: "2026-06-01 10:00:00" },
    ]);
    const path = await folder.tombstone("2026-06-01", "t", [{
      subject: uri("1"),
      at: "2026-06-01 11:00:00",
    }]);
    await Deno.writeTextFile(path, "");
    const { code, stderr } = await preprocess(data);
    assert.equal(code, 1);
    assert.ok(stderr.startsWith(`Cannot preprocess: the file ${path} is damaged`), stderr);
    assert.deepEqual(await query(data, "SELECT * FROM glob('{data}/posts/*/*.parquet')"), []);
  }));

Deno.test("posts whose raw data was moved away stay, with a warning", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const old = await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", [
      { uri: uri("1"), event_time: "2026-06-01 10:00:00" },
    ]);
    await preprocess(data);
    await Deno.remove(old);
    await folder.raw("firehose", "2026-06-05", "b.2026-06-05_2026-06-05", [
      { uri: uri("2"), event_time: "2026-06-05 10:00:00" },
    ]);
    const { code, stderr } = await preprocess(data);
    assert.equal(code, 0);
    assert.match(stderr, /warning: 1 posts of 2026-06-01 no longer have raw data/);
    const posts = await query(
      data,
      "SELECT uri FROM read_parquet('{data}/posts/*/*.parquet') ORDER BY uri",
    );
    assert.deepEqual(posts.map((row) => row.uri), [uri("1"), uri("2")]);
  }));

Deno.test("without any raw data preprocess says so and builds nothing", () =>
  withData(async (data) => {
    const { code, stdout } = await preprocess(data);
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).posts, 0);
  }));

Deno.test("damage to one column stops the days of its file, and what was whole is built", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const rows = (date: string) =>
      Array.from({ length: 400 }, (_, i) => ({
        uri: uri(`${date.slice(-2)}-${i}`),
        event_time: `${date} 10:00:00`,
        created_at: `${date}T10:00:00Z`,
        text: `${crypto.randomUUID()} ${crypto.randomUUID()}`,
      }));
    const bad = await folder.raw(
      "firehose",
      "2026-06-01",
      "bad.2026-06-01_2026-06-01",
      rows("2026-06-01"),
    );
    await folder.raw("firehose", "2026-06-08", "b.2026-06-08_2026-06-08", rows("2026-06-08"));
    const [column] = await query<{ first: number; size: number }>(
      data,
      `SELECT coalesce(dictionary_page_offset, data_page_offset) AS first,
         total_compressed_size AS size FROM parquet_metadata('${bad}') WHERE path_in_schema = 'text'`,
    );
    const bytes = await Deno.readFile(bad);
    bytes.fill(0x5a, column!.first + column!.size / 2, column!.first + column!.size);
    await Deno.writeFile(bad, bytes);
    const { code, stderr, stdout } = await preprocess(data);
    assert.equal(code, 1);
    assert.ok(stderr.startsWith(`Cannot preprocess: the file ${bad} is damaged`), stderr);
    const summary = JSON.parse(stdout);
    assert.deepEqual(summary.days_stopped_by_damage, ["2026-05-31", "2026-06-01", "2026-06-02"]);
    assert.deepEqual([summary.posts, summary.first_day], [400, "2026-06-08"]);
  }));

Deno.test("a damaged coverage file stops its days and is named", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    for (const day of ["2026-06-01", "2026-06-08"]) {
      await folder.raw("firehose", day, `a.${day}_${day}`, [
        { uri: uri(day), event_time: `${day} 10:00:00`, created_at: `${day}T10:00:00Z` },
      ]);
    }
    const path = await folder.coverage("2026-06-01", "c", ["2026-06-01 10:00:00"]);
    await Deno.writeTextFile(path, "no parquet");
    const { code, stderr, stdout } = await preprocess(data);
    assert.equal(code, 1);
    assert.ok(stderr.includes(path), stderr);
    assert.deepEqual([JSON.parse(stdout).posts, JSON.parse(stdout).first_day], [1, "2026-06-08"]);
  }));
