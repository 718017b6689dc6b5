import assert from "node:assert/strict";
import { join } from "node:path";
import { DayUse, usedOfDay } from "../../../../classifiers/engine/quota/day_use.ts";
import { Pacer } from "../../../../classifiers/engine/quota/pacer.ts";
import type { Quota } from "../../../../classifiers/engine/quota/quota.ts";
import { utcDay } from "../../../../etl/run/clock.ts";
import { thisProcess } from "../../../../etl/store/owner.ts";
import { Child } from "../../../etl/store/child.ts";
import { fill, testOnSmallDisk } from "../../../etl/store/small_disk.ts";
import { withData } from "../../../rows.ts";
import { NEVER, REQUEST } from "../turned_clock.ts";

const DAY = 86_400_000;
const TODAY = utcDay(new Date());

function perDay(amount: number): Quota {
  return { unit: "requests", amount, perMs: DAY };
}

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

/** Take until a day's quota is used up; gives how many that were. */
async function exhaust(pacer: Pacer): Promise<number> {
  const stop = new AbortController();
  const watch = setInterval(() => pacer.waiting?.reason.includes("used up") && stop.abort(), 5);
  let taken = 0;
  while (await pacer.take(REQUEST, stop.signal)) taken++;
  clearInterval(watch);
  return taken;
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

testOnSmallDisk(
  "on a full disk no request of a day goes that cannot be recorded",
  async (folder) => {
    const dayUse = await DayUse.open(folder);
    const pacer = new Pacer([perDay(100)], { dayUse });
    assert.ok(await pacer.take(REQUEST, NEVER));
    const filling = await fill(folder);
    // What was claimed before may still be taken.
    await assert.rejects(async () => {
      for (let time = 0; time < 50; time++) await pacer.take(REQUEST, NEVER);
    }, /No space left/);
    await Deno.remove(filling);
    assert.ok(await pacer.take(REQUEST, NEVER));
    await dayUse[Symbol.asyncDispose]();
  },
);

Deno.test("after a run that was killed a day is never overspent, and hardly anything of it is lost", async () => {
  await withData(async (folder) => {
    const quotas = JSON.stringify([perDay(400), { unit: "requests", amount: 100, perMs: 1000 }]);
    const script = "../classifiers/engine/day_use_script.ts";
    const killed = new Child(script, folder, quotas);
    assert.equal(await killed.line(), "ready");
    for (let count = 0; count < 20; count++) assert.equal(await killed.line(), ".");
    const lines = (await killed.kill()).filter((line) => line === ".").length;
    await using dayUse = await DayUse.open(folder);
    const sum = 20 + lines + await exhaust(new Pacer([perDay(400)], { dayUse }));
    assert.ok(sum <= 400, `${sum}`);
    assert.ok(sum >= 400 - 100, `${sum}: at most a second's worth is lost`);
  });
});
