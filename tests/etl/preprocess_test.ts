import assert from "node:assert/strict";
import { query, withData } from "../rows.ts";
import { DID, rawFolder, uri } from "../raw.ts";
import { runTask } from "../task.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };

async function preprocess(data: string, ...args: string[]) {
  return await runTask(["preprocess", "--data", data, "--json", ...args], CLOCK);
}

Deno.test("a post that several sources brought is one row, with the earliest event time and the latest counts", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    await folder.raw("firehose", "2026-06-02", "a.2026-06-01_2026-06-01", [
      {
        uri: uri("1"),
        cid: "c1",
        rev: "r1",
        event_time: "2026-06-01 10:00:00",
        text: "old",
        created_at: "2026-06-01T09:59:58Z",
      },
      {
        uri: uri("1"),
        cid: "c2",
        rev: "r2",
        event_time: "2026-06-01 10:30:00",
        text: "new text of the post",
        created_at: "2026-06-01T09:59:58Z",
      },
    ]);
    await folder.raw("most_liked", "2026-06-03", "b.2026-06-01_2026-06-01", [
      {
        uri: uri("1"),
        cid: "c1",
        event_time: "2026-06-01 10:00:01",
        text: "old",
        created_at: "2026-06-01T09:59:58Z",
        seen_at: "2026-06-02 10:00:00",
        like_count: 5,
        feed: "f",
        rank: 1,
      },
      {
        uri: uri("1"),
        cid: "c1",
        event_time: "2026-06-01 10:00:01",
        text: "old",
        created_at: "2026-06-01T09:59:58Z",
        seen_at: "2026-06-03 10:00:00",
        like_count: 9,
        feed: "f",
        rank: 4,
      },
    ]);
    assert.equal((await preprocess(data)).code, 0);
    const posts = await query(
      data,
      `SELECT cid, rev, text, reference_time, like_count, count_age_hours, in_firehose,
         in_most_liked, in_import FROM read_parquet('{data}/posts/*/*.parquet')`,
    );
    assert.deepEqual(posts, [
      {
        cid: "c2",
        rev: "r2",
        text: "new text of the post",
        reference_time: "2026-06-01 10:00:00",
        like_count: 9,
        count_age_hours: 48,
        in_firehose: true,
        in_most_liked: true,
        in_import: false,
      },
    ]);
  }));

Deno.test("the day of a post is that of created_at only where it fits the reference time", () =>
  withData(async (data) => {
    const cases: [string, string | null, string, boolean][] = [
      // reference time, created_at as written, day, suspect
      ["2026-06-02 00:00:30", "2026-06-01T23:59:20Z", "2026-06-01", false],
      ["2026-06-02 00:30:00", "2026-06-01T23:30:00Z", "2026-06-01", false],
      ["2026-06-02 00:30:00", "2026-06-01T23:29:59Z", "2026-06-02", true],
      ["2026-06-01 23:55:00", "2026-06-02T00:05:00Z", "2026-06-02", false],
      ["2026-06-01 23:55:00", "2026-06-02T00:05:01Z", "2026-06-01", true],
      ["2026-06-01 12:00:00", "2026-06-01T14:00:00+02:00", "2026-06-01", false],
      ["2026-06-01 12:00:00", "2026-06-01T12:00:00", "2026-06-01", false],
      ["2026-06-01 12:00:00", "0001-01-01T00:00:00Z", "2026-06-01", true],
      ["2026-06-01 12:00:00", "1985-10-26T01:21:00Z", "2026-06-01", true],
      ["2026-06-01 12:00:00", "2031-01-01T00:00:00Z", "2026-06-01", true],
      ["2026-06-01 12:00:00", "yesterday", "2026-06-01", true],
      ["2026-06-01 12:00:00", "epoch", "2026-06-01", true],
      ["2026-06-01 12:00:00", "2026-02-30T12:00:00Z", "2026-06-01", true],
      ["2026-06-01 12:00:00", "", "2026-06-01", true],
      ["2026-06-01 12:00:00", null, "2026-06-01", true],
    ];
    const folder = await rawFolder(data);
    await folder.raw(
      "firehose",
      "2026-06-02",
      "a.2026-06-01_2026-06-02",
      cases.map(([event_time, created_at], i) => ({
        uri: uri(String(i).padStart(2, "0")),
        event_time,
        created_at,
      })),
    );
    assert.equal((await preprocess(data)).code, 0);
    const posts = await query<{ day: string; suspect: boolean }>(
      data,
      `SELECT date::VARCHAR AS day, created_at_suspect AS suspect
       FROM read_parquet('{data}/posts/*/*.parquet') ORDER BY uri`,
    );
    assert.deepEqual(
      posts.map(({ day, suspect }) => [day, suspect]),
      cases.map(([, , day, suspect]) => [day, suspect]),
    );
  }));

