import assert from "node:assert/strict";
import type { Fault } from "../../demo/perspective/fault.ts";
import { withData } from "../rows.ts";
import {
  label,
  numberedPosts,
  outcomes,
  paidTwice,
  until,
  withAnalyzer,
  writeDays,
  writeStudy,
} from "../classifiers/perspective_run.ts";

const PASSING = ["invalid_answer", "rate_limited", "timed_out", "unavailable"];

/** What goes wrong on a bad day: three seconds of 429, and a hundredth of each other kind. */
const BAD_DAY = { unavailable: 0.01, silent: 0.01, broken: 0.01, reset: 0.01 };

// Invariant 7
Deno.test("three seconds of 429 and faults in a hundredth of requests each leave every post labelled, each asked no more than it must", () =>
  withData((data) =>
    withAnalyzer({ faults: BAD_DAY, seed: 3, latencyMs: 20 }, async (server) => {
      const [posts, perSecond] = [700, 300];
      await writeDays(data, numberedPosts(posts));
      const quota = { requests_per_second: perSecond };
      await writeStudy(data, { timeout_seconds: 10, quota });
      const running = label(data, server);
      await until(() => server.arrivals.length > 100);
      server.storm(3000, 3);
      const { code, summary, stderr } = await running;
      assert.equal(code, 0, stderr);
      // Four in a hundred fail once, and nobody five times.
      assert.deepEqual(await outcomes(data), { labelled: posts });
      assert.deepEqual([summary.labelled, summary.failed, summary.pending], [posts, {}, 0]);
      const faults = Object.keys(BAD_DAY).map((name) => server.faults.get(name as Fault) ?? 0);
      assert.ok(faults.every((count) => count > 0), `${faults}`);
      const refused = server.statuses.get(429)!;
      // Those that were under way when it began; without a pause of all it would be three seconds'.
      assert.ok(refused > 0 && refused < perSecond, `${refused} refused`);
      assert.match(stderr, /asks to wait .*429.*: waiting 3 s/);
      const failed = faults.reduce((sum, count) => sum + count, refused);
      assert.deepEqual([summary.requests, summary.retries], [posts + failed, failed]);
      assert.equal(
        paidTwice(server),
        server.faults.get("broken"),
        "only half an answer is asked again",
      );
    })
  ));

// Invariant 7
Deno.test("in a storm every post ends labelled or failed with its reason, and the next run tries those", () =>
  withData((data) => {
    const faults = { unavailable: 0.15, silent: 0.05, broken: 0.05, reset: 0.05 };
    return withAnalyzer({ faults, seed: 7 }, async (server) => {
      await writeDays(data, numberedPosts(120));
      await writeStudy(data, { timeout_seconds: 10 });
      const running = label(data, server);
      await until(() => server.arrivals.length > 20);
      server.storm(1200, 1);
      const { code, summary, stderr } = await running;
      assert.equal(code, 0, stderr);
      const failed = Object.values(summary.failed as Record<string, number>)
        .reduce((sum, count) => sum + count, 0);
      assert.equal(summary.labelled + failed, 120);
      assert.equal(summary.pending, failed);
      assert.deepEqual(Object.keys(summary.failed).filter((name) => !PASSING.includes(name)), []);
      assert.ok(summary.retries > 15);
      assert.match(stderr, /asks to wait .*429.*: waiting 1 s/);
      const said = stderr.match(/waiting/g)!.length;
      assert.ok(said < 20, `a pause is said once, not by each of those that wait: ${said}`);
      const found = await outcomes(data);
      assert.deepEqual({ labelled: summary.labelled, ...summary.failed }, found);
      // Half an answer is no answer, and the service has sent it nevertheless.
      assert.ok(paidTwice(server) <= server.faults.get("broken")!);
    });
  }));
