import assert from "node:assert/strict";
import { LabelsOfFile } from "../../../etl/import/labels_of_file.ts";
import { uri } from "../../raw.ts";

const label = (changes: Record<string, unknown> = {}) => ({
  uri: uri("a"),
  cid: null,
  text: "A text about rents",
  day: "2026-06-01",
  coder: "anna",
  values: { civic: "yes" },
  ...changes,
});
const no = { values: { civic: "no" } };

Deno.test("a coder has one label of a version, which cids tell, else texts", () => {
  const cases: [
    first: Record<string, unknown>,
    second: Record<string, unknown>,
    canTake: boolean,
    size: number,
  ][] = [
    [{}, {}, true, 1],
    [{}, no, false, 1],
    [{}, { ...no, coder: "ben" }, true, 2],
    [{}, { ...no, coder: null }, true, 2],
    [{}, { ...no, uri: uri("b") }, true, 2],
    [{}, { ...no, text: "Another text" }, true, 2],
    [{}, { ...no, text: "A text about" }, false, 1],
    [{}, { ...no, text: "" }, false, 1],
    [{ cid: "x" }, { ...no, cid: "y" }, true, 2],
    [{ cid: "x" }, { ...no, cid: "x", text: "Another text" }, false, 1],
    [{ cid: "x" }, no, false, 1],
  ];
  for (const [first, second, canTake, size] of cases) {
    const labels = new LabelsOfFile();
    labels.add(label(first));
    assert.equal(labels.canTake(label(second)), canTake, JSON.stringify(second));
    if (canTake) labels.add(label(second));
    assert.deepEqual([labels.size, [...labels].length], [size, size]);
  }
});

Deno.test("what a row lacks comes from another row with the same label", () => {
  const labels = new LabelsOfFile();
  labels.add(label({ text: " " }));
  labels.add(label({ cid: "x" }));
  assert.deepEqual([...labels], [label({ cid: "x" })]);
});

Deno.test("a uri that names hundreds of texts is no post with so many versions", () => {
  const labels = new LabelsOfFile();
  for (let row = 0; row < 500; row++) {
    const one = label({ text: `${row} and so on` });
    if (labels.canTake(one)) labels.add(one);
  }
  assert.equal(labels.size, 20);
});
