/** Reasons for good that a service gives to most posts of a segment are not believed. */
import assert from "node:assert/strict";
import type { LabelReason } from "../../../etl/labels/label_reason.ts";
import { test } from "../../classifiers/engine/answered_study.ts";
import { answer, writePosts } from "../../classifiers/engine/labelled_day.ts";
import { query } from "../../rows.ts";
import { uri } from "../../raw.ts";

const nth = (index: number) => {
  const name = `passed-${index}`;
  return { uri: uri(name), cid: `cid-${name}`, text_hash: `hash-${name}` };
};

/** Give answers of one run: so many labels, and behind them a reason for so many posts. */
function answers(labels: number, reason: LabelReason, refused: number, isAsked = true) {
  return Array.from({ length: labels + refused }, (_, index) => {
    const labelled = answer(nth(index));
    if (index < labels) return labelled;
    const request = isAsked ? {} : { request_hash: null };
    return { ...labelled, answer: null, reason, ...request };
  });
}

/** Labels, reason and posts that got it, whether they were asked about, and whether that is doubted. */
const CASES: [number, LabelReason, number, boolean, boolean][] = [
  [0, "too_long", 40, true, true],
  [0, "too_long", 9, true, false],
  [9, "too_long", 10, true, true],
  [50, "too_long", 40, true, false],
  [0, "cut_short", 3, true, true],
  [0, "cut_short", 2, true, false],
  [0, "refused", 10, true, true],
  [0, "language_not_supported", 60, true, true],
  // Most posts of a study may be in other languages.
  [1, "language_not_supported", 60, true, false],
  // Nobody was asked: we know it ourselves.
  [0, "language_not_supported", 60, false, false],
  [0, "text_too_short", 60, true, false],
];

// Invariant 7
test("a reason that most posts of a run or batch got leaves them pending, as no label proves the service", async (study) => {
  await writePosts(study.paths, { passed: 100 });
  for (const [labels, reason, refused, isAsked, isDoubted] of CASES) {
    await study.append(...answers(labels, reason, refused, isAsked));
    const { doubted } = await study.merge();
    const what = `${labels} labels, ${refused} ${reason}`;
    const found = doubted && [doubted.reason, doubted.posts];
    assert.deepEqual(found, isDoubted ? [reason, refused] : undefined, what);
    const rows = await query(
      study.data,
      `SELECT reason, count(*)::INT AS posts FROM read_parquet('{data}/labels/tone/*/*.parquet')
       WHERE reason IS NOT NULL GROUP BY reason`,
    );
    assert.deepEqual(rows, [{ reason: isDoubted ? "unavailable" : reason, posts: refused }], what);
    await Deno.remove(`${study.data}/labels`, { recursive: true });
  }
});

// Invariant 7
test("each segment is judged alone: labels of another run prove nothing", async (study) => {
  await writePosts(study.paths, { passed: 100 });
  await study.append(...answers(60, "refused", 0));
  await study.append(...answers(60, "refused", 20).slice(60));
  const { doubted, answers: merged } = await study.merge();
  assert.deepEqual([doubted?.reason, doubted?.posts, merged], ["refused", 20, 80]);
});
