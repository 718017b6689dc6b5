import assert from "node:assert/strict";
import { withData } from "../../rows.ts";
import { batchFiles, KEY, label, listed, outcomes, withGroq, writeStudy } from "./batch_run.ts";
import { startProxy } from "../held_proxy.ts";

Deno.test("a batch that is cancelled, expires, fails or is lost lands what it has, and the rest is sent again", () =>
  withData(async (data) => {
    await writeStudy(data, 12);
    await withGroq({}, async (server) => {
      const proxy = await startProxy(server.url);
      const send = async () => {
        const run = await label(data, proxy);
        return { ...run, posts: run.summary.submitted?.posts };
      };
      try {
        assert.equal((await send()).posts, 12);
        const [{ id }] = await listed(server, "batches") as [{ id: string }];
        const headers = { authorization: `Bearer ${KEY}` };
        const cancel = `${server.url}/openai/v1/batches/${id}/cancel`;
        await (await fetch(cancel, { method: "POST", headers })).body?.cancel();
        const cancelled = await send();
        assert.deepEqual(cancelled.summary.landed.failed, { unavailable: 12 });
        assert.deepEqual([cancelled.code, cancelled.posts], [4, 12]);

        server.expireBatches(0.5);
        proxy.alter = (body) => body.replaceAll('"url":"/v1/chat', '"url":"/v9/chat');
        const expired = await send();
        const { labelled, failed } = expired.summary.landed;
        assert.deepEqual([labelled, failed, expired.posts], [6, { unavailable: 6 }, 6]);
        assert.equal((await listed(server, "files")).length, 1);

        server.expireBatches(1);
        proxy.alter = undefined;
        const refused = await send();
        assert.deepEqual([refused.code, refused.posts, refused.summary.pending], [1, 0, 6]);
        assert.match(refused.stderr, /refused its file: url_mismatch in line 1, /);
        assert.deepEqual([await listed(server, "files"), batchFiles(data)], [[], []]);

        assert.equal((await send()).posts, 6);
        await withGroq({}, async (younger) => {
          proxy.target = younger.url;
          const lost = await send();
          assert.deepEqual([lost.code, lost.posts], [4, 6]);
          assert.match(
            lost.summary.warnings.join(),
            /no longer exists where it was sent .*: those of its 6 posts/,
          );
          assert.equal((await send()).code, 0);
          assert.deepEqual(await outcomes(data), { labelled: 12 });
          assert.deepEqual([await listed(younger, "files"), batchFiles(data)], [[], []]);
        });
      } finally {
        await proxy.close();
      }
    });
  }));

Deno.test("a model that is retired in a batch ends the run, and what was answered is kept", () =>
  withData(async (data) => {
    await writeStudy(data, 4);
    await withGroq({}, async (server) => {
      await label(data, server);
      server.retire("openai/gpt-oss-20b", "decommissioned");
      const { code, stderr, summary } = await label(data, server);
      assert.equal(code, 1);
      assert.match(stderr, /retired model: .* no longer has openai\/gpt-oss-20b/);
      assert.deepEqual([summary.pending, summary.submitted.posts, batchFiles(data)], [4, 0, []]);
    });
  }));
