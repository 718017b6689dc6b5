import assert from "node:assert/strict";
import { Asker } from "../../../classifiers/engine/asker.ts";
import type { Answered } from "../../../etl/answers/answer_reader.ts";
import { ServiceError } from "../../../etl/answers/service_error.ts";
import { UserError } from "../../../etl/run/error.ts";
import { ANSWER, BUDGET, PRICE, queued, refusal, type ToldRun, withRun } from "./told_service.ts";

const TOO_LONG = new ServiceError("rejected", "too_long", "the post is too long");

/** Ask about one post. */
async function ask(told: ToldRun): Promise<Answered | undefined> {
  let found: Answered | undefined;
  const tell = (answered: Answered | undefined) => found = answered;
  await new Asker(told).ask([{ post: queued("one"), hash: "request-one", tell }]);
  return found;
}

// Invariant 3
Deno.test("a raw answer is on disk before anybody reads it, one that cannot be read too", () =>
  withRun(["<html>"], async (told) => {
    assert.deepEqual(await ask(told), { answer: ANSWER, reason: null });
    assert.equal(told.seen.length, 2);
    assert.ok(told.seen[0]!.includes('"answer":"<html>"'), "it was read before it was kept");
    assert.deepEqual(told.lines().map(({ answer }) => answer), ["<html>", ANSWER]);
  }));

Deno.test("what broke on the way is on the bill and in the month's spending", () =>
  withRun([refusal("passing")], async (told) => {
    const { counts, budget } = told;
    await ask(told);
    assert.deepEqual(told.lines().map(({ price }) => price), [2 * PRICE]);
    assert.deepEqual([counts.cost, budget.left], [2 * PRICE, BUDGET - 2 * PRICE]);
    assert.deepEqual([counts.requests, counts.retries], [2, 1]);
  }));

// Invariant 7
Deno.test("a post that is refused costs nothing and is not asked for again", () =>
  withRun([TOO_LONG], async (told) => {
    assert.deepEqual(await ask(told), { answer: null, reason: "too_long" });
    const rows = told.lines().map(({ reason, price }) => [reason, price]);
    assert.deepEqual(rows, [["too_long", undefined]]);
    assert.deepEqual([told.counts.cost, told.budget.left, told.asked.length], [0, BUDGET, 1]);
  }));

// Invariant 3
Deno.test("an answer that no service should give is paid, not kept whole, and asked for again", () =>
  withRun([`{"pad":"${"x".repeat(2 ** 21)}"}`], async (told) => {
    assert.deepEqual(await ask(told), { answer: ANSWER, reason: null });
    assert.deepEqual([told.asked.length, told.counts.cost], [2, 2 * PRICE]);
    assert.deepEqual(told.lines().map(({ answer, price }) => [answer, price]), [
      [ANSWER, 2 * PRICE],
    ]);
  }));

Deno.test("refusals for the rate limit are no tries: a post has all of its tries after many of them", () => {
  const limits = Array.from({ length: 8 }, () => refusal("rate_limited"));
  return withRun([...limits, refusal("passing")], async (told) => {
    // The pauses of all workers, which grow, are not what is looked at here.
    told.pacer.pause = () => {};
    assert.deepEqual(await ask(told), { answer: ANSWER, reason: null });
    assert.deepEqual([told.asked.length, told.counts.cost], [10, 2 * PRICE]);
  });
});

Deno.test("what no post can outlast is thrown, and no row says that the post was at fault", () =>
  withRun([refusal("fatal")], async (told) => {
    await assert.rejects(ask(told), UserError);
    assert.deepEqual([told.lines(), told.budget.left], [[], BUDGET]);
  }));

// Invariant 7
Deno.test("a post that waited to be tried again when the run stopped keeps its reason and its price", () =>
  withRun([refusal("passing", 60_000)], async (told) => {
    const asked = ask(told);
    while (told.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    told.stop.for("signal");
    assert.deepEqual(await asked, { answer: null, reason: "timed_out" });
    const rows = told.lines().map(({ reason, price }) => [reason, price]);
    assert.deepEqual(rows, [["timed_out", PRICE]]);
  }));

Deno.test("a post that waited for its turn when the run stopped is not asked for, and its money is there", () =>
  withRun([], async (told) => {
    told.pacer.pause(60_000, "the rate limit");
    const asked = ask(told);
    assert.equal(told.budget.reserve(BUDGET), false, "it was put aside");
    told.stop.for("signal");
    assert.equal(await asked, undefined);
    assert.deepEqual([told.asked, told.lines()], [[], []]);
    assert.equal(told.budget.reserve(BUDGET), true);
  }));
