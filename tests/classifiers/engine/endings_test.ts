import assert from "node:assert/strict";
import { uniform } from "../../../etl/sampling/sample.ts";
import { query, withData } from "../../rows.ts";
import {
  label,
  LABELS,
  numberedPosts,
  outcomes,
  paidTwice,
  startLabelling,
  until,
  withAnalyzer,
  writeDays,
  writeStudy,
} from "../perspective_run.ts";

// Invariant 8
Deno.test("a run that is ended keeps what was in flight, with a reason where a post waited to be tried again", () =>
  withData((data) =>
    withAnalyzer({ latencyMs: 20 }, async (server) => {
      await writeDays(data, numberedPosts(200));
      await writeStudy(data, { timeout_seconds: 60, quota: { requests_per_second: 100 } });
      const child = startLabelling(data, server);
      await until(() => server.answered.size > 20);
      server.storm(60_000, 30);
      await until(() => (server.statuses.get(429) ?? 0) > 0);
      // As when the session closes in which it was started.
      child.kill("SIGHUP");
      const { code, stdout } = await child.output();
      assert.equal(code, 4);
      const summary = JSON.parse(new TextDecoder().decode(stdout));
      assert.equal(summary.stopped_by, "signal");
      const found = await outcomes(data);
      assert.equal(found.labelled, server.answered.size);
      assert.equal(found.rate_limited, server.statuses.get(429));
      assert.equal(summary.pending, 200 - found.labelled!);
      const rows = await query<{ uri: string; label_prob: number | null; has_row: boolean }>(
        data,
        `SELECT p.uri, l.label_prob, l.uri IS NOT NULL AS has_row
         FROM read_parquet('{data}/posts/*/*.parquet') p LEFT JOIN ${LABELS} l USING (uri)`,
      );
      // Every post is drawn, so its turn is its number. The first post without a row bounds the share;
      // a failure is a row, and holds up nobody.
      const turn = (uri: string) => uniform(uri, "1");
      const share = Math.min(...rows.filter((row) => !row.has_row).map(({ uri }) => turn(uri)));
      for (const { uri, label_prob } of rows.filter((row) => row.has_row)) {
        // The engines round the last digit of a turn each in its way.
        const isBefore = turn(uri) < share;
        assert.equal(label_prob !== null, isBefore, uri);
        if (isBefore) assert.ok(Math.abs(label_prob! - share) < 1e-12, uri);
      }
      assert.ok(rows.some(({ label_prob }) => label_prob !== null));
      server.storm(0);
      const rest = await label(data, server);
      assert.equal(rest.code, 0, rest.stderr);
      assert.deepEqual(await outcomes(data), { labelled: 200 });
      assert.equal(paidTwice(server), 0);
    })
  ));

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
