/** Compares export and methods with the view `posts_human`, over posts that coders agree on or not. */
import assert from "node:assert/strict";
import { parse } from "csv-parse";
import { open } from "../../../notebooks/query/data.ts";
import { uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
/** Post, coder, and what they said of two variables. */
const CODED = [
  ["agreed", "anna", "civic", "left"],
  ["agreed", "ben", "civic", "left"],
  ["split", "anna", "civic", "left"],
  ["split", "ben", "not civic", "left"],
  ["at odds", "anna", "civic", "left"],
  ["at odds", "ben", "not civic", "right"],
  ["most", "anna", "civic", "left"],
  ["most", "ben", "civic", "right"],
  ["most", "cleo", "not civic", "right"],
  ["alone", "anna", "not civic", ""],
  ["nameless", "", "civic", "right"],
  ["not coded", "", "", ""],
];
const WANTED: Record<string, [boolean | null, Record<string, string> | null]> = {
  agreed: [true, { civic_label: "civic", lean_label: "left" }],
  split: [true, { lean_label: "left" }],
  "at odds": [true, null],
  most: [true, { civic_label: "civic", lean_label: "right" }],
  alone: [true, { civic_label: "not civic" }],
  nameless: [true, { civic_label: "civic", lean_label: "right" }],
  "not coded": [null, null],
};

Deno.test("what several coders said is exported and counted as the view posts_human has it", (t) =>
  withData(async (data) => {
    // Files that date a post differently have its labels under two days.
    for (const day of [1, 2]) {
      const lines = CODED.filter((_, index) => index % 2 === day - 1).map(
        ([post, coder, civic, lean]) =>
          `${uri(post!.replace(" ", "-"))},2026-05-0${day}T08:00:00Z,` +
          `"The text of ${post}, long enough for the filters",${civic},${lean},${coder}`,
      );
      const header = "uri,created_at,text,civic_label,lean_label,coder";
      await Deno.writeTextFile(`${data}/${day}.csv`, [header, ...lines, ""].join("\n"));
    }
    const imports = [1, 2].map((day) => ["import", `${data}/${day}.csv`, "--as", "round"]);
    for (const args of [...imports, ["preprocess"]]) {
      const { code, stderr } = await runTask([...args, "--data", data], CLOCK);
      assert.equal(code, 0, stderr);
    }
    const viewed = async () => {
      const { sql } = await open(data, { engine: "native" });
      return (await sql`SELECT split_part(uri, '/', 5) AS post,
          was_successfully_labeled AS labeled, to_json(labels)::VARCHAR AS labels
        FROM posts_human ORDER BY post`).objects() as Record<string, unknown>[];
    };
    const wanted = Object.entries(WANTED).map(([post, [labeled, labels]]) => ({
      post: post.replace(" ", "-"),
      labeled,
      labels: labels && JSON.stringify(labels),
    })).sort((a, b) => a.post < b.post ? -1 : 1);
    assert.deepEqual(await viewed(), wanted);

    await t.step(
      "the export has the answers, in Parquet and CSV, and says what they are",
      async () => {
        const { code, stderr } = await runTask(["export", "--data", data, "--with-uris"], CLOCK);
        assert.equal(code, 0, stderr);
        const rows = await query(
          data,
          `SELECT split_part(uri, '/', 5) AS post, human_labeled AS labeled,
           to_json(human_labels)::VARCHAR AS labels
         FROM '{data}/exports/analysis-with-uris.parquet' ORDER BY post`,
        );
        assert.deepEqual(rows, wanted);
        const csv = await Deno.readTextFile(`${data}/exports/analysis-with-uris.csv`);
        const read: Record<string, string>[] = await Array.fromAsync(parse(csv, { columns: true }));
        assert.deepEqual(
          read.map((row) => [row.uri!.split("/")[4], row.human_labeled, row.human_labels]).sort(),
          wanted.map(({ post, labeled, labels }) => [post, labeled ? "1" : "", labels ?? ""])
            .sort(),
        );
        const codebook = await Deno.readTextFile(`${data}/exports/analysis-with-uris.codebook.md`);
        assert.match(
          codebook,
          /`human_labels` \| [^|]+ most coders [^|]+ \| category by variable \|/,
        );
        assert.match(
          codebook,
          /`human_labeled` \| whether any coder labelled [^|]+\|[^|]+\| 0: 0, 1: 6 \| 1 /,
        );
      },
    );

    await t.step("the data statement counts each post once", async () => {
      const { code, stdout, stderr } = await runTask(["methods", "--data", data, "--json"], CLOCK);
      assert.equal(code, 0, stderr);
      const [set] = JSON.parse(stdout).label_sets;
      const sum = (name: string) =>
        set.strata.reduce((all: number, row: Record<string, number>) => all + row[name]!, 0);
      assert.equal(set.classifier, "human");
      assert.deepEqual([sum("posts"), sum("labelled"), sum("failed")], [7, 6, 0]);
      assert.equal(sum("unsampled"), 6);
    });

    await t.step("a damaged file of such labels stops the export", async () => {
      const [path] = (await query<{ path: string }>(
        data,
        "SELECT file AS path FROM glob('{data}/labels/human/*/*.parquet') ORDER BY file",
      )).map((row) => row.path);
      await Deno.truncate(path!, 100);
      const { code, stderr } = await runTask(["export", "--data", data], CLOCK);
      assert.equal(code, 1);
      assert.match(stderr, /Cannot export labels: the file .* is damaged/);
    });
  }));
