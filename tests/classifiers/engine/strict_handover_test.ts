import assert from "node:assert/strict";
import { Pacer } from "../../../classifiers/engine/quota/pacer.ts";
import { QuotaLease } from "../../../classifiers/engine/quota/quota_lease.ts";
import { withData } from "../../rows.ts";
import { most, TurnedClock, work } from "./turned_clock.ts";

Deno.test("whoever takes a strict quota over counts what the other took, so that no window holds more", () =>
  withData(async (folder) => {
    const clock = new TurnedClock();
    const quota = { unit: "requests", amount: 100, perMs: 1000 } as const;
    const first = await QuotaLease.open(folder, clock);
    clock.sleep(10);
    await using second = await QuotaLease.open(folder, clock);
    const turn = async (...leases: QuotaLease[]) => {
      for (let step = 0; step < 30; step++) {
        await Promise.all(leases.map((lease) => lease.refresh()));
        await clock.turn(100);
      }
    };
    const start = (lease: QuotaLease, burst: number) =>
      work(new Pacer([{ ...quota, burst }], { clock, lease, strict: true }), clock, 20);
    // Whoever comes after would take all at once.
    const [older, younger] = [start(first, 1), start(second, 100)];
    await turn(first, second);
    assert.ok(older.times.length > 200);
    assert.equal(younger.times.length, 0);
    await older.stop();
    await first[Symbol.asyncDispose]();
    await turn(second);
    await younger.stop();
    assert.ok(younger.times.length > 100);
    const all = [...older.times, ...younger.times];
    assert.ok(most(all, 1050) <= 100, `${most(all, 1050)} in 1,050 ms`);
  }));
