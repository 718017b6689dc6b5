import assert from "node:assert/strict";
import { DEVELOPER, duration, FREE, RateLimit } from "../../../demo/groq/rate_limit.ts";
import { ask, errorOf, GOOD, MODEL, withGroq } from "./groq_server.ts";

const MINUTE = 60_000;

/** A clock that stands still until it is set. */
function clock() {
  const time = { at: 1_800_000_000_000, now: () => time.at };
  return time;
}

Deno.test("durations are written as Groq writes them", () => {
  const written = [
    [0, "0ms"],
    [172, "172ms"],
    [5289, "5.289s"],
    [62_500, "1m2.5s"],
    [59_999.6, "1m0s"],
    [578_016, "9m38.016s"],
    [3_723_000, "1h2m3s"],
  ] as const;
  for (const [ms, text] of written) assert.equal(duration(ms), text);
});

Deno.test("a wait agrees with those that Groq was seen to ask for", () => {
  // Limit, used, requested and wait, in tokens and seconds, as its errors of 2025 and 2026 have them.
  for (
    const [limits, used, requested, wait] of [
      [{ tokensPerMinute: 15_000 }, 11_972, 4351, "5.292s"],
      [{ tokensPerMinute: 6000 }, 5034, 1443, "4.77s"],
      [{ tokensPerDay: 100_000 }, 97_050, 3619, "9m38.016s"],
    ] as const
  ) {
    const limit = new RateLimit(MODEL, limits);
    limit.admit(used, 0);
    assert.throws(() => limit.admit(requested, 0), (error: Error) => {
      assert.match(error.message, new RegExp(`Used ${used}, Requested ${requested}. `));
      assert.ok(error.message.includes(`Please try again in ${wait}.`), error.message);
      return true;
    });
  }
});

Deno.test("requests a minute are refused with 429 until the wait is over", async () => {
  const time = clock();
  await withGroq({ now: time.now, limits: FREE }, async (server, client) => {
    const small = { max_completion_tokens: 60 };
    for (let at = 0; at < 30; at++) await ask(client, small);
    const error = await errorOf(ask(client, small));
    assert.deepEqual([error.status, error.code], [429, "rate_limit_exceeded"]);
    assert.match(error.message, /on requests per minute \(RPM\): Limit 30, Used 30, Requested 1\./);
    assert.equal(error.headers!.get("retry-after"), "2");
    time.at += 1999;
    assert.equal((await errorOf(ask(client, small))).status, 429);
    time.at += 1;
    await ask(client, small);
    assert.equal((await errorOf(ask(client, small))).status, 429);
    time.at += MINUTE;
    for (let at = 0; at < 30; at++) await ask(client, small);
    assert.deepEqual(server.record.statuses, new Map([[200, 61], [429, 3]]));
    assert.equal(server.record.mostWithin(MINUTE), 34);
    assert.equal(server.record.mostWithin(2 * MINUTE), 64);
    // Another model has limits of its own.
    await ask(client, { ...small, model: "openai/gpt-oss-120b" });
  });
});

Deno.test("tokens are taken with the cap, and what was not used is given back", async () => {
  const time = clock();
  const limits = { tokensPerMinute: 6000 };
  await withGroq({ now: time.now, limits }, async (server, client) => {
    const { data, response } = await ask(client, { max_completion_tokens: 5000 }).withResponse();
    const used = data.usage!.total_tokens;
    const left = (headers: Headers) => Number(headers.get("x-ratelimit-remaining-tokens"));
    assert.equal(response.headers.get("x-ratelimit-limit-tokens"), "6000");
    assert.equal(left(response.headers), 6000 - used);
    assert.equal(
      response.headers.get("x-ratelimit-reset-tokens"),
      duration(used * 10),
    );
    assert.equal(response.headers.get("retry-after"), null);
    // What fits beside what was used is let in, one token more is not.
    const prompt = data.usage!.prompt_tokens;
    const fits = 6000 - used - prompt;
    const error = await errorOf(ask(client, { max_completion_tokens: fits + 1 }));
    assert.match(
      error.message,
      new RegExp(`\\(TPM\\): Limit 6000, Used ${used}, Requested ${6001 - used}\\. .* in 10ms\\.`),
    );
    assert.equal(left(error.headers!), 6000 - used);
    assert.equal(error.headers!.get("retry-after"), "1");
    await ask(client, { max_completion_tokens: fits });
    assert.equal(server.record.tokensWithin(MINUTE), 2 * used);
    time.at += MINUTE;
    await ask(client, { max_completion_tokens: 5000 });
    assert.equal(server.record.tokensWithin(MINUTE), 2 * used);
    assert.equal(server.record.tokensWithin(MINUTE + 1), 3 * used);
  });
});

Deno.test("while an answer is on its way, its whole cap is taken", async () => {
  const limits = { tokensPerMinute: 6000 };
  await withGroq({ limits, latencyMs: 100 }, async (_, client) => {
    const large = { max_completion_tokens: 4000 };
    const both = await Promise.allSettled([ask(client, large), ask(client, large)]);
    assert.deepEqual(both.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    await ask(client, large);
  });
});

Deno.test("what can never fit is 413, and a day has limits too", async () => {
  const time = clock();
  const limits = { requestsPerDay: 2, tokensPerMinute: 6000, tokensPerDay: 20_000 };
  await withGroq({ now: time.now, limits }, async (_, client) => {
    const large = await errorOf(ask(client, { max_completion_tokens: 6000 }));
    assert.deepEqual([large.status, large.code], [413, "rate_limit_exceeded"]);
    assert.match(
      large.message,
      /^Request too large for model `openai\/gpt-oss-20b` .*Limit 6000, R/,
    );
    assert.equal(large.headers!.get("retry-after"), null);
    await ask(client);
    const { response } = await ask(client).withResponse();
    assert.equal(response.headers.get("x-ratelimit-limit-requests"), "2");
    assert.equal(response.headers.get("x-ratelimit-remaining-requests"), "0");
    assert.equal(response.headers.get("x-ratelimit-reset-requests"), "24h0m0s");
    const error = await errorOf(ask(client));
    assert.match(error.message, /requests per day \(RPD\): Limit 2, Used 2/);
    assert.equal(error.headers!.get("retry-after"), "43200");
    time.at += 12 * 60 * MINUTE;
    await ask(client);
  });
  await withGroq({ now: time.now, limits: { tokensPerDay: 1000 } }, async (_, client) => {
    await ask(client, { max_completion_tokens: 600 });
    await ask(client, { max_completion_tokens: 600 });
    const error = await errorOf(ask(client, { max_completion_tokens: 800 }));
    assert.match(error.message, /tokens per day \(TPD\): Limit 1000, /);
  });
});

Deno.test("an hour of requests that wait as they are told stays within the developer's limits", () => {
  let now = 0;
  let used = 0;
  let admitted = 0;
  const limit = new RateLimit(GOOD.model, DEVELOPER);
  while (now < 60 * MINUTE) {
    try {
      limit.admit(700 + 200, now);
      // Half of the cap is not used.
      limit.refund(100, now);
      used += 800;
      admitted++;
    } catch (error) {
      const [, seconds, unit] = /again in ([\d.]+)(ms|s)\./.exec((error as Error).message)!;
      now += Number(seconds) * (unit === "s" ? 1000 : 1) + 0.001;
    }
  }
  // One bucket full at the start, then what drains.
  const most = 61 * DEVELOPER.tokensPerMinute!;
  assert.ok(used <= most && used > 0.99 * most, `${used} of ${most} tokens`);
  assert.ok(admitted <= 61 * DEVELOPER.requestsPerMinute!);
});
