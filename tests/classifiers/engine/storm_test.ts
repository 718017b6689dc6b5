import assert from "node:assert/strict";
import { withData } from "../../rows.ts";
import {
  label,
  numberedPosts,
  outcomes,
  paidTwice,
  until,
  withAnalyzer,
  writeDays,
  writeStudy,
} from "../perspective_run.ts";

const PASSING = ["invalid_answer", "rate_limited", "timed_out", "unavailable"];

// Invariant 7
Deno.test("in a storm every post ends labelled or failed with its reason, and the next run tries those", () =>
  withData((data) => {
    const faults = { unavailable: 0.15, silent: 0.05, broken: 0.05, reset: 0.05 };
    return withAnalyzer({ faults, seed: 7 }, async (server) => {
      await writeDays(data, numberedPosts(120));
      await writeStudy(data, { timeout_seconds: 0.5 });
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
      assert.ok(paidTwice(server) <= summary.retries);
    });
  }));
