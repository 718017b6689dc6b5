import assert from "node:assert/strict";
import { startAppView } from "../../../demo/network/appview.ts";
import { type PublishedPost, publishedPosts } from "../../../demo/sample/published_post.ts";
import { readSample } from "../../../demo/sample/sample.ts";
import { AppView } from "../../../etl/atproto/appview.ts";
import { Session } from "../../../etl/atproto/session.ts";
import { ownEnvironment } from "../../../etl/run/environment.ts";
import type { ContextRow } from "../../../etl/context/context_part.ts";
import { SessionFile } from "../../../etl/atproto/session_file.ts";
import { rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import {
  completed,
  DAY,
  fetched,
  labelling,
  NEVER,
  OTHER,
  parts,
  post,
  withAppView,
} from "./context_run.ts";
import { view } from "./counting_appview.ts";

const SAMPLE = publishedPosts(readSample());

Deno.test("what no source brought is asked for 25 at a time, once, and what is gone not again for a week", () =>
  withAppView(async (appView, data) => {
    const posts = Array.from(
      { length: 60 },
      (_, index) =>
        post(`p${index}`, { reply_parent_uri: uri(`c${index}`), quoted_uri: uri("all") }),
    );
    appView.gone.add(uri("c7"));
    appView.replaced.set(uri("c8"), { ...view(uri("c8")), record: { $type: "other" } });
    appView.replaced.set(uri("c9"), { uri: uri("c9") });
    const found = await completed(data, posts, appView.url);
    assert.deepEqual(appView.asked.map((uris) => uris.length), [25, 25, 11]);
    assert.deepEqual(parts(found, "p1"), [
      { kind: "reply_parent", text: "a post" },
      { kind: "quoted_post", text: "a post" },
    ]);
    for (const rkey of ["p7", "p8", "p9"]) {
      assert.deepEqual(parts(found, rkey), [{ kind: "quoted_post", text: "a post" }]);
    }
    const rows = await fetched(data);
    const absent = rows.filter(({ status }) => status !== "found");
    assert.deepEqual(absent, [
      { status: "not_found", uri: null, text: null, did: null },
      { status: "unreadable", uri: null, text: null, did: null },
      { status: "unreadable", uri: null, text: null, did: null },
    ]);
    assert.equal(rows.length, 61);
    const aside = await query(
      data,
      "SELECT reason FROM read_json('{data}/quarantine/context/*.jsonl') ORDER BY 1",
    );
    assert.deepEqual(aside.map(({ reason }) => reason), ["invalid_item", "not_a_post"]);
    appView.asked.splice(0);
    const again = await completed(data, posts, appView.url);
    assert.deepEqual([again, appView.asked], [found, []]);
    const later = { CIVICSKY_CLOCK: new Date(Date.now() + 8 * 86_400_000).toISOString() };
    await ownEnvironment.run(later, () => completed(data, posts, appView.url));
    assert.deepEqual(appView.asked.map((uris) => uris.toSorted()), [
      [7, 8, 9].map((n) => uri(`c${n}`)),
    ]);
  }));

Deno.test("where an item does not say which post it is, the missing ones are asked for one by one", () =>
  withAppView(async (appView, data) => {
    appView.replaced.set(uri("c1"), { broken: true });
    appView.gone.add(uri("c2"));
    const posts = [0, 1, 2].map((n) => post(`p${n}`, { quoted_uri: uri(`c${n}`) }));
    const found = await completed(data, posts, appView.url);
    assert.deepEqual([...found.values()].map(({ parts }) => parts.length), [1, 0, 0]);
    assert.equal(appView.asked.length, 3);
    const rows = await fetched(data);
    assert.deepEqual(rows.map(({ status }) => status), ["found", "not_found", "unreadable"]);
  }));

Deno.test("an AppView that is down costs no label its context: such posts stay pending, others go on", () =>
  withAppView(async (appView, data) => {
    const folder = await rawFolder(data);
    await folder.raw("firehose", DAY, `a.${DAY}_${DAY}`, [{ uri: uri("ours"), text: "ours" }]);
    const posts = [
      post("a", { quoted_uri: uri("ours") }),
      post("b", { quoted_uri: uri("theirs"), reply_parent_uri: uri("ours") }),
    ];
    let asked = 0;
    const down = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
      asked++;
      return Response.json({ error: "Forbidden", message: "not now" }, { status: 403 });
    });
    await labelling(
      data,
      posts,
      `http://127.0.0.1:${down.addr.port}`,
      async ({ all, contexts }) => {
        const found = await all();
        assert.deepEqual(found.get(uri("a")), {
          parts: [{ kind: "quoted_post", text: "ours" }],
          missing: [],
        });
        assert.deepEqual(found.get(uri("b"))!.missing, [uri("theirs")]);
        assert.deepEqual(await all(), found);
        assert.equal(asked, 1, "it is left alone for a while");
        assert.match(contexts.errors.join(), /Cannot fetch contexts: http:.* not now/s);
        assert.equal(contexts.errors.length, 1);
      },
    );
    await down.shutdown();
    const found = await completed(data, posts, appView.url);
    assert.equal(parts(found, "b").length, 2);
  }));

