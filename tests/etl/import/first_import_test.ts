/** Files that bring in posts which an earlier file brought. */
import assert from "node:assert/strict";
import { laterTask } from "../../later_task.ts";
import { uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";

const TEXT = "A post about the rising rents in the city";
const FULL = ["uri,created_at,text", `${uri("a")},2026-06-01T23:30:10Z,${TEXT}`];
/** The same post as tables of coders have it. */
const COPIES = [
  ["a text that is missing", "2026-06-01T23:30:10Z", "NA"],
  ["a blank text", "2026-06-01T23:30:10Z", "  "],
  ["a text that was cut", "2026-06-01T23:30:10Z", "A post about the ris"],
  ["another text", "2026-06-01T23:30:10Z", "Rents"],
  ["a day alone", "2026-06-01", TEXT],
  ["no seconds", "2026-06-01 23:30", TEXT],
  ["local time of the next day", "2026-06-02 01:30", TEXT],
  ["nothing as it was", "2026-06-02", "NA"],
] as const;

async function importLines(data: string, lines: string[]) {
  await Deno.writeTextFile(`${data}/posts.csv`, [...lines, ""].join("\n"));
  return await laterTask(data, "import", `${data}/posts.csv`, "--as", "round");
}

const copyOf = ([, created, text]: typeof COPIES[number]) => [
  "uri,created_at,text,civic_label",
  `${uri("a")},${created},${text},yes`,
];

async function post(data: string) {
  await laterTask(data, "preprocess");
  return await query(
    data,
    `SELECT p.text, p.created_at::VARCHAR AS created_at, l.labels['civic_label'] AS civic
     FROM '{data}/posts/*/*.parquet' p
     LEFT JOIN '{data}/labels/human/*/*.parquet' l ON l.uri = p.uri AND l.text_hash = p.text_hash`,
  );
}

for (const copy of COPIES) {
  Deno.test(`a later file with ${copy[0]} adds its labels and leaves the post as it was`, () =>
    withData(async (data) => {
      await importLines(data, FULL);
      await importLines(data, copyOf(copy));
      assert.deepEqual(await post(data), [
        { text: TEXT, created_at: "2026-06-01 23:30:10", civic: "yes" },
      ]);
    }));
}

Deno.test("a text that the first file lacks comes with a later one, and so does the time of a day", () =>
  withData(async (data) => {
    const coded = ["uri,created_at,text,civic_label", `${uri("a")},2026-06-01,NA,yes`];
    await importLines(data, coded);
    await importLines(data, FULL);
    assert.deepEqual(await post(data), [
      { text: TEXT, created_at: "2026-06-01 23:30:10", civic: "yes" },
    ]);
  }));

Deno.test("a day alone yields to a time, in one file and in two, and nobody is warned of it", async () => {
  const day = FULL[1]!.replace("T23:30:10Z", "");
  const [header, full] = FULL as [string, string];
  for (const files of [[[header, day, full]], [[header, day], [header, full]]]) {
    await withData(async (data) => {
      for (const lines of files) {
        assert.deepEqual((await importLines(data, lines)).warnings, []);
      }
      await laterTask(data, "preprocess");
      const times = "SELECT created_at::VARCHAR AS at FROM '{data}/posts/*/*.parquet'";
      assert.deepEqual(await query(data, times), [{ at: "2026-06-01 23:30:10" }]);
    });
  }
});

Deno.test("rows that say other things of a post that is here are counted and warned of", () =>
  withData(async (data) => {
    await importLines(data, FULL);
    const found = [];
    for (const copy of COPIES) {
      const { new_posts, differing_rows, warnings } = await importLines(data, copyOf(copy));
      const said = warnings.filter((line: string) => line.includes("another created_at")).length;
      found.push([new_posts, said, differing_rows.rows, ...Object.values(differing_rows).slice(1)]);
    }
    assert.deepEqual(found, [
      [0, 1, 1, 0, 1],
      [0, 1, 1, 0, 1],
      [0, 1, 1, 0, 1],
      [0, 1, 1, 0, 1],
      [0, 1, 1, 1, 0],
      [0, 1, 1, 1, 0],
      [0, 1, 1, 1, 0],
      [0, 1, 1, 1, 1],
    ]);
    const { differing_rows, warnings } = await importLines(data, FULL);
    assert.deepEqual([differing_rows.rows, warnings], [0, []]);
  }));

Deno.test("rows of one post in one file give their labels, also without its text or whole time", async () => {
  const rows = [["", "2026-06-01T23:30:10Z", TEXT] as const, ...COPIES].map((
    [, created, text],
    index,
  ) => `${uri("a")},${created},${text},yes,${index},${index + 1}`);
  for (const [index, lines] of [rows, rows.toReversed()].entries()) {
    await withData(async (data) => {
      const header = "uri,created_at,text,civic_label,coder,like_count";
      const imported = await importLines(data, [header, ...lines]);
      assert.deepEqual([imported.set_aside, imported.labels, imported.new_posts], [
        {},
        9,
        1,
      ]);
      const { found_labels } = await laterTask(data, "preprocess");
      assert.deepEqual([found_labels[0].labels, found_labels[0].found], [9, 9]);
      const likes = await query(data, "SELECT text, like_count FROM '{data}/posts/*/*.parquet'");
      // The last row is that of the last count.
      assert.deepEqual(likes, [{ text: TEXT, like_count: index === 0 ? 9 : 1 }]);
    });
  }
});

Deno.test("a later look at a post in one file counts, also without its text", () =>
  withData(async (data) => {
    await importLines(data, [
      "uri,created_at,text,like_count,counted_at",
      `${uri("a")},2026-06-01,${TEXT},10,2026-06-02`,
      `${uri("a")},2026-06-01,NA,5000,2026-06-09`,
    ]);
    await laterTask(data, "preprocess");
    assert.deepEqual(
      await query(data, "SELECT text, like_count FROM '{data}/posts/*/*.parquet'"),
      [{ text: TEXT, like_count: 5000 }],
    );
  }));
