/** A recheck that is ended by a signal. */
import assert from "node:assert/strict";
import { taskProcess } from "../../task.ts";
import {
  collected,
  env,
  kept,
  POSTS,
  recheck,
  withAppView,
} from "../../etl/deletion/recheck_run.ts";

Deno.test("a recheck that is told to stop goes on behind what it has asked for", () => {
  const many = Array.from({ length: 2600 }, (_, index) => {
    const post = POSTS[0]!;
    const rkey = `r${index}`;
    return { ...post, rkey, uri: post.uri.replace(post.rkey, rkey), deletedAt: Infinity };
  });
  return withAppView(many, async (appView, data) => {
    await collected(data, [...many, ...POSTS.slice(1, 6)]);
    const process = taskProcess(["forget", "--recheck", "--data", data, "--json"], env(appView));
    const answered = () =>
      appView.requests.filter(({ method, status }) =>
        method === "app.bsky.feed.getPosts" && status === 200
      ).length;
    while (answered() < 101) await new Promise((done) => setTimeout(done, 2));
    // The first page is 100 requests; the second waits until it is told to stop.
    appView.failNext(429, 600);
    while (!appView.requests.some(({ status }) => status === 429)) {
      await new Promise((done) => setTimeout(done, 2));
    }
    process.kill("SIGTERM");
    const { code, stdout } = await process.output();
    assert.equal(code, 4);
    const first = JSON.parse(new TextDecoder().decode(stdout));
    assert.ok(first.asked >= 2500 && first.asked < 2605, `${first.asked} asked for`);
    assert.deepEqual([first.posts, first.isComplete], [2605, false]);
    const rest = await recheck(appView, data);
    assert.equal(rest.code, 0, rest.stderr);
    assert.ok(answered() <= 106, `${answered()} requests`);
    const second = JSON.parse(rest.stdout);
    assert.deepEqual([second.asked, second.isComplete], [2605, true]);
    assert.equal(second.started_at, first.started_at);
    assert.equal((await kept(data)).length, 2600);
    const state = JSON.parse(await Deno.readTextFile(`${data}/recheck.json`));
    assert.deepEqual([state.completed_at, state.asked], ["2026-06-10T00:00:00.000Z", 2605]);
    await Deno.writeTextFile(`${data}/recheck.json`, "{");
    const damaged = await recheck(appView, data);
    assert.equal(damaged.code, 1);
    assert.match(damaged.stderr, /^Cannot read .*recheck\.json: .*\n {2}Remove it/);
  });
});
