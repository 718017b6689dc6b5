/** sync:most-liked that is ended by a signal. */
import assert from "node:assert/strict";
import { query } from "../../rows.ts";
import { taskProcess } from "../../task.ts";
import { NOW, RANKED, ranks, sync, withAppView } from "../../etl/sources/most_liked_run.ts";

// Invariant 10
Deno.test("a run that is told to stop while it waits lands the pages it has", async () => {
  await withAppView({ pageSize: 2 }, async (appView, data) => {
    let asked = 0;
    const impatient = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const { pathname, search } = new URL(request.url);
      if (asked++ === 0) return fetch(`${appView.url}${pathname}${search}`);
      const refusal = { error: "RateLimitExceeded", message: "Rate Limit Exceeded" };
      return Response.json(refusal, { status: 429, headers: { "retry-after": "600" } });
    });
    const args = ["sync:most-liked", "--data", data, "--json", "--limit", "4"];
    const url = `http://127.0.0.1:${impatient.addr.port}`;
    const process = taskProcess(args, { BLUESKY_APPVIEW: url, CIVICSKY_CLOCK: NOW });
    while (asked < 2) await new Promise((done) => setTimeout(done, 10));
    process.kill("SIGTERM");
    const { code, stderr } = await process.output();
    await impatient.shutdown();
    assert.equal(code, 4, new TextDecoder().decode(stderr));
    assert.deepEqual((await ranks(data)).map(([uri]) => uri), [RANKED[0]!.uri, RANKED[1]!.uri]);
    const again = await sync(appView.url, data);
    assert.equal(again.code, 0, again.stderr);
    const [{ n }] = await query<{ n: number }>(
      data,
      "SELECT count(DISTINCT uri) AS n FROM '{data}/raw/most_liked/*/*.parquet'",
    ) as [{ n: number }];
    assert.equal(n, 4);
  });
});