Deno.test("an AppView that has nothing at all is not believed, one whose posts are gone is", () =>
  withAppView(async (appView, data) => {
    const posts = [post("a", { quoted_uri: uri("q") })];
    appView.gone.add(uri("q")).add(uri("a"));
    await labelling(data, posts, appView.url, async ({ all, contexts }) => {
      assert.deepEqual((await all()).get(uri("a"))!.missing, [uri("q")]);
      assert.match(contexts.errors.join(), /has none of the requested posts/);
    });
    appView.gone.delete(uri("a"));
    const found = await completed(data, posts, appView.url);
    assert.deepEqual(found.get(uri("a")), { parts: [], missing: [] });
  }));

Deno.test("who is logged in learns of a block, and a rate limit is waited for", () =>
  withData(async (data) => {
    const now = new Date("2026-06-10T00:00:00Z");
    const there = SAMPLE.filter(({ deletedAt, removedAt }: PublishedPost) =>
      Math.min(deletedAt, removedAt) > 9e15
    );
    const account = { did: OTHER, handle: "reader.civicsky.test", password: "abcd-efgh-ijkl-mnop" };
    const appView = startAppView({
      posts: SAMPLE,
      now,
      account,
      rateLimit: { limit: 2, seconds: 1 },
    });
    try {
      const blocking = there[0]!.account.did;
      appView.viewers.set(blocking, { blockedBy: true });
      const login = { identifier: account.handle, password: account.password, pds: appView.url };
      const { paths } = await rawFolder(data);
      const waits: string[] = [];
      const client = new AppView(appView.url, {
        signal: NEVER,
        session: new Session(login, new SessionFile(paths)),
        onWait: (_, reason) => waits.push(reason),
      });
      const named = there.slice(0, 60);
      const posts = named.map(({ uri }, index) => post(`p${index}`, { quoted_uri: uri }));
      const found = await completed(data, posts, client);
      const expected = named.map(({ account, post }) =>
        account.did === blocking ? [] : [post.text]
      );
      assert.deepEqual(
        [...found.values()].map(({ parts }) => parts.map(({ text }) => text)),
        expected.map((texts) => texts.map((text) => text.trim()).filter((text) => text !== "")),
      );
      const statuses = await query(
        data,
        "SELECT status, count(*)::INTEGER AS n FROM '{data}/raw/context/*/*.parquet' GROUP BY 1 ORDER BY 1",
      );
      const blocked = named.filter(({ account }) => account.did === blocking).length;
      assert.deepEqual(statuses.map(Object.values), [
        ["blocked", blocked],
        ["found", named.length - blocked],
      ]);
      assert.ok(waits.length > 0);
    } finally {
      await appView.close();
    }
  }));

Deno.test("two runs at once take turns, and neither asks for what the other has fetched", () =>
  withAppView(async (appView, data) => {
    const posts = [post("a", { quoted_uri: uri("q") }), post("b", { quoted_uri: uri("r") })];
    const [first, second] = posts as [ContextRow, ContextRow];
    await labelling(data, posts, appView.url, async ({ contexts: one }) => {
      await labelling(data, posts, appView.url, async ({ contexts: other }) => {
        await one.complete([first]);
        await other.complete([first, second]);
        const found = await one.complete([first, second]);
        assert.deepEqual([...found.values()].map(({ parts }) => parts.length), [1, 1]);
      });
    });
    assert.deepEqual(appView.asked, [[uri("q")], [uri("r")]]);
    assert.equal((await fetched(data)).length, 2);
  }));
