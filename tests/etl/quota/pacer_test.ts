import assert from "node:assert/strict";
import { Pacer } from "../../../etl/quota/pacer.ts";
import type { Quota } from "../../../etl/quota/quota.ts";
import { UserError } from "../../../etl/run/error.ts";
import { most, NEVER, REQUEST, TurnedClock, work } from "../../classifiers/engine/turned_clock.ts";
import "../../common_environment.ts";

function second(amount: number): Quota {
  return { unit: "requests", amount, perMs: 1000 };
}

function tokens(amount: number): Quota {
  return { unit: "tokens", amount, perMs: 60_000 };
}

for (const amount of [1, 100, 600]) {
  Deno.test(`a quota of ${amount} a second is spent and kept, however late timers ring`, async () => {
    const clock = new TurnedClock();
    clock.lateMs = amount === 1 ? 2 : 5;
    const pacer = new Pacer([second(amount)], { clock });
    const { times, stop } = work(pacer, clock, 20);
    await clock.turn(60_000);
    await stop();
    assert.ok(times.length >= 60 * amount * 0.98, `${times.length} in 60 s`);
    const over = Math.max(1, amount / 20);
    assert.ok(most(times, 1000) <= amount + over, `${most(times, 1000)} in a second`);
    assert.equal(clock.timers, 0);
  });
}

Deno.test("without a burst no two go at once, after a stand-still of workers and of the process too", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([{ ...second(100), burst: 1 }], { clock });
  const { times, stop } = work(pacer, clock, 200);
  for (const ms of [100, 950, 10, 999, 1, 3000, 49, 51]) {
    await clock.turn(ms);
    clock.sleep(ms);
  }
  await clock.turn(5000);
  await stop();
  assert.ok(times.length > 500);
  assert.equal(most(times, 10), 1);
  assert.ok(most(times, 1000) <= 100, `${most(times, 1000)}`);
});

Deno.test("a machine that slept goes on with one burst, and not with what it slept through", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([second(100)], { clock });
  const { times, stop } = work(pacer, clock, 20);
  await clock.turn(1000);
  clock.sleep(8 * 3_600_000);
  await clock.turn(1000);
  await stop();
  assert.ok(most(times, 1000) <= 105, `${most(times, 1000)}`);
});

Deno.test("requests go in the order in which they asked, the heavy ones too", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([second(10), tokens(6000)], { clock });
  const order: number[] = [];
  [100, 3000, 1, 2500, 1].forEach((tokens, index) => {
    pacer.take({ requests: 1, tokens }, NEVER).then(() => order.push(index));
  });
  await clock.turn(60_000);
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
});

Deno.test("a request that one quota does not admit takes nothing of the others", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([{ ...second(10), burst: 3 }, { ...tokens(600), burst: 100 }], { clock });
  assert.ok(await pacer.take({ requests: 1, tokens: 100 }, NEVER));
  const stop = new AbortController();
  const heavy = pacer.take({ requests: 1, tokens: 100 }, stop.signal);
  await clock.turn(500);
  stop.abort();
  assert.equal(await heavy, false);
  const { times, stop: end } = work(pacer, clock, 5);
  await clock.turn(0);
  assert.equal(times.length, 3, "the whole burst of requests is there");
  await end();
});

Deno.test("a weight above the burst waits until all is worked off, and is then made up for", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([tokens(8000)], { clock });
  const { times, stop } = work(pacer, clock, 3, { requests: 1, tokens: 600 });
  await clock.turn(600_000);
  await stop();
  assert.ok(times.length >= 132 && times.length <= 134, `${times.length} of 133.3`);
  assert.ok(most(times, 60_000) * 600 <= 8000 + 600);
});

Deno.test("a weight that no quota ever admits is refused at once, and says why", async () => {
  const pacer = new Pacer([tokens(8000)], { clock: new TurnedClock() });
  await assert.rejects(
    pacer.take({ requests: 1, tokens: 9000 }, NEVER),
    (error) =>
      error instanceof UserError &&
      /one request needs 9000 tokens, and the quota is 8000 tokens a minute/.test(error.message),
  );
  for (const tokens of [-1, NaN, Infinity]) {
    await assert.rejects(pacer.take({ requests: 1, tokens }, NEVER), RangeError);
  }
});

Deno.test("what is not a quota is a usage error", () => {
  for (const changes of [{ amount: 0 }, { amount: NaN }, { perMs: -1 }, { perMs: 1e9 }]) {
    assert.throws(() => new Pacer([{ ...second(1), ...changes }]), { exitCode: 2 });
  }
});

Deno.test("tokens that an answer did not use are there for the next request, and never more", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([tokens(6000)], { clock });
  const { times, stop } = work(pacer, clock, 1, { requests: 1, tokens: 1000 });
  await clock.turn(0);
  assert.equal(times.length, 1);
  pacer.refund({ requests: 0, tokens: 900 });
  await clock.turn(1000);
  assert.equal(times.length, 2, "100 tokens are worked off in a second");
  for (let time = 0; time < 100; time++) pacer.refund({ requests: 0, tokens: 1000 });
  await clock.turn(1);
  assert.ok(times.length <= 4, "no credit is built up");
  await stop();
});

