import assert from "node:assert/strict";
import type { LoopbackGroq } from "../../demo/groq/groq.ts";
import { withData } from "../rows.ts";
import {
  batchFiles,
  label,
  listed,
  outcomes,
  paidTwice,
  startLabelling,
  withGroq,
  writeStudy,
} from "../classifiers/batch/batch_run.ts";
import { type HeldProxy, startProxy } from "../classifiers/held_proxy.ts";

/** The requests of one batch from its file to its end, and where a run is killed at each. */
const KILLS = [
  ["POST /openai/v1/files", "before"],
  ["POST /openai/v1/files", "after"],
  ["POST /openai/v1/batches", "before"],
  ["POST /openai/v1/batches", "after"],
  ["GET /openai/v1/batches/batch_", "after"],
  ["GET /openai/v1/files/[^/]+/content", "amid"],
  ["DELETE /openai/v1/files/", "before"],
  ["DELETE /openai/v1/files/", "after"],
] as const;

// Invariant 1
Deno.test("a run killed at any request of a batch loses nothing and pays nothing twice", () =>
  withData(async (data) => {
    await writeStudy(data, 60);
    await withGroq({}, async (server) => {
      const proxy = await startProxy(server.url);
      try {
        for (const [request, at] of KILLS) {
          await killAt(data, proxy, { request: new RegExp(`^${request}`), at });
          const batches = (await listed(server, "batches")).length;
          assert.ok(batches <= 1, `${batches} batches after ${request}`);
          // Texts are on this disk until the server has them, and no longer.
          const hasTexts = batchFiles(data).some((name) => name.endsWith(".requests.jsonl"));
          assert.equal(hasTexts, request.endsWith("v1/files"), request);
        }
        await landed(data, proxy, server);
      } finally {
        await proxy.close();
      }
    });
  }));

async function killAt(
  data: string,
  proxy: HeldProxy,
  hold: { request: RegExp; at: "before" | "after" | "amid" },
): Promise<void> {
  const come = proxy.hold(hold);
  const child = startLabelling(data, proxy);
  const ended = child.output();
  await Promise.race([
    come,
    ended.then(({ stderr }) => assert.fail(`${hold.request}: ${new TextDecoder().decode(stderr)}`)),
  ]);
  child.kill("SIGKILL");
  await ended;
}

async function landed(data: string, proxy: HeldProxy, server: LoopbackGroq): Promise<void> {
  const { code, stderr } = await label(data, proxy);
  assert.equal(code, 0, stderr);
  assert.deepEqual(await outcomes(data), { labelled: 60 });
  assert.deepEqual([paidTwice(server), server.record.paid.batch.requests], [0, 60]);
  assert.deepEqual([await listed(server, "files"), batchFiles(data)], [[], []]);
  const { paid: { batch } } = server.record;
  const price = (batch.prompt_tokens * 0.075 + batch.completion_tokens * 0.30) / 2e6;
  const folder = `${data}/spending/sociopolitical`;
  const records = [...Deno.readDirSync(folder)].map(({ name }) =>
    JSON.parse(Deno.readTextFileSync(`${folder}/${name}`))
  );
  const spent = records.flatMap((record) => Object.values<number>(record));
  const sum = spent.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum - price) < 1e-9, `${sum} and ${price}`);
}

Deno.test("a batch that its server did not take yet, or broke off at, is gone on with", () =>
  withData(async (data) => {
    await writeStudy(data, 2, { timeout_seconds: 0.3 });
    await withGroq({}, async (server) => {
      const proxy = await startProxy(server.url);
      try {
        proxy.refused = /^POST .*\/batches$/;
        const limited = await label(data, proxy);
        assert.deepEqual([limited.code, limited.summary.submitted.posts], [4, 2], limited.stderr);
        assert.match(limited.summary.warnings.join(), /asks to wait/);
        proxy.refused = undefined;
        void proxy.hold({ request: /^POST \/openai\/v1\/batches/, at: "after" });
        const broken = await label(data, proxy);
        assert.equal(broken.code, 1);
        assert.match(broken.stderr, /did not answer within 1.5 s\n.*nothing is paid twice/);
        const { in_batch, requests } = (await label(data, proxy, [])).summary;
        assert.deepEqual([in_batch, requests], [2, 0]);
        assert.equal((await label(data, proxy)).code, 0);
        assert.deepEqual([await outcomes(data), paidTwice(server)], [{ labelled: 2 }, 0]);
      } finally {
        await proxy.close();
      }
    });
  }));
