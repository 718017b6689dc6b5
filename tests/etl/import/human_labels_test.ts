import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { GivenLabel } from "../../../etl/import/given_labels.ts";
import { humanLabelSet, landHumanLabels } from "../../../etl/import/human_labels.ts";
import { labelSetId } from "../../../etl/labels/label_set.ts";
import type { Context } from "../../../etl/command/command.ts";
import { readStudy } from "../../../etl/study/study.ts";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { query, withData } from "../../rows.ts";

const study = readStudy(fileURLToPath(new URL("../../../demo/study.yaml", import.meta.url)));
const URI = "at://did:plc:abc/app.bsky.feed.post/3k";

function label(changes: Partial<GivenLabel> = {}): GivenLabel {
  return {
    uri: URI,
    text: "text",
    day: "2026-06-01",
    coder: "anna",
    values: { civic: "yes" },
    ...changes,
  };
}

async function withLanding(
  use: (land: (name: string, labels: GivenLabel[]) => Promise<void>, data: string) => Promise<void>,
) {
  await withData(async (data) => {
    using database = await openDatabase(data);
    const context: Partial<Context> = { database, paths: new DataPaths(data), study, runId: "run" };
    await use(
      (name, labels) => landHumanLabels(context as Context, humanLabelSet(name, ["civic"]), labels),
      data,
    );
  });
}

function landed(data: string) {
  return query(
    data,
    `SELECT coder, label_set_id, text_hash, to_json(labels) AS labels
     FROM '{data}/labels/human/*/*.parquet' ORDER BY coder, label_set_id, text_hash`,
  );
}

// Invariant 6
Deno.test("a label set rests on its name and on its variables in any order", () => {
  const id = labelSetId(humanLabelSet("round one", ["civic", "lean"]));
  assert.equal(labelSetId(humanLabelSet("round one", ["lean", "civic"])), id);
  assert.notEqual(labelSetId(humanLabelSet("round two", ["civic", "lean"])), id);
  assert.notEqual(labelSetId(humanLabelSet("round one", ["civic"])), id);
});

// Invariant 6
Deno.test("a later label of a coder takes the earlier one's place, and no other's", async () => {
  await withLanding(async (land, data) => {
    await land("one", [label(), label({ coder: "bea" }), label({ coder: null })]);
    await land("one", [label({ values: { civic: "no" } })]);
    await land("two", [label({ values: { civic: "maybe" } })]);
    await land("one", [label({ text: "another text" })]);
    const said = (await landed(data)).map(({ coder, labels }) => `${coder} ${labels}`);
    assert.deepEqual(said.sort(), [
      'anna {"civic":"maybe"}',
      'anna {"civic":"no"}',
      'anna {"civic":"yes"}',
      'bea {"civic":"yes"}',
      'null {"civic":"yes"}',
    ]);
    const sets = await query(
      data,
      "SELECT codebook, is_shown FROM '{data}/label_sets/human.parquet' ORDER BY codebook",
    );
    assert.deepEqual(sets.map(({ codebook }) => codebook), ["one", "two"]);
    assert.equal(sets.filter(({ is_shown }) => is_shown).length, 1);
  });
});

Deno.test("labels land by day under the hash of the text, whatever characters they hold", async () => {
  await withLanding(async (land, data) => {
    const text = "She said 'no' 🏡\n\\";
    const value = `it's "so", {a: 1} \\ 🏡`;
    await land("one", [
      label({ text, values: { civic: value } }),
      label({ day: "2026-06-02", coder: "bea" }),
    ]);
    const [first] = await query(
      data,
      `SELECT text_hash, labels['civic'] AS civic, was_successfully_labeled, label_prob, run_id
       FROM '{data}/labels/human/date=2026-06-01/labels.parquet'`,
    );
    assert.deepEqual(first, {
      text_hash: createHash("sha256").update(text).digest("hex").slice(0, 32),
      civic: value,
      was_successfully_labeled: true,
      label_prob: null,
      run_id: "run",
    });
    assert.equal((await landed(data)).length, 2);
  });
});

Deno.test("no labels leave no label set", async () => {
  await withLanding(async (land, data) => {
    await land("one", []);
    assert.deepEqual([...Deno.readDirSync(data)].map(({ name }) => name), []);
  });
});