Deno.test("an abort while waiting counts nothing, leaves no timer, and lets the next one go", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([tokens(6000)], { clock });
  assert.equal(await pacer.take(REQUEST, AbortSignal.abort()), false);
  await pacer.take({ requests: 1, tokens: 6000 }, NEVER);
  const aborts = [new AbortController(), new AbortController()];
  const taken = aborts.map((abort) => pacer.take({ requests: 1, tokens: 6000 }, abort.signal));
  const light = pacer.take(REQUEST, NEVER);
  aborts[1]!.abort();
  assert.equal(await taken[1], false);
  aborts[0]!.abort();
  assert.equal(await taken[0], false);
  assert.equal(await light, true, "without the clock being turned");
  assert.equal(clock.timers, 0);
  const last = pacer.take({ requests: 1, tokens: 6000 }, NEVER);
  await clock.turn(60_000);
  assert.equal(await last, true, "what was aborted was not counted");
});

Deno.test("a pause holds all who wait and who come, is never shortened, and is said", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([second(100)], { clock });
  const { times, stop } = work(pacer, clock, 20);
  await clock.turn(500);
  const before = times.length;
  pacer.pause(12_000, "the rate limit");
  pacer.pause(1000, "something shorter");
  const { untilMs, reason } = pacer.waiting!;
  assert.equal(reason, "the rate limit");
  assert.ok(untilMs >= clock.now() + 12_000 && untilMs <= clock.now() + 13_200);
  await clock.turn(12_000);
  assert.equal(times.length, before);
  await clock.turn(2000);
  assert.ok(times.length > before);
  assert.equal(pacer.waiting, undefined);
  await stop();
});

Deno.test("a quota of a day is used up and no more, says so, and is there again at midnight UTC", async () => {
  const clock = new TurnedClock("2026-06-01T23:00:00Z");
  const day: Quota = { unit: "requests", amount: 1000, perMs: 86_400_000 };
  const pacer = new Pacer([second(10), day], { clock });
  const { times, stop } = work(pacer, clock, 5);
  await clock.turn(3_590_000);
  assert.equal(times.length, 1000);
  assert.match(pacer.waiting!.reason, /the quota of 1000 requests a day is used up/);
  assert.ok(Math.abs(pacer.waiting!.untilMs - clock.now() - 10_000) < 1);
  await clock.turn(130_000);
  assert.equal(times.length, 2000);
  // The machine's clock is set back, and then forward again: no day is counted twice.
  clock.utcOffset -= 86_400_000;
  await clock.turn(60_000);
  clock.utcOffset += 86_400_000;
  await clock.turn(60_000);
  assert.equal(times.length, 2000);
  await stop();
});

Deno.test("tokens of a day that were not used are used later that day, and never the day after", async () => {
  const clock = new TurnedClock("2026-06-01T23:00:00Z");
  const pacer = new Pacer([{ unit: "tokens", amount: 1000, perMs: 86_400_000 }], { clock });
  const { times, stop } = work(pacer, clock, 1, { requests: 1, tokens: 500 });
  await clock.turn(1000);
  assert.equal(times.length, 2);
  pacer.refund({ requests: 0, tokens: 600 });
  await clock.turn(61_000);
  assert.equal(times.length, 3);
  await clock.turn(3_600_000);
  assert.equal(times.length, 5);
  clock.utcOffset -= 50_000;
  pacer.refund({ requests: 0, tokens: 500 });
  await clock.turn(61_000);
  assert.equal(times.length, 5, "an answer just after midnight may be one of yesterday");
  await stop();
});

Deno.test("the share is that of the tightest quota in the last ten seconds", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([second(1000), { ...tokens(60_000), burst: 1 }], { clock });
  assert.equal(pacer.share(), 0);
  const { stop } = work(pacer, clock, 5, { requests: 1, tokens: 100 });
  await clock.turn(30_000);
  assert.ok(Math.abs(pacer.share() - 1) < 0.05, `${pacer.share()}`);
  await stop();
  await clock.turn(5000);
  assert.ok(Math.abs(pacer.share() - 0.5) < 0.1, `${pacer.share()}`);
  await clock.turn(6000);
  assert.equal(pacer.share(), 0);
});

Deno.test("100,000 requests leave nothing behind", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([second(600), tokens(60_000_000)], { clock });
  const workers = Array.from({ length: 50 }, async () => {
    while (await pacer.take({ requests: 1, tokens: 10 }, NEVER) && ++taken < 100_000);
  });
  let taken = 0;
  await clock.turn(1000);
  const before = Deno.memoryUsage().heapUsed;
  while (taken < 100_000) await clock.turn(1000);
  await clock.turn(1000);
  await Promise.all(workers);
  const grown = Deno.memoryUsage().heapUsed - before;
  assert.ok(grown < 30e6, `${grown} bytes`);
  assert.equal(clock.timers, 0);
});
