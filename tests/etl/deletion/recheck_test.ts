import assert from "node:assert/strict";
import { type PublishedPost } from "../../../demo/sample/published_post.ts";
import { uri } from "../../raw.ts";
import { query } from "../../rows.ts";
import { collected, kept, POSTS, recheck, SEEN, withAppView } from "./recheck_run.ts";
/** Whom the AppView has never heard of. */
const NOBODY = "did:plc:cccccccccccccccccccccccc";

async function tombstones(data: string): Promise<unknown[][]> {
  const rows = await query(
    data,
    `SELECT subject_kind, reason, count(*)::INTEGER AS n FROM '{data}/raw/tombstones/*/*.parquet'
     GROUP BY ALL ORDER BY ALL`,
  );
  return rows.map((row) => Object.values(row));
}

// Invariant 11
Deno.test("a recheck tells posts that are gone from accounts that are gone, away, back or blocking", () =>
  withAppView(POSTS, async (appView, data) => {
    const there = ({ deletedAt, removedAt }: PublishedPost) =>
      Math.min(deletedAt, removedAt) > 9e15;
    const dids = [...new Set(POSTS.filter(there).map(({ account }) => account.did))];
    const [deactivated, takendown, blocking, hidden] = dids as [string, string, string, string];
    appView.accountErrors.set(deactivated, "AccountDeactivated");
    appView.accountErrors.set(takendown, "AccountTakedown");
    appView.viewers.set(blocking, { blockedBy: true });
    const unknown = [uri("1", NOBODY), uri("2", NOBODY)];
    const folder = await collected(data, [...POSTS, ...unknown.map((uri) => ({ uri }))]);
    await folder.tombstone(SEEN, "t", [
      { subject: hidden, at: `${SEEN} 02:00:00`, reason: "deactivated" },
    ]);
    const run = await recheck(appView, data);
    assert.equal(run.code, 0, run.stderr);
    const by = (did: string) => POSTS.filter(({ account }) => account.did === did);
    const deleted = POSTS.filter((post) => !there(post) && dids.includes(post.account.did));
    const removed = new Set(
      POSTS.filter(({ account }) => !dids.includes(account.did))
        .map(({ account }) => account.did),
    );
    const found = JSON.parse(run.stdout);
    // The loopback shows profiles of removed accounts, so that their posts count as deleted one by one.
    const gone = deleted.filter(({ account }) =>
      ![deactivated, takendown, blocking].includes(account.did)
    ).length + POSTS.filter(({ account }) => removed.has(account.did)).length;
    assert.deepEqual(
      [found.asked, found.posts_gone, found.accounts_gone, found.accounts_deactivated],
      [POSTS.length + 2, gone, 2, 1],
    );
    assert.deepEqual([found.accounts_back, found.unknown], [1, by(blocking).length]);
    assert.ok(gone > 3);
    assert.deepEqual(await tombstones(data), [
      ["account", "active", 1],
      ["account", "deactivated", 2],
      ["account", "not_found", 1],
      ["account", "takendown", 1],
      ["post", "not_found", gone],
    ]);
    // The deactivated account is hidden and stays in raw.
    const left = POSTS.filter(({ account }) => account.did !== takendown)
      .filter((post) => there(post) || [deactivated, blocking].includes(post.account.did));
    assert.deepEqual(await kept(data), left.map(({ uri }) => uri).sort());
    assert.ok(!`${run.stdout}${run.stderr}`.includes("did:"));
  }));

Deno.test("an AppView that lacks most posts is not believed, and nothing is removed", () =>
  withAppView(POSTS.filter((_, index) => index % 5 < 2), async (appView, data) => {
    await collected(data, POSTS);
    const run = await recheck(appView, data);
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      /^Cannot recheck posts: 127\.0\.0\.1:\d+ lacks \d+ of \d+ posts, .*\n {2}Check/,
    );
    assert.equal((await kept(data)).length, POSTS.length);
  }));

Deno.test("what a tombstone removes already is neither asked for nor found again", () =>
  withAppView(POSTS, async (appView, data) => {
    const folder = await collected(data, POSTS.slice(0, 20));
    await folder.tombstone(SEEN, "t", [
      { subject: POSTS[0]!.uri, at: `${SEEN} 02:00:00`, reason: "deleted" },
      { subject: POSTS[1]!.account.did, at: `${SEEN} 02:00:00`, reason: "takendown" },
    ]);
    const run = await recheck(appView, data);
    assert.equal(run.code, 0, run.stderr);
    const gone = POSTS.slice(0, 20).filter(({ account }, index) =>
      index === 0 || account.did === POSTS[1]!.account.did
    );
    assert.equal(JSON.parse(run.stdout).asked, 20 - gone.length);
    assert.equal((await kept(data)).length, 20 - gone.length);
  }));
