/** classify:perspective on a disk that fills. */
import assert from "node:assert/strict";
import { fillBut, testOnSmallDisk } from "../../etl/store/small_disk.ts";
import {
  label,
  numberedPosts,
  outcomes,
  paidTwice,
  startLabelling,
  until,
  withAnalyzer,
  writeDays,
  writeStudy,
} from "../../classifiers/perspective_run.ts";

// Invariant 2, invariant 3
testOnSmallDisk(
  "a full disk ends a run clearly, no answer that was kept is asked again, and none while it is full",
  (disk) =>
    withAnalyzer({ latencyMs: 50 }, async (server) => {
      const posts = 80;
      await writeDays(disk, numberedPosts(posts));
      // Without a quota there are four workers, and each waits until its answer is on disk.
      await writeStudy(disk, { quota: {} });
      const child = startLabelling(disk, server);
      await until(() => server.answered.size > 8);
      const ballast = await fillBut(disk, 20_000);
      const { code, stderr } = await child.output();
      const isFull = (code: number, stderr: string) => {
        assert.equal(code, 1, stderr);
        assert.match(stderr, /^Cannot .*([Nn]o space left|disk is full)/m);
        assert.match(stderr, /^ {2}Free some space/m);
        assert.doesNotMatch(stderr, /^\s+at /m);
      };
      isFull(code, new TextDecoder().decode(stderr));
      const asked = server.arrivals.length;
      assert.ok(asked < posts);
      await Deno.truncate(ballast, (await Deno.stat(ballast)).size - 1_000_000);
      const again = await label(disk, server);
      isFull(again.code, again.stderr);
      assert.equal(server.arrivals.length, asked, "what the disk does not take is not paid for");
      await Deno.remove(ballast);
      const last = await label(disk, server);
      assert.equal(last.code, 0, last.stderr);
      assert.ok(last.summary.labelled < posts, "nothing of the first run was kept");
      assert.deepEqual(await outcomes(disk), { labelled: posts });
      // What the disk does not take is lost, which is what was in flight.
      assert.ok(paidTwice(server) <= 4, String(paidTwice(server)));
    }),
  16,
);
