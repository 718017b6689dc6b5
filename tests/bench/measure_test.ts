import assert from "node:assert/strict";
import {
  describeFigures,
  type Figure,
  figuresJson,
  interleaved,
  isMet,
  median,
} from "./measure.ts";

const figure: Figure = {
  name: "frames to rows",
  value: 60_000,
  unit: "events/s",
  comparedTo: { name: "the other", value: 8_000 },
  goal: { least: 6, of: "ratio" },
};

Deno.test("a goal bounds the value or its ratio to what it is compared to", () => {
  assert.ok(isMet(figure));
  assert.ok(!isMet({ ...figure, goal: { least: 8, of: "ratio" } }));
  assert.ok(!isMet({ ...figure, goal: { least: 60_001 } }));
  assert.ok(isMet({ ...figure, goal: { least: 60_000, most: 60_000 } }));
  assert.ok(!isMet({ ...figure, goal: { most: 59_999 } }));
  assert.ok(isMet({ name: "only shown", value: 1, unit: "s" }));
  assert.ok(!isMet({ ...figure, value: NaN }));
});

Deno.test("a figure stands beside its goal and beside what it is compared to", () => {
  const missed = { name: "memory", value: 251.5, unit: "MB", goal: { most: 250 } };
  const [first, second] = describeFigures([figure, missed]).split("\n");
  assert.match(
    first!,
    /^frames to rows +60,000 events\/s +7\.5 × the other \(8,000\) +goal at least 6 ×: met$/,
  );
  assert.match(second!, /^memory +252 MB +goal at most 250 MB: MISSED$/);
  const json = JSON.parse(figuresJson("firehose", [figure, missed]));
  assert.deepEqual([json.bench, json.isMet], ["firehose", false]);
  assert.deepEqual(json.figures, [{ ...figure, isMet: true }, { ...missed, isMet: false }]);
});

Deno.test("things that are compared run in turn, and the median of their rounds counts", async () => {
  const order: string[] = [];
  const rates = [1, 100, 3];
  const found = await interleaved(3, {
    ours: () => (order.push("ours"), Promise.resolve(rates[order.length >> 1]!)),
    theirs: () => (order.push("theirs"), Promise.resolve(7)),
  });
  assert.deepEqual(order, ["ours", "theirs", "ours", "theirs", "ours", "theirs"]);
  assert.deepEqual(found, { ours: 3, theirs: 7 });
  assert.equal(median([4, 1, 3, 2]), 2.5);
});
