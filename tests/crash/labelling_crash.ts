import assert from "node:assert/strict";
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
} from "../classifiers/perspective_run.ts";
import { query, withData } from "../rows.ts";

/** Without a quota there are so many workers, and each waits until its answer is on disk. */
const IN_FLIGHT = 4;

// Invariant 3
Deno.test("runs that are killed at any instant lose no label, and pay twice what was in flight at most", () =>
  withData((data) =>
    withAnalyzer({ latencyMs: 50 }, async (server) => {
      const [posts, kills] = [60, 4];
      await writeDays(data, numberedPosts(posts));
      await writeStudy(data, { timeout_seconds: 60, quota: {} });
      for (let kill = 0; kill < kills; kill++) {
        const child = startLabelling(data, server);
        const enough = Math.round(posts / 6 * (kill + Math.random()));
        await until(() => server.answered.size > enough);
        child.kill("SIGKILL");
        await child.output();
      }
      const { code, stderr, summary } = await label(data, server);
      assert.equal(code, 0, stderr);
      assert.ok(summary.recovered > 0);
      assert.deepEqual(await outcomes(data), { labelled: posts });
      const [unique] = await query(data, `SELECT count(DISTINCT uri) AS n FROM ${LABELS}`);
      assert.equal(unique!.n, posts);
      assert.ok(paidTwice(server) <= kills * IN_FLIGHT, String(paidTwice(server)));
      assert.deepEqual(
        [...Deno.readDirSync(`${data}/answers/perspective`)].flatMap((
          { name },
        ) => [...Deno.readDirSync(`${data}/answers/perspective/${name}`)]),
        [],
      );
    })
  ));
