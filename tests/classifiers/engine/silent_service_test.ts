/** A service that labels nobody: what it says of the first posts, and of many in a row. */
import assert from "node:assert/strict";
import { Labeller } from "../../../classifiers/engine/labeller.ts";
import type { ServiceError } from "../../../etl/answers/service_error.ts";
import { Budget } from "../../../classifiers/engine/budget.ts";
import { UserError } from "../../../etl/run/error.ts";
import { ANSWER, queued, refusal, type ToldRun, withRun } from "./told_service.ts";

const POSTS = 60;
const UNREADABLE = "<html>Please log in</html>";

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

interface Labelled {
  /** Rows by their reason, and those with an answer. */
  rows: Record<string, number>;
  asked: number;
  error: UserError | undefined;
}

/** Label some posts with a service that says these things one after the other, then `ANSWER`. */
async function label(
  says: (string | ServiceError)[],
  count: number,
  workers = 1,
): Promise<Labelled> {
  const found: Labelled = { rows: {}, asked: 0, error: undefined };
  await withRun(says, async (told: ToldRun) => {
    const posts = (async function* () {
      for (let index = 0; index < count; index++) yield queued(`${index}`);
    })();
    const { signal } = new AbortController();
    const labeller = new Labeller({
      ...told,
      budget: new Budget(Infinity),
      posts,
      workers,
      signal,
      onProgress: () => {},
    });
    await labeller.run().catch((error) => {
      assert.ok(error instanceof UserError, `${error.stack}`);
      found.error = error;
    });
    found.asked = told.asked.length;
    for (const { reason } of told.lines()) {
      found.rows[reason ?? "answer"] = (found.rows[reason ?? "answer"] ?? 0) + 1;
    }
  });
  return found;
}

Deno.test("a refusal that only its status explains costs that post alone where the service labels others", async () => {
  const { rows, asked, error } = await label([refusal("denied"), ANSWER, refusal("denied")], 5);
  assert.equal(error, undefined);
  assert.deepEqual(rows, { answer: 3, unavailable: 2 });
  assert.equal(asked, 5, "none is asked for again in the same run");
});

// Invariant 7
Deno.test("a service that refuses the first three posts ends the run, and none is refused for good", async () => {
  for (const problem of ["denied", "rejected"] as const) {
    const { rows, asked, error } = await label(times(POSTS, refusal(problem)), POSTS, 20);
    assert.match(error!.format(), /it is not ready.*3 posts in a row.*\n {2}.*stay pending/);
    assert.deepEqual([asked, rows], [3, { unavailable: 2 }]);
  }
});

Deno.test("answers that nobody can read are not paid for without end", async () => {
  const { error, asked } = await label([ANSWER, ...times(5 * POSTS, UNREADABLE)], POSTS, 20);
  assert.match(error!.format(), /20 answers of the service in a row cannot be read/);
  assert.ok(asked >= 21 && asked <= 40, `${asked}`);
});
