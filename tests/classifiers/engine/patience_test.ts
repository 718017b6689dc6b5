import assert from "node:assert/strict";
import { Pacer } from "../../../etl/quota/pacer.ts";
import { Patience, type Verdict } from "../../../classifiers/engine/patience.ts";
import { ServiceError } from "../../../etl/answers/service_error.ts";
import type { LabelReason } from "../../../etl/labels/label_reason.ts";
import { UserError } from "../../../etl/run/error.ts";
import "../../common_environment.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

function patience(hasProof = true) {
  const pauses: number[] = [];
  const pacer = new Pacer([]);
  const judged = new Patience("tone", pacer, (ms) => pauses.push(ms));
  if (hasProof) judged.labelled();
  return { pauses, pacer, judged };
}

function failure(problem: "passing" | "rate_limited", retryAfterMs?: number): ServiceError {
  return new ServiceError(problem, "unavailable", "it is not ready", retryAfterMs);
}

function waitOf(verdict: Verdict): number {
  assert.ok(typeof verdict === "object");
  return verdict.againAfterMs;
}

Deno.test("what passes is asked again after growing waits, and written down after five times", () => {
  const { judged, pauses } = patience();
  const verdicts = [1, 2, 3, 4, 5].map((tries) => {
    judged.answered(0);
    return judged.judge(failure("passing"), tries, 0);
  });
  const waits = verdicts.slice(0, 4).map(waitOf);
  for (const [index, ms] of waits.entries()) assert.ok(ms >= (waits[index - 1] ?? 0) && ms <= 6000);
  assert.equal(verdicts[4], "give up");
  assert.ok(waitOf(judged.judge(failure("passing", 9000), 1, 0)) >= 9000);
  assert.equal(judged.judge(failure("passing", HOUR_MS), 1, 0), "give up");
  assert.deepEqual(pauses, []);
});

Deno.test("a refusal for the rate limit pauses all, costs no try, and is said once a pause", () => {
  const { judged, pauses, pacer } = patience();
  const askedAt = performance.now();
  for (let index = 0; index < 50; index++) {
    assert.equal(waitOf(judged.judge(failure("rate_limited", 2000), 5, askedAt - 1)), 0);
  }
  assert.deepEqual(pauses, [2000]);
  assert.ok(pacer.waiting!.untilMs > askedAt + 1900);
  // Without Retry-After, a pause that did not help is followed by a longer one.
  for (let index = 0; index < 3; index++) {
    judged.judge(failure("rate_limited"), 1, performance.now());
  }
  assert.deepEqual(
    pauses.toSorted((a, b) => a - b).slice(0, 3),
    pauses.slice(0, 1).concat([2000, 4000]),
  );
  assert.equal(judged.judge(failure("rate_limited", HOUR_MS), 1, 0), "quota");
});

Deno.test("a server that asks to wait for nothing is not asked without a pause", () => {
  for (const retryAfterMs of [0, 1, undefined]) {
    const { judged, pauses } = patience();
    for (let pause = 0; pause < 5; pause++) {
      judged.judge(failure("rate_limited", retryAfterMs), 1, performance.now());
    }
    assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000]);
  }
});

Deno.test("a service of which nothing came for three posts ends the run, each tried three times", () => {
  const { judged } = patience(false);
  for (let post = 1; post <= 3; post++) {
    const waits = [1, 2].map((tries) => waitOf(judged.judge(failure("passing"), tries, 0)));
    assert.ok(waits.reduce((sum, ms) => sum + ms, 0) < 5000, "whoever waits for it is told soon");
    const last = () => judged.judge(failure("passing"), 3, 0);
    if (post < 3) assert.equal(last(), "give up");
    else assert.throws(last, /it is not ready, and the first 3 posts got no answer/);
  }
  const { judged: other } = patience(false);
  for (const _ of [1, 2]) assert.equal(other.judge(failure("passing"), 3, 0), "give up");
  other.labelled();
  for (const _ of [1, 2]) waitOf(other.judge(failure("passing"), 3, 0));
});

