import assert from "node:assert/strict";
import { z } from "zod";
import { checkQuota, checkWeight, durationAt, quotas } from "../../../etl/quota/quota.ts";
import { LabellingSettings, TimeoutSeconds } from "../../../etl/study/labelling_settings.ts";
import { samplePlan } from "../../../etl/sampling/sample.ts";
import { workersFor } from "../../../classifiers/engine/labeller.ts";
import "../../common_environment.ts";

const Settings = z.strictObject(LabellingSettings);
const settings = (quota: Record<string, unknown>, sample: unknown = { label_rate: 0.1 }) =>
  Settings.parse({ sample, quota });

Deno.test("there are workers enough to use a quota up while each waits for its answer and the disk", () => {
  for (const perSecond of [10, 100, 300]) {
    // 200 ms to the service and back, at most 200 ms to the disk, and as much again.
    const needed = perSecond * 0.8;
    assert.ok(workersFor(settings({ requests_per_second: perSecond })) >= needed, `${perSecond}`);
    const perMinute = workersFor(settings({ requests_per_minute: 60 * perSecond }));
    assert.equal(perMinute, workersFor(settings({ requests_per_second: perSecond })));
  }
  assert.ok(workersFor(settings({ requests_per_second: 1e6 })) <= 1000);
  assert.ok(workersFor(settings({})) >= 1);
});

Deno.test("several quotas hold at once, and the one that takes longest says how long it takes", () => {
  const held = quotas(settings({ requests_per_second: 2, requests_per_day: 1000, strict: true }));
  assert.deepEqual(held.map(({ amount, perMs }) => [amount, perMs]), [[2, 1000], [
    1000,
    86_400_000,
  ]]);
  assert.equal(held[0]!.burst, 1, "a strict quota has no burst");
  assert.equal(quotas(settings({ requests_per_second: 2 }))[0]!.burst, undefined);
  assert.equal(durationAt(held, 500, 0), 250_000);
  assert.equal(durationAt(held, 1000, 0), 500_000, "a day's quota holds up what comes after it");
  assert.equal(durationAt(held, 2500, 0), 2 * 86_400_000 + 250_000);
  const free = quotas(settings({
    requests_per_day: 1000,
    tokens_per_minute: 8000,
    tokens_per_day: 200_000,
  }));
  assert.equal(durationAt(free, 100, 100_000), 12.5 * 60_000);
  assert.equal(durationAt(free, 500, 500_000), 2 * 86_400_000 + 12.5 * 60_000);
  assert.equal(durationAt(quotas(settings({ requests_per_second: 2 })), 500, 0), 250_000);
  assert.equal(durationAt([], 500, 0), 0);
});

Deno.test("a rate below one request a second is one request in several seconds", () => {
  const held = quotas(settings({ requests_per_second: 0.5 }));
  assert.deepEqual(held, [{ unit: "requests", amount: 1, perMs: 2000 }]);
  assert.equal(durationAt(held, 10, 0), 20_000);
  for (const quota of held) checkQuota(quota);
  checkWeight({ requests: 1, tokens: 0 }, held);
  assert.throws(() => settings({ requests_per_second: 0 }));
});

Deno.test("no request may take longer than a timer counts", () => {
  assert.ok(TimeoutSeconds.safeParse(3600).success);
  for (const seconds of [0, 3601, 2_147_484]) assert.ok(!TimeoutSeconds.safeParse(seconds).success);
});

Deno.test("a study names either a rate or a number of posts a day, and --all draws every post", () => {
  assert.throws(() => settings({}, {}));
  assert.throws(() => settings({}, { label_rate: 0.1, posts_per_day: 5 }));
  assert.throws(() => settings({}, { label_rate: 1.1 }));
  const study = settings({}, { posts_per_day: 5, filtered_out_rate: 0.01 });
  assert.deepEqual(samplePlan(study, false), {
    seed: "1",
    passed: { postsPerDay: 5 },
    filteredOutRate: 0.01,
  });
  assert.deepEqual(samplePlan(study, true).passed, { rate: 1 });
  assert.equal(samplePlan(study, true).filteredOutRate, 1);
});
