/** When the counts of an import were taken, and which stand. */
import assert from "node:assert/strict";
import { laterTask } from "../../later_task.ts";
import { rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { TEST_DATA } from "../../test_data.ts";
import { rawRows } from "../sources/firehose_run.ts";

const T = "2026-06-01T10:00:00Z";
const HEADER = "uri,created_at,text,like_count,reply_count,counted_at";

async function importRows(data: string, rows: string[], header = HEADER) {
  await Deno.writeTextFile(`${data}/posts.csv`, [header, ...rows, ""].join("\n"));
  return await laterTask(data, "import", `${data}/posts.csv`);
}

async function counts(data: string) {
  await laterTask(data, "preprocess");
  const posts = await query(
    data,
    `SELECT like_count, reply_count, count_age_hours FROM '{data}/posts/*/*.parquet' ORDER BY uri`,
  );
  return posts.map(({ like_count, reply_count, count_age_hours }) => [
    like_count,
    reply_count,
    count_age_hours,
  ]);
}

const row = (likes: unknown, replies: unknown, at: string, name = "a") =>
  `${uri(name)},${T},A post about the weather,${likes},${replies},${at}`;

Deno.test("the latest counts stand in whatever order files come, and an older file empties none", async () => {
  const newer = [row(5000, 300, "2026-06-03T10:00:00Z")];
  const older = [row(10, "", "2026-06-02 10:00:00")];
  const undated = [row(7, 1, "NA")];
  for (
    const files of [
      [newer, older, undated],
      [older, undated, newer],
      [undated, newer, older],
    ]
  ) {
    await withData(async (data) => {
      for (const rows of files) await importRows(data, rows);
      assert.deepEqual(await counts(data), [[5000, 300, 48]]);
    });
  }
});

Deno.test("each count is that of the latest look that has it", () =>
  withData(async (data) => {
    await importRows(data, [row(5000, 300, "2026-06-03T10:00:00Z")]);
    await importRows(data, [row(6000, "NA", "2026-06-05T10:00:00Z")]);
    await importRows(data, [row(3, 3, "2026-06-02T10:00:00Z")]);
    assert.deepEqual(await counts(data), [[6000, 300, 96]]);
    // What no look with a time has comes from one without.
    await importRows(data, [row("", 4, ""), row(7, "", "2026-06-02", "b")]);
    await importRows(data, [row("", 4, "", "b")]);
    assert.deepEqual(await counts(data), [[6000, 300, 96], [7, 4, 14]]);
  }));

Deno.test("counts of a feed are replaced by later counts of a file, and by none without a time", () =>
  withData(async (data) => {
    await (await rawFolder(data)).raw("most_liked", "2026-06-03", "a.2026-06-01_2026-06-01", [{
      uri: uri("a"),
      cid: "c",
      event_time: "2026-06-01 10:00:00",
      seen_at: "2026-06-03 10:00:00",
      created_at: T,
      like_count: 50,
      reply_count: 5,
      feed: "f",
      rank: 1,
    }]);
    await importRows(data, [row(10, 1, "")]);
    assert.deepEqual(await counts(data), [[50, 5, 48]]);
    await importRows(data, [row(20, 2, "2026-06-02")]);
    assert.deepEqual(await counts(data), [[50, 5, 48]]);
    await importRows(data, [row(60, 6, "2026-06-04T10:00:00Z")]);
    assert.deepEqual(await counts(data), [[60, 6, 72]]);
  }));

Deno.test("a count that would be older than its post has no age, whichever clock was wrong", () =>
  withData(async (data) => {
    await (await rawFolder(data)).raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", [{
      uri: uri("a"),
      cid: "c",
      rev: "a",
      event_time: "2026-06-01 10:00:00",
      created_at: T,
      text: "A post about the weather",
    }]);
    for (const [likes, at, age] of [[7, "2026-06-01", null], [9, "2026-06-01 11:00", 1]] as const) {
      await importRows(data, [row(likes, 1, at).replace(T, "2026-05-30")]);
      assert.deepEqual(await counts(data), [[likes, 1, age]]);
    }
  }));