Deno.test("building posts again gives equal rows", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const rows = Array.from({ length: 40 }, (_, i) => ({
      uri: uri(String(i % 25)),
      rev: null,
      event_time: "2026-06-01 10:00:00",
      text: `version ${i} of a post about the weather`,
    }));
    await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", rows);
    await folder.raw("most_liked", "2026-06-01", "b.2026-06-01_2026-06-01", rows.toReversed());
    await preprocess(data);
    const first = await query(data, "SELECT * FROM read_parquet('{data}/posts/*/*.parquet')");
    await Deno.remove(`${data}/posts`, { recursive: true });
    await preprocess(data);
    const second = await query(data, "SELECT * FROM read_parquet('{data}/posts/*/*.parquet')");
    assert.equal(first.length, 25);
    assert.deepEqual(second, first);
  }));

Deno.test("in_covered_minute tells whether events were received in the minute of the post", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    await folder.coverage("2026-06-01", "c", ["2026-06-01 10:00:00"]);
    await folder.raw("most_liked", "2026-06-01", "a.2026-06-01_2026-06-01", [
      { uri: uri("1"), event_time: "2026-06-01 10:00:59" },
      { uri: uri("2"), event_time: "2026-06-01 10:01:00" },
    ]);
    await folder.raw("import", "2026-06-01", "b.2026-06-01_2026-06-01", [
      { uri: uri("3"), created_at: "2026-06-01T10:00:00Z" },
    ]);
    await preprocess(data);
    const posts = await query(
      data,
      "SELECT in_covered_minute AS covered FROM read_parquet('{data}/posts/*/*.parquet') ORDER BY uri",
    );
    assert.deepEqual(posts.map((row) => row.covered), [true, false, null]);
  }));

Deno.test("text is normalized beside the original, and odd characters do no harm", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const text = "Cafe\u0301\u00a0\u2003 'quoted'\r\n\tand\u200d 👩‍👩‍👧 مرحبا";
    await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", [
      { uri: uri("1"), event_time: "2026-06-01 10:00:00", text },
    ]);
    await preprocess(data);
    const [post] = await query(
      data,
      "SELECT text, text_normalized FROM read_parquet('{data}/posts/*/*.parquet')",
    );
    assert.equal(post!.text, text);
    assert.equal(post!.text_normalized, "Café 'quoted' and\u200d 👩‍👩‍👧 مرحبا");
  }));

// Invariant 11
Deno.test("a day whose posts are all purged is gone, also where a row names another author than its uri", () =>
  withData(async (data) => {
    const other = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
    const folder = await rawFolder(data);
    const at = { event_time: "2026-06-01 10:00:00", created_at: "2026-06-01T10:00:00Z" };
    await folder.raw("most_liked", "2026-06-01", "a.2026-06-01_2026-06-01", [
      { uri: uri("a"), did: other, cid: "c", feed: "f", rank: 1, ...at },
    ]);
    await folder.tombstone("2026-06-02", "t", [
      { subject: DID, at: "2026-06-02 10:00:00", reason: "deleted" },
    ]);
    const run = await runTask(["preprocess", "--data", data, "--json"], {
      CIVICSKY_CLOCK: "2026-06-03T00:00:00Z",
    });
    assert.equal(run.code, 0, run.stderr);
    const { posts, days } = JSON.parse(run.stdout);
    assert.deepEqual([posts, days], [0, 0]);
  }));
