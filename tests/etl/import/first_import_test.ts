/** Files that bring in posts which an earlier file brought. */
import assert from "node:assert/strict";
import { uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

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

/** The clock of each task is a minute after that of the one before. */
let minutes = 0;

async function task(data: string, name: string, ...args: string[]) {
  const { code, stdout, stderr } = await runTask([name, ...args, "--data", data, "--json"], {
    CIVICSKY_CLOCK: new Date(Date.UTC(2026, 5, 10) + 60_000 * minutes++).toISOString(),
  });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function importLines(data: string, lines: string[]) {
  await Deno.writeTextFile(`${data}/posts.csv`, [...lines, ""].join("\n"));
  return await task(data, "import", `${data}/posts.csv`, "--as", "round");
}

async function post(data: string) {
  await task(data, "preprocess");
  return await query(
    data,
    `SELECT p.text, p.created_at::VARCHAR AS created_at, l.labels['civic_label'] AS civic
     FROM '{data}/posts/*/*.parquet' p
     LEFT JOIN '{data}/labels/human/*/*.parquet' l ON l.uri = p.uri AND l.text_hash = p.text_hash`,
  );
}

for (const [what, created, text] of COPIES) {
  const copy = ["uri,created_at,text,civic_label", `${uri("a")},${created},${text},yes`];
  Deno.test(`a later file with ${what} adds its labels and leaves the post as it was`, () =>
    withData(async (data) => {
      await importLines(data, FULL);
      await importLines(data, copy);
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
