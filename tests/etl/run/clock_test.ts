import assert from "node:assert/strict";
import { isoTime, utcDay } from "../../../etl/run/clock.ts";
import { Child } from "../store/child.ts";

type Answer = { now?: string; text?: string; exit?: number };

/** Read the clock in another process, whose environment is its own; the tests here share theirs. */
async function withClock(run: (clock: (set: string | null) => Promise<Answer>) => Promise<void>) {
  const child = new Child("run/environment_script.ts", "missing.env");
  await run(async (set) => JSON.parse((await child.ask(JSON.stringify({ CIVICSKY_CLOCK: set })))!));
  await child.kill();
}

Deno.test("the clock stands where CIVICSKY_CLOCK says, in UTC unless it names an offset", async () => {
  const cases = {
    "2026-06-01T18:00:00Z": "2026-06-01T18:00:00.000Z",
    "2026-06-01T18:00:00.250Z": "2026-06-01T18:00:00.250Z",
    "2026-06-01T18:00": "2026-06-01T18:00:00.000Z",
    "2026-06-01T18:00:00+02:00": "2026-06-01T16:00:00.000Z",
    "2026-06-01": "2026-06-01T00:00:00.000Z",
  };
  await withClock(async (clock) => {
    for (const [set, expected] of Object.entries(cases)) {
      assert.equal((await clock(set)).now, expected);
    }
  });
});

Deno.test("without CIVICSKY_CLOCK it is the time of the machine", async () => {
  await withClock(async (clock) => {
    for (const unset of [null, ""]) {
      const before = new Date().toISOString();
      const time = (await clock(unset)).now!;
      assert.ok(before <= time && time <= new Date().toISOString());
    }
  });
});

Deno.test("a time is written as the runtime writes it, whichever was written before", () => {
  const year1 = Date.parse("0001-01-01T00:00:00Z");
  const times = [0, 7, 1000, 1099, 999, -1, -1000, 1780300800123, 1780300800004, year1, year1 + 1];
  for (const time of times) assert.equal(isoTime(time), new Date(time).toISOString());
});

// Invariant 10
Deno.test("a clock that is no instant is a usage error that names the variable", async () => {
  await withClock(async (clock) => {
    for (const wrong of ["yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "1"]) {
      assert.deepEqual(await clock(wrong), {
        text: `Cannot read the clock: CIVICSKY_CLOCK is "${wrong}", which is not an instant\n` +
          "  Unset it, or write it like 2026-06-01T00:00:00Z",
        exit: 2,
      });
    }
  });
});

Deno.test("the UTC day of an instant does not depend on the zone it was written in", () => {
  assert.equal(utcDay(new Date("2026-06-01T23:30:00-02:00")), "2026-06-02");
  assert.equal(utcDay(new Date("2026-06-01T00:00:00Z")), "2026-06-01");
});