// Invariant 7
Deno.test("a refusal that only its status explains is a post's own where the service labels others between", () => {
  const rejected = new ServiceError("rejected", "rejected", "it refuses the post");
  const denied = new ServiceError("denied", "unavailable", "it refuses the key");
  const { judged } = patience();
  assert.equal(judged.refused(rejected, false), "rejected");
  assert.equal(judged.refused(rejected, false), "unavailable", "it may refuse all by now");
  judged.labelled();
  assert.equal(judged.refused(rejected, false), "rejected");
  for (let post = 2; post < 10; post++) {
    assert.equal(judged.refused(denied, false), "unavailable");
  }
  assert.throws(() => judged.refused(rejected, false), /10 posts in a row/);
  const { judged: first } = patience(false);
  assert.equal(first.refused(rejected, false), "unavailable", "nobody knows whether it labels any");
  assert.equal(first.refused(denied, false), "unavailable");
  assert.throws(() => first.refused(denied, false), /it refuses the key, .* 3 posts in a row/);
});

// Invariant 7
Deno.test("only a label says that a service works: a reason for good that the first posts get ends the run", () => {
  const cases = {
    too_long: 10,
    refused: 10,
    rejected: 10,
    cut_short: 3,
    language_not_supported: 50,
  };
  for (const [name, fewest] of Object.entries(cases)) {
    const reason = name as LabelReason;
    const error = new ServiceError("rejected", reason, "it says so");
    const { judged } = patience(false);
    const refuse = () => judged.refused(error, true);
    for (let post = 1; post < fewest; post++) assert.equal(refuse(), reason);
    assert.deepEqual([judged.hasProof, judged.end], [false, undefined]);
    assert.equal(refuse(), reason);
    assert.match(judged.end!.found, new RegExp(`^${fewest} posts `));
    // Where it labels others, many in a row are needed.
    const { judged: proven } = patience();
    for (let post = 1; post < Math.max(20, fewest); post++) proven.refused(error, true);
    assert.deepEqual([proven.end, proven.refused(error, true)], [undefined, reason]);
    assert.ok(proven.end);
    const { judged: mixed } = patience();
    for (let post = 0; post < 200; post++) {
      mixed.refused(error, true);
      mixed.labelled();
    }
    assert.equal(mixed.end, undefined);
  }
});

Deno.test("the first answers that cannot be read end the run, later ones only many in a row", () => {
  const { judged } = patience(false);
  const unreadable = (of: Patience) => of.judge(failure("passing"), 1, 0, true);
  for (let answer = 1; answer < 5; answer++) waitOf(unreadable(judged));
  assert.throws(() => unreadable(judged), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(
      error.format(),
      /5 answers of the service in a row cannot be read.*\n {2}.*stay pending/,
    );
    return true;
  });
  const { judged: later } = patience();
  for (let answer = 1; answer < 20; answer++) unreadable(later);
  later.labelled();
  for (let answer = 1; answer < 20; answer++) unreadable(later);
  assert.throws(() => unreadable(later), /20 answers of the service in a row/);
});

Deno.test("many failures without an answer between them pause all workers", () => {
  const { judged, pauses } = patience();
  for (let index = 0; index < 19; index++) judged.judge(failure("passing"), 1, performance.now());
  assert.deepEqual(pauses, []);
  judged.judge(failure("passing"), 1, performance.now());
  assert.equal(pauses.length, 1);
  const first = pauses[0]!;
  judged.judge(failure("rate_limited", 12_000), 1, 0);
  judged.judge(failure("rate_limited", 12_000), 1, 0);
  assert.deepEqual(pauses, [first, 12_000], "what is much longer than was said is said");
  judged.answered(performance.now());
  judged.judge(failure("passing"), 1, performance.now());
  assert.equal(pauses.length, 2);
});

Deno.test("a service that answered nobody for five minutes ends the run, and one that limits for long ends its day", () => {
  const performanceNow = performance.now;
  let now = performanceNow.call(performance);
  performance.now = () => now;
  try {
    const { judged } = patience();
    for (let index = 0; index < 30; index++) judged.judge(failure("passing"), 1, now);
    now += 4.9 * MINUTE_MS;
    judged.judge(failure("passing"), 1, now);
    now += 0.2 * MINUTE_MS;
    assert.throws(() => judged.judge(failure("passing"), 1, now), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.format(), /not answered for 5 minutes.*\n {2}Run it again later/);
      return true;
    });
    judged.answered(now);
    assert.notEqual(judged.judge(failure("passing"), 1, now), "give up");
    // One post that fails now and then is no service that is gone.
    for (let index = 0; index < 18; index++) {
      now += MINUTE_MS;
      judged.judge(failure("passing"), 1, now);
    }
    judged.answered(now);
    assert.deepEqual(judged.judge(failure("rate_limited"), 1, now), { againAfterMs: 0 });
    now += 16 * MINUTE_MS;
    assert.equal(judged.judge(failure("rate_limited"), 1, now), "quota");
  } finally {
    performance.now = performanceNow;
  }
});
