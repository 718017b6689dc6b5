import assert from "node:assert/strict";
import { join } from "node:path";
import { DayUse, usedOfDay } from "../../../etl/quota/day_use.ts";
import { Pacer } from "../../../etl/quota/pacer.ts";
import { utcDay } from "../../../etl/run/clock.ts";
import { thisProcess } from "../../../etl/store/owner.ts";
import { withData } from "../../rows.ts";
import { NEVER, REQUEST } from "../../classifiers/engine/turned_clock.ts";
import { DAY, exhaust, perDay } from "./day_quota.ts";

const TODAY = utcDay(new Date());

/** Leave the file of a run of some time ago, as version 78e1a5e wrote it. */
async function leave(
  folder: string,
  used: Record<string, unknown>,
  ageMs = 0,
): Promise<string> {
  const owner = { ...thisProcess(), joined_at: new Date(0).toISOString(), ended: false, used };
  const path = join(folder, `${owner.token}.json`);
  await Deno.writeTextFile(path, JSON.stringify(owner));
  const time = new Date(Date.now() - ageMs);
  await Deno.utime(path, time, time);
  return path;
}

Deno.test("what earlier runs used of a day counts, those of an earlier version too", async () => {
  await withData(async (folder) => {
    const used = { [TODAY]: { requests: 10, tokens: 0 } };
    for (let run = 0; run < 3; run++) await leave(folder, used);
    await using dayUse = await DayUse.open(folder);
    assert.equal(dayUse.left(perDay(40), TODAY), 10);
    assert.equal(await exhaust(new Pacer([perDay(40)], { dayUse })), 10);
    assert.deepEqual(await usedOfDay(folder), { requests: 40, tokens: 0 });
  });
});

Deno.test("runs one after the other use a day up to the last request and no more", async () => {
  await withData(async (folder) => {
    const quotas = [perDay(5000), { unit: "requests", amount: 20_000, perMs: 1000 } as const];
    let sum = 0;
    for (const most of [1, 700, 1300]) {
      await using dayUse = await DayUse.open(folder);
      const pacer = new Pacer(quotas, { dayUse });
      for (let time = 0; time < most; time++) assert.ok(await pacer.take(REQUEST, NEVER));
      sum += most;
    }
    // Many at once, too.
    await using dayUse = await DayUse.open(folder);
    const pacer = new Pacer(quotas, { dayUse });
    const counts = await Promise.all(Array.from({ length: 8 }, () => exhaust(pacer)));
    assert.equal(sum + counts.reduce((a, b) => a + b), 5000, `${counts}`);
  });
});

Deno.test("what was claimed and not taken is given back at the end", async () => {
  await withData(async (folder) => {
    {
      await using first = await DayUse.open(folder);
      await first.claim(perDay(100), TODAY, 60);
      first.take(TODAY, { requests: 3, tokens: 0 });
      assert.equal((await usedOfDay(folder)).requests, 60);
    }
    await using last = await DayUse.open(folder);
    assert.equal(last.left(perDay(100), TODAY), 97);
  });
});

Deno.test("what is recorded is never less than what was taken, and at most about a second's more", async () => {
  await withData(async (folder) => {
    await using dayUse = await DayUse.open(folder);
    const pacer = new Pacer([perDay(1e6), { unit: "requests", amount: 1000, perMs: 1000 }], {
      dayUse,
    });
    for (let taken = 1; taken <= 1500; taken++) {
      await pacer.take(REQUEST, NEVER);
      const { requests: recorded } = await usedOfDay(folder);
      assert.ok(recorded >= taken && recorded <= taken + 1200, `${recorded} for ${taken}`);
    }
  });
});

Deno.test("files go two days after what they count, and a damaged one is named with its remedy", async () => {
  await withData(async (folder) => {
    const day = (ago: number) => utcDay(new Date(Date.now() - ago * DAY));
    const used = { [day(3)]: { requests: 1, tokens: 1 } };
    const gone = await leave(folder, used, 3 * DAY);
    const kept = [
      await leave(folder, used, DAY),
      await leave(folder, { [day(1)]: { requests: 1, tokens: 1 } }, 3 * DAY),
    ];
    {
      await using _use = await DayUse.open(folder);
      await assert.rejects(Deno.stat(gone), Deno.errors.NotFound);
      for (const path of kept) await Deno.stat(path);
    }
    for (const text of ["", "{", "{}", `{"used":{"2026-06-01":{"requests":"1"}}}`]) {
      await Deno.writeTextFile(kept[0]!, text);
      await assert.rejects(DayUse.open(folder), (error: Error) => {
        assert.ok(error.message.startsWith(`Cannot read ${kept[0]}`), error.message);
        return true;
      });
    }
  });
});
