import assert from "node:assert/strict";
import { withData } from "../../rows.ts";
import { label, numberedPosts, withAnalyzer, writeDays, writeStudy } from "../perspective_run.ts";

Deno.test("the quota of a day ends a run with exit status 4, and the next one too", () =>
  withData((data) =>
    withAnalyzer({}, async (server) => {
      await writeDays(data, numberedPosts(40));
      await writeStudy(data, {
        timeout_seconds: 60,
        quota: { requests_per_second: 100, requests_per_day: 15 },
      });
      const first = await label(data, server);
      assert.deepEqual([first.code, first.summary.stopped_by], [4, "quota"], first.stderr);
      assert.deepEqual([first.summary.labelled, first.summary.pending], [15, 25]);
      const second = await label(data, server);
      assert.deepEqual([second.code, second.summary.requests], [4, 0]);
      assert.equal(server.arrivals.length, 15);
    })
  ));
