import assert from "node:assert/strict";
import {
  label,
  labels,
  mixedUp,
  numberedPosts,
  outcomes,
  paidTwice,
  startLabelling,
  withGroq,
  writeDays,
  writeStudy,
} from "../classifiers/chat/chat_run.ts";
import { until } from "../classifiers/perspective_run.ts";
import { withData } from "../rows.ts";

// Invariant 2, invariant 3
Deno.test("killed three times, a run loses nothing and asks nothing again but what was in flight", () =>
  withData((data) =>
    withGroq({ latencyMs: 100 }, async (server) => {
      const posts = numberedPosts(80);
      await writeDays(data, posts);
      // Without a quota there are four workers.
      await writeStudy(data, { timeout_seconds: 60, quota: {} });
      for (const enough of [10, 30, 50]) {
        const child = startLabelling(data, server);
        await until(() => server.record.answered.size >= enough);
        child.kill("SIGKILL");
        await child.output();
      }
      const { code, stderr, summary } = await label(data, server);
      assert.deepEqual([code, summary.pending], [0, 0], stderr);
      const rows = await labels(data);
      assert.deepEqual([outcomes(rows), mixedUp(rows, posts)], [{ labelled: 80 }, []]);
      assert.ok(paidTwice(server) <= 3 * 4, String(paidTwice(server)));
    })
  ));
