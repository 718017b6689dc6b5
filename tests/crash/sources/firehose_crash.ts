/** sync:firehose that is ended by a signal. */
import assert from "node:assert/strict";
import { query, withData } from "../../rows.ts";
import {
  collect,
  journalFiles,
  startCollecting,
  summaryOf,
  withRelay,
} from "../../etl/sources/firehose_run.ts";
import { assertAll, small, smallSeqs } from "../../etl/sources/small_stream.ts";

// Invariant 10
Deno.test("a run that is told to stop lands everything and says so", async () => {
  await withRelay({ frames: small.frames }, (relay) =>
    withData(async (data) => {
      const process = startCollecting(relay, data);
      await relayHasSent(relay, smallSeqs.length);
      const busy = await collect(relay, data);
      assert.equal(busy.code, 3);
      assert.match(busy.stderr, /^Cannot run sync:firehose: the same work is already running/);
      process.kill("SIGTERM");
      const { code, stdout } = await process.output();
      assert.equal(code, 4);
      assert.equal(summaryOf({ stdout: new TextDecoder().decode(stdout) }).status, "stopped");
      await assertAll(data);
      assert.deepEqual(journalFiles(data), []);
      const runs = await query<{ status: string; exit_status: number }>(
        data,
        `SELECT status, exit_status FROM read_parquet('{data}/runs/*/*.parquet') ORDER BY 2`,
      );
      assert.deepEqual(runs, [
        { status: "busy", exit_status: 3 },
        { status: "stopped", exit_status: 4 },
      ]);
    }));
});

async function relayHasSent(relay: { connections: { sent: number }[] }, count: number) {
  while ((relay.connections[0]?.sent ?? 0) < count) {
    await new Promise((done) => setTimeout(done, 20));
  }
}
