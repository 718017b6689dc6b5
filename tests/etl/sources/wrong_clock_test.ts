import assert from "node:assert/strict";
import { query, withData } from "../../rows.ts";
import { collect, withRelay } from "./firehose_run.ts";
import { assertAll, small } from "./small_stream.ts";

const DAYS = 86_400_000;
const [FIRST, LAST] = [small.frames[0]!.time, small.frames.at(-1)!.time];

function clockAt(time: string, days: number): Record<string, string> {
  return { CIVICSKY_CLOCK: new Date(Date.parse(time) + days * DAYS).toISOString() };
}

// Invariant 14
Deno.test("a clock that is days behind the stream claims nothing, says so, and loses nothing once it is right", async () => {
  for (const behind of [3, 400]) {
    await withRelay({ frames: small.frames }, (relay) =>
      withData(async (data) => {
        const wrong = await collect(relay, data, ["--minutes", "0.04"], clockAt(FIRST, -behind));
        assert.equal(wrong.code, 1, wrong.stderr);
        assert.match(wrong.stderr, /this machine's clock is .* behind the times/);
        assert.match(wrong.stderr, /Set the clock/);
        const claimed = await query(data, "SELECT count(*) AS n FROM glob('{data}/coverage/*/*')");
        assert.deepEqual(claimed, [{ n: 0 }]);
        const right = await collect(relay, data, ["--minutes", "0.04"], clockAt(LAST, 0));
        assert.equal(right.code, 0, right.stderr);
        await assertAll(data);
      }));
  }
});

// Invariant 14
Deno.test("a clock that is a year ahead keeps the time of the stream, and all posts land", () =>
  withRelay({ frames: small.frames }, (relay) =>
    withData(async (data) => {
      const run = await collect(relay, data, ["--minutes", "0.04"], clockAt(LAST, 365));
      assert.equal(run.code, 0, run.stderr);
      await assertAll(data);
    })));
