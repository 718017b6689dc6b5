import assert from "node:assert/strict";
import { Pacer } from "../../../etl/quota/pacer.ts";
import { RateLimit } from "../../../demo/groq/rate_limit.ts";
import { NEVER, TurnedClock } from "../../classifiers/engine/turned_clock.ts";
import "../../common_environment.ts";

const MINUTE_MS = 60_000;

/** Work for some minutes with a service that holds limits as Groq does, and tells nothing of them. */
async function spend(weight: { tokens: number; likely: number }, used: number, minutes: number) {
  const clock = new TurnedClock();
  const tokensPerMinute = 250_000;
  const pacer = new Pacer([
    { unit: "requests", amount: 1000, perMs: MINUTE_MS },
    { unit: "tokens", amount: tokensPerMinute, perMs: MINUTE_MS },
  ], { clock });
  const limit = new RateLimit("m", { requestsPerMinute: 1000, tokensPerMinute });
  const stop = new AbortController();
  const asked: number[] = [];
  const worker = async () => {
    while (await pacer.take({ requests: 1, ...weight }, stop.signal)) {
      limit.admit(weight.tokens, clock.now());
      asked.push(clock.now());
      await new Promise<void>((answer) => clock.after(2000, answer));
      limit.refund(weight.tokens - used, clock.now());
      pacer.refund({ requests: 0, tokens: weight.tokens - used }, weight.tokens - weight.likely);
    }
  };
  const workers = Array.from({ length: 50 }, worker);
  await clock.turn(minutes * MINUTE_MS);
  stop.abort();
  await clock.turn(MINUTE_MS);
  await Promise.all(workers);
  const within = asked.map((at) => asked.filter((it) => it >= at && it < at + MINUTE_MS).length);
  return {
    share: asked.length * used / (minutes * tokensPerMinute),
    most: Math.max(...within) * used / tokensPerMinute,
  };
}

Deno.test("caps far above what is used cost no speed, and neither limit is ever met", async () => {
  // A cap of 512, one of 8,192, and likely use that is guessed too low and too high.
  for (
    const [tokens, likely, used] of [[1400, 950, 950], [9000, 950, 950], [9000, 700, 950], [
      2000,
      1200,
      950,
    ]]
  ) {
    const { share, most } = await spend({ tokens: tokens!, likely: likely! }, used!, 5);
    assert.ok(share >= 0.95, `${share} of the tokens, asked for ${tokens} and ${likely}`);
    assert.ok(most <= 1.05, `${most} in a minute, asked for ${tokens} and ${likely}`);
  }
});

Deno.test("what is held for a request that uses little is there when it ends, also alone above a share", async () => {
  const clock = new TurnedClock();
  const pacer = new Pacer([{ unit: "tokens", amount: 1000, perMs: MINUTE_MS }], { clock });
  assert.ok(await pacer.take({ requests: 1, tokens: 900, likely: 10 }, NEVER));
  let isTaken = false;
  pacer.take({ requests: 1, tokens: 900, likely: 10 }, NEVER).then(() => isTaken = true);
  await clock.turn(10_000);
  assert.equal(isTaken, false, "both do not fit at once");
  pacer.refund({ requests: 0, tokens: 890 }, 890);
  await clock.turn(1);
  assert.equal(isTaken, true);
  assert.equal(pacer.fits({ requests: 1, tokens: 1001 }), false);
});
