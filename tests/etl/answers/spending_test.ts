import assert from "node:assert/strict";
import { AnswerSegment } from "../../../etl/answers/answer_segment.ts";
import { recordSpending, spentThisMonth } from "../../../etl/answers/spending.ts";
import { Budget } from "../../../classifiers/engine/budget.ts";
import { now } from "../../../etl/run/clock.ts";
import { UserError } from "../../../etl/run/error.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { answer, LABELLED } from "../../classifiers/engine/labelled_day.ts";

const { labelSetId } = LABELLED;

// Invariant 3
Deno.test("what a segment cost counts once, whenever it is written down and however often", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    const month = now().toISOString().slice(0, 7);
    const append = async (count: number) => {
      const segment = await AnswerSegment.create(paths.answers("tone", labelSetId));
      for (let index = 0; index < count; index++) {
        const post = { uri: uri(`${index}`), cid: null, text_hash: "t" };
        const priced = { ...answer(post), received_at: `${month}-01T00:00:00.000Z` };
        void segment.append({ ...priced, ...index % 2 ? {} : { price: 0.5 } });
      }
      void segment.append({
        ...answer({ uri: uri("old"), cid: null, text_hash: "t" }),
        received_at: "2020-01-01T00:00:00.000Z",
        price: 100,
      });
      await segment.close();
      return segment.path;
    };
    assert.equal(await spentThisMonth(paths, "tone"), 0);
    const first = await append(4);
    assert.equal(await spentThisMonth(paths, "tone"), 1);
    await recordSpending(paths, "tone", labelSetId);
    await recordSpending(paths, "tone", labelSetId);
    assert.equal(await spentThisMonth(paths, "tone"), 1);
    await Deno.remove(first);
    await append(6);
    assert.equal(await spentThisMonth(paths, "tone"), 2.5);
    assert.equal(await spentThisMonth(paths, "another"), 0);
    const [{ name }] = [...Deno.readDirSync(paths.spending("tone"))] as [Deno.DirEntry];
    await Deno.writeTextFile(`${paths.spending("tone")}/${name}`, '{"2026');
    await assert.rejects(spentThisMonth(paths, "tone"), UserError);
  }));

Deno.test("a budget puts aside what is in flight, and takes what was spent", () => {
  const budget = new Budget(1);
  assert.deepEqual([budget.reserve(0.6), budget.reserve(0.6)], [true, false]);
  budget.settle(0.6, 0);
  assert.equal(budget.reserve(0.6), true);
  budget.settle(0.6, 0.6);
  assert.deepEqual([budget.reserve(0.6), budget.reserve(0.4), budget.reserve(0)], [
    false,
    true,
    true,
  ]);
});

Deno.test("fifty requests of a cent are half a dollar, whatever their sum is in floating point", () => {
  for (const [dollars, price, requests] of [[0.5, 0.01, 50], [0.3, 0.1, 3], [1, 0.001, 1000]]) {
    const budget = new Budget(dollars!);
    for (let request = 0; request < requests!; request++) {
      assert.ok(budget.reserve(price!), `request ${request} of ${requests} at ${price}`);
      budget.settle(price!, price!);
    }
    assert.equal(budget.reserve(price!), false);
  }
});
