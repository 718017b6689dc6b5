import assert from "node:assert/strict";
import { stepFigures } from "../../../etl/daily/step_figures.ts";

const BATCHES = {
  landed: { batches: 1, posts: 7, labelled: 5, failed: { refused: 2 }, cost: 0.126 },
  unscorable: { empty: 1 },
  submitted: { batches: 1, posts: 9 },
  open: { batches: 1, posts: 9 },
  pending: 3,
};

Deno.test("the figures of a step say what it did and what it leaves", () => {
  const cases: [string, Record<string, unknown>, string, string][] = [
    [
      "sync:jetstream",
      { posts: 3, recovered_posts: 2, deletions: 1, owed_hours: 0.02 },
      "5 posts, 1 deletions",
      "",
    ],
    ["sync:firehose", { posts: 0, deletions: 0, owed_hours: 1.5 }, "0 posts", "1.5 h owed"],
    [
      "sync:most-liked",
      { posts: 9, counts: { due: 4, counted: 3, gone: 1 } },
      "9 posts, 4 counted again",
      "",
    ],
    [
      "classify:dictionary",
      { labeled: 2, failed: { empty: 1 }, pending: 0 },
      "2 labelled, 1 without a label",
      "",
    ],
    [
      "classify:attributes",
      { labelled: 2, failed: {}, cost: 1.5, pending: 8, in_batch: 4 },
      "2 labelled, $1.50",
      "8 pending, 4 in a batch",
    ],
    [
      "classify:attributes",
      BATCHES,
      "5 labelled, 3 without a label, $0.13, 9 sent in a batch",
      "3 pending, 9 in a batch",
    ],
    [
      "preprocess",
      { posts: 8, days: 2, days_unchanged: 1, days_stopped_by_damage: ["d"] },
      "8 posts, 2 days, 1 unchanged",
      "1 damaged days",
    ],
    ["aggregate", { days: 1, days_unchanged: 2, cells: 5 }, "1 days, 2 unchanged", ""],
    ["render", { files: ["a.html", "a.ipynb"], failed: 1 }, "1 pages", "1 notebooks failed"],
    ["something", { posts: 1 }, "", ""],
  ];
  for (const [task, summary, did, left] of cases) {
    assert.deepEqual(stepFigures(task, summary), { did, left }, task);
  }
});