Deno.test("several counts of a post in one file are taken, each once, and a post with some of them too", () =>
  withData(async (data) => {
    const rows = [
      row(3, 1, "2026-06-01T11:00:00Z"),
      row(9, 2, "2026-06-02T10:00:00Z"),
      row(9, 2, "2026-06-02T10:00:00Z"),
      row(5, 1, "2026-06-01T20:00:00Z"),
      row("", 4, "2026-06-01T11:00:00Z", "b"),
    ];
    const first = await importRows(data, rows);
    assert.deepEqual([first.new_posts, first.new_counts, first.set_aside], [2, 2, {}]);
    assert.deepEqual(await counts(data), [[9, 2, 24], [null, 4, 1]]);
    const again = await importRows(data, rows);
    assert.deepEqual([again.new_posts, again.new_counts, again.posts_here_before], [0, 0, 2]);
    assert.equal((await rawRows(data, "import")).length, 4);
  }));

Deno.test("a file that is imported again with newer counts is taken, with or without their time", () =>
  withData(async (data) => {
    await importRows(data, [row(1, 1, "")]);
    const second = await importRows(data, [row(2, 1, "")]);
    assert.deepEqual([second.new_posts, second.new_counts, second.undated_counts], [0, 1, 1]);
    // Without times the last import stands, and its age is not known.
    assert.deepEqual(await counts(data), [[2, 1, null]]);
    await importRows(data, [row(3, 1, "2026-06-05T10:00:00Z")]);
    assert.deepEqual(await counts(data), [[3, 1, 96]]);
  }));

// Invariant 1
Deno.test("counts without a time are those of the last import, also where they came before", () =>
  withData(async (data) => {
    const [one, two] = [[row(10, "", "")], [row(50, 5, "")]];
    const found = [];
    for (const rows of [two, one, two, two, one, two]) {
      const { new_counts } = await importRows(data, rows);
      found.push([new_counts, ...(await counts(data))[0]!]);
    }
    assert.deepEqual(found, [
      [0, 50, 5, null],
      [1, 10, 5, null],
      [1, 50, 5, null],
      [0, 50, 5, null],
      [1, 10, 5, null],
      [1, 50, 5, null],
    ]);
    // Of several in one file the last stands, and the same file again changes nothing.
    const several = [row(1, 1, ""), row(2, "", ""), row("", 3, "")];
    assert.equal((await importRows(data, several)).new_counts, 1);
    assert.deepEqual(await counts(data), [[2, 3, null]]);
    assert.equal((await importRows(data, several)).new_counts, 0);
    assert.deepEqual(await counts(data), [[2, 3, null]]);
  }));

Deno.test("a time of counting that is none, or in the future, costs that cell", () =>
  withData(async (data) => {
    const header = "uri,created_at,text,like_count,reply_count,collected_at";
    const { unreadable_cells } = await importRows(data, [
      row(1, 1, "last week"),
      row(2, 1, "2027-01-01", "b"),
      row(3, 1, "2026-06-02T10:00:00", "c"),
    ], header);
    assert.deepEqual(unreadable_cells, { collected_at: 2 });
    assert.deepEqual(await counts(data), [[1, 1, null], [2, 1, null], [3, 1, 24]]);
  }));

Deno.test("raw data of version 1 is read: its imported counts have no time", () =>
  withData(async (data) => {
    const { writeRows } = await import("../../table_file.ts");
    const { RAW } = await import("../../../etl/store/tables.ts");
    const { counted_at: _, ...columns } = RAW.columns;
    const { paths } = await rawFolder(data);
    const path = paths.rawPart("import", "2026-06-09", "a.2026-06-01_2026-06-01");
    const post = {
      uri: uri("a"),
      did: "did:plc:a",
      created_at: "2026-06-01T10:00:00.000Z",
      text: "A post about the weather",
      self_labels: [],
      seen_at: "2026-06-09 10:00:00",
      like_count: 8,
    };
    await writeRows({ ...RAW, version: 1, columns }, [post], path);
    assert.deepEqual(await counts(data), [[8, null, null]]);
    const { new_posts, posts_here_before } = await importRows(data, [
      row(3, 1, "2026-06-02T10:00:00"),
    ]);
    assert.deepEqual([new_posts, posts_here_before], [0, 1]);
    assert.deepEqual(await counts(data), [[3, 1, 24]]);
  }));

Deno.test({
  name:
    "of two files of counts without a time, those of the last import stand (needs CIVICSKY_TEST_DATA)",
  ignore: TEST_DATA === undefined,
  fn: () =>
    withData(async (data) => {
      await laterTask(data, "import", `${TEST_DATA}/reports/counts-week1.csv`);
      const second = await laterTask(data, "import", `${TEST_DATA}/reports/counts-week2.csv`);
      assert.deepEqual([second.new_posts, second.new_counts, second.undated_counts], [0, 2, 2]);
      assert.deepEqual(await counts(data), [[5000, 300, null], [7, 0, null]]);
    }),
});
