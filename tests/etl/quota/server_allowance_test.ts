import assert from "node:assert/strict";
import { Pacer } from "../../../etl/quota/pacer.ts";
import { parseDuration, retryAfterMs } from "../../../etl/quota/server_allowance.ts";
import { NEVER, REQUEST, TurnedClock, work } from "../../classifiers/engine/turned_clock.ts";
import "../../common_environment.ts";

const WIDE = [{ unit: "requests", amount: 1000, perMs: 1000 }] as const;

function headers(values: Record<string, string | number>): Headers {
  return new Headers(
    Object.entries(values).map(([name, value]) => [`x-ratelimit-${name}`, String(value)]),
  );
}

Deno.test("times until a reset are read as services write them", () => {
  assert.equal(parseDuration("172ms"), 172);
  assert.equal(parseDuration("7.66s"), 7660);
  assert.equal(parseDuration("2m59.56s"), 179_560);
  assert.equal(parseDuration("1h0m2s"), 3_602_000);
  assert.equal(parseDuration("6"), 6000);
  for (const text of [null, "", "soon", "-3s", "3x", "s", "NaN"]) {
    assert.equal(parseDuration(text), undefined);
  }
});

Deno.test("no server makes us wait for years, or not at all, by the way in which it writes a time", () => {
  const now = Date.now();
  const near = (ms: number | undefined, wanted: number) =>
    assert.ok(Math.abs(ms! - wanted) < 2000, `${ms} is not ${wanted}`);
  // The time at which a limit resets, in seconds and in milliseconds since 1970.
  near(parseDuration(String(Math.ceil(now / 1000) + 20)), 20_000);
  near(parseDuration(String(now + 20_000)), 20_000);
  assert.equal(parseDuration(String(Math.floor(now / 1000) - 20)), 0);
  assert.equal(parseDuration("999999999"), 86_400_000);
  assert.equal(retryAfterMs("1.25"), 1250);
  assert.equal(retryAfterMs("0"), 0);
  assert.equal(retryAfterMs(new Date(now - 60_000).toUTCString()), 0);
  near(retryAfterMs(new Date(now + 60_000).toUTCString()), 60_000);
  for (const text of [null, "", "soon"]) assert.equal(retryAfterMs(text), undefined);
});

Deno.test("what remains by an answer holds until its reset, and later answers only lower it", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([...WIDE], { clock });
  pacer.learn(headers({ "remaining-requests": 7, "reset-requests": "20s" }));
  pacer.learn(headers({ "remaining-requests": 500, "reset-requests": "1s" }));
  const { times, stop } = work(pacer, clock, 3);
  await clock.turn(19_000);
  assert.equal(times.length, 7);
  assert.match(pacer.waiting!.reason, /the service has no requests left/);
  await clock.turn(1500);
  assert.ok(times.length > 400);
  await stop();
});

Deno.test("what remains of tokens holds back what needs tokens only", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([...WIDE], { clock });
  pacer.learn(headers({ "remaining-tokens": 10, "reset-tokens": "172ms" }));
  assert.ok(await pacer.take(REQUEST, NEVER));
  const heavy = pacer.take({ requests: 1, tokens: 11 }, NEVER);
  await clock.turn(171);
  assert.equal(clock.timers, 1);
  await clock.turn(1);
  assert.ok(await heavy);
});

Deno.test("a limit narrows the quota that it is nearest to, widens none, and leaves that of a day", async () => {
  const clock = new TurnedClock();
  const day = { unit: "requests", amount: 5000, perMs: 86_400_000 } as const;
  const pacer = new Pacer([{ unit: "requests", amount: 100, perMs: 1000 }, day], { clock });
  for (const limit of [50, 80, 100_000, 0]) pacer.learn(headers({ "limit-requests": limit }));
  const { times, stop } = work(pacer, clock, 20);
  await clock.turn(10_000);
  assert.ok(times.length >= 499 && times.length <= 506, `${times.length}`);
  await clock.turn(200_000);
  assert.equal(times.length, 5000);
  await stop();
});

Deno.test("one who waits for more than a limit that is learned is told so", async () => {
  const clock = new TurnedClock();
  const quota = { unit: "tokens", amount: 8000, perMs: 60_000 } as const;
  const pacer = new Pacer([quota], { clock });
  await pacer.take({ requests: 1, tokens: 8000 }, NEVER);
  const waiting = assert.rejects(
    pacer.take({ requests: 1, tokens: 7000 }, NEVER),
    /the quota is 6000/,
  );
  pacer.learn(headers({ "limit-tokens": 6000 }));
  await waiting;
  assert.equal(clock.timers, 0);
});

Deno.test("headers that are no numbers are nothing said", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([...WIDE], { clock });
  for (const value of ["", "-1", "none", "NaN", "1e999"]) {
    pacer.learn(headers({
      "limit-requests": value,
      "remaining-requests": value,
      "reset-requests": "1h",
    }));
  }
  pacer.learn(headers({ "remaining-requests": 0 }));
  assert.ok(await pacer.take(REQUEST, NEVER));
});
