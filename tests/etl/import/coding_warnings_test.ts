/** What an import says of labels that may not stand as their file was meant. */
import assert from "node:assert/strict";
import { laterTask } from "../../later_task.ts";
import { uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";

const T = "2026-06-01T10:00:00Z";

async function coding(data: string, rows: string[], ...args: string[]): Promise<string> {
  const path = `${data}/coded.csv`;
  const header = "uri,created_at,text,coder,civic_label";
  await Deno.writeTextFile(path, [header, ...rows, ""].join("\n"));
  const { warnings } = await laterTask(data, "import", path, ...args);
  return warnings.join("\n");
}

const row = (post: string, coder: string, label: string) =>
  `${uri(post)},${T},text of ${post},${coder},${label}`;

Deno.test("labels of the same columns under another name are told, under one name they join", () =>
  withData(async (data) => {
    assert.equal(await coding(data, [row("a", "anna", "yes")], "--as", "anna"), "");
    assert.match(
      await coding(data, [row("a", "ben", "no")], "--as", "ben"),
      /^labels of the same columns are here as anna: figures and export show one name .* \(--as\)$/,
    );
    await withData(async (data) => {
      for (const coder of ["anna", "ben"]) {
        assert.equal(await coding(data, [row("a", coder, "yes")], "--as", "round"), "");
      }
    });
  }));

Deno.test("coders whose names differ in their case alone are told", () =>
  withData(async (data) => {
    assert.equal(await coding(data, [row("a", " anna ", "yes"), row("b", "anna", "no")]), "");
    assert.match(
      await coding(data, [row("c", "Anna", "yes"), row("c", "ben", "yes")]),
      /^the coders (anna and Anna|Anna and anna) count as 2: are they one\?$/,
    );
  }));

Deno.test("a cell that was emptied is told, and the label of the earlier file stays", () =>
  withData(async (data) => {
    await coding(data, [row("a", "anna", "yes"), row("b", "anna", "no")]);
    const emptied = [row("a", "anna", "NA"), row("b", "anna", "yes"), row("a", "ben", "")];
    assert.match(
      await coding(data, emptied),
      /^1 rows have no label where an earlier file has one/,
    );
    await coding(data, [row("c", "", "yes")]);
    assert.match(await coding(data, [row("c", "", "")]), /(^|\n)1 rows have no label where/);
    const labels = await query(
      data,
      "SELECT uri[-1:] AS post, labels['civic_label'] AS civic FROM '{data}/labels/human/*/*.parquet' ORDER BY post",
    );
    assert.deepEqual(labels, ["a", "b", "c"].map((post) => ({ post, civic: "yes" })));
  }));
