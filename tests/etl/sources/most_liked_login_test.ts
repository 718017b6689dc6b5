/** `sync:most-liked` as an account: what the variables of the environment do, run by run. */
import assert from "node:assert/strict";
import { type AppView, CATCH_UP, startAppView } from "../../../demo/network/appview.ts";
import { publishedPosts } from "../../../demo/sample/published_post.ts";
import { smallSample } from "../../demo/small_sample.ts";
import { query, withData } from "../../rows.ts";
import { runTask, type TaskResult } from "../../task.ts";
import { summaryOf } from "./firehose_run.ts";

const NOW = "2026-06-01T18:00:00Z";
const ACCOUNT = {
  did: "did:plc:cccccccccccccccccccccccc",
  handle: "reader.civicsky.test",
  password: "abcd-2345-efgh-6789",
};
const posts = publishedPosts(smallSample());

type Sync = (env: Record<string, string>) => Promise<TaskResult>;

async function withAppView(use: (appView: AppView, sync: Sync, data: string) => Promise<void>) {
  const now = new Date(NOW);
  const appView = startAppView({ posts, now, account: ACCOUNT, loginFeeds: [CATCH_UP] });
  const env = { BLUESKY_APPVIEW: appView.url, BLUESKY_PDS: appView.url, CIVICSKY_CLOCK: NOW };
  try {
    await withData((data) => {
      const args = ["sync:most-liked", "--data", data, "--json", "--limit", "4"];
      return use(appView, (more) => runTask(args, { ...env, ...more }), data);
    });
  } finally {
    await appView.close();
  }
}

const LOGIN = { BLUESKY_HANDLE: `@${ACCOUNT.handle}`, BLUESKY_APP_PASSWORD: ACCOUNT.password };

// Invariant 12
Deno.test("with an app password a feed for who is logged in lands, and no secret is told anywhere", () =>
  withAppView(async (appView, sync, data) => {
    const anonymous = await sync({});
    assert.equal(anonymous.code, 1);
    assert.match(
      anonymous.stderr,
      /requires a login .*\n {2}Set BLUESKY_HANDLE and BLUESKY_APP_PASS/,
    );
    appView.requests.length = 0;
    const runs = [anonymous];
    for (let run = 0; run < 2; run++) {
      runs.push(await sync(LOGIN));
      assert.equal(runs.at(-1)!.code, 0, runs.at(-1)!.stderr);
      assert.deepEqual(summaryOf(runs.at(-1)!).feeds, { [CATCH_UP]: 4 });
      appView.logins!.expireAccess();
    }
    assert.deepEqual(appView.requests.map(({ method }) => method.split(".").at(-1)), [
      "createSession",
      "getFeed",
      "refreshSession",
      "getFeed",
    ]);
    runs.push(await sync({ ...LOGIN, BLUESKY_APP_PASSWORD: "" }));
    assert.equal(runs.at(-1)!.code, 2);
    assert.match(
      runs.at(-1)!.stderr,
      /Cannot log in: BLUESKY_APP_PASSWORD is not set\n {2}Set BLU/,
    );
    const ledger = await query(data, "SELECT * FROM read_parquet('{data}/runs/*/*.parquet')");
    const told = JSON.stringify([runs, ledger]);
    assert.equal(appView.logins!.tokens.length, 4);
    for (const secret of [ACCOUNT.password, ...appView.logins!.tokens]) {
      assert.ok(!told.includes(secret));
    }
  }));

Deno.test("a wrong app password ends the run with exit status 2 before anything is read", () =>
  withAppView(async (appView, sync) => {
    const run = await sync({ ...LOGIN, BLUESKY_APP_PASSWORD: "wrong-pass-word-1234" });
    assert.equal(run.code, 2, run.stderr);
    assert.match(
      run.stderr,
      /^Cannot log in at 127\S+: it refuses the handle or the app password/m,
    );
    assert.doesNotMatch(run.stdout + run.stderr, /wrong-pass|\n\s+at /);
    assert.deepEqual(appView.requests.map(({ status }) => status), [401]);
  }));

Deno.test("an AppView on this machine is asked without login where the PDS is elsewhere", () =>
  withAppView(async (appView, sync) => {
    const run = await sync({ ...LOGIN, BLUESKY_PDS: "https://pds.civicsky.test" });
    assert.equal(run.code, 1);
    assert.match(run.stderr, /requires a login/);
    assert.deepEqual(appView.requests.map(({ method }) => method), ["app.bsky.feed.getFeed"]);
  }));
