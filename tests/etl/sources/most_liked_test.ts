import assert from "node:assert/strict";
import { CATCH_UP } from "../../../demo/network/appview.ts";
import { versionAt } from "../../../demo/sample/published_post.ts";
import { withData } from "../../rows.ts";
import { journalFiles, quarantined, rawRows, summaryOf } from "./firehose_run.ts";
import { NOW, RANKED, ranks, sync, withAppView } from "./most_liked_run.ts";
import { withQuickPauses } from "../../quick_pauses.ts";

Deno.test("pages of a feed become raw rows with rank and counts", async () => {
  await withAppView({ pageSize: 3 }, async (appView, data) => {
    const run = await sync(appView.url, data, ["--limit", "4"]);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(
      appView.requests.map(({ params }) => [
        params.get("limit"),
        params.get("cursor"),
      ]),
      [["4", null], ["1", "3"]],
    );
    const rows = (await rawRows(data, "most_liked")).sort((a, b) => a.rank - b.rank);
    const expected = RANKED.map(({ uri, rkey, account, post, ...published }, index) => {
      const version = versionAt({ uri, rkey, account, post, ...published }, Date.parse(NOW))!;
      return {
        uri,
        cid: version.cid,
        did: account.did,
        rkey,
        rev: null,
        cursor: null,
        host: new URL(appView.url).host,
        seen_at: "2026-06-01 18:00:00",
        event_time: new Date(published.time + 500).toISOString(),
        created_at: version.record.createdAt,
        text: version.record.text,
        record: JSON.parse(JSON.stringify(version.record)),
        feed: CATCH_UP,
        rank: index + 1,
        like_count: post.likes,
        repost_count: post.reposts,
        reply_count: post.replies,
        quote_count: post.quotes,
        author_handle: account.handle,
      };
    });
    const columns = Object.keys(expected[0]!);
    assert.deepEqual(
      rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]]))),
      expected,
    );
    assert.deepEqual(rows[0]!.self_labels, ["graphic-media"]);
    assert.deepEqual(summaryOf(run).feeds, { [CATCH_UP]: 4 });
    assert.deepEqual(summaryOf(run).warnings, []);
    assert.deepEqual(journalFiles(data, "most_liked"), []);
  });
});

// Invariant 9
Deno.test("invalid items are set aside, and the rest of their page lands at its rank", async () => {
  await withAppView({ pageSize: 2 }, async (appView, data) => {
    const item = (post: object) => ({ post: { ...post } });
    const whole = await (await fetch(
      `${appView.url}/xrpc/app.bsky.feed.getPosts?uris=${RANKED[2]!.uri}`,
    )).json();
    appView.requests.length = 0;
    appView.replaced.set(RANKED[1]!.uri, item({ uri: 7 }));
    appView.replaced.set(RANKED[2]!.uri, item({ ...whole.posts[0], record: { text: "no type" } }));
    appView.replaced.set(
      RANKED[3]!.uri,
      item({ ...whole.posts[0], indexedAt: "0000-01-01T00:00:00Z" }),
    );
    const run = await sync(appView.url, data, ["--limit", "10"]);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(summaryOf(run).set_aside, { invalid_item: 2, not_a_post: 1 });
    assert.match(summaryOf(run).warnings[0], /gave 2 posts instead of 10/);
    assert.deepEqual(await ranks(data), [[RANKED[0]!.uri, 1]]);
    assert.deepEqual(
      quarantined(data, "most_liked").map(({ reason, rank, what }) => [reason, rank, what]),
      [
        ["invalid_item", 2, "post.uri"],
        ["not_a_post", 3, undefined],
        ["invalid_item", 4, "post.indexedAt"],
      ],
    );
  });
});

// Invariant 9
Deno.test("an author who is not that of the uri makes an item invalid", async () => {
  await withAppView({}, async (appView, data) => {
    const { uri } = RANKED[1]!;
    const whole = await (await fetch(`${appView.url}/xrpc/app.bsky.feed.getPosts?uris=${uri}`))
      .json();
    const other = { ...whole.posts[0], author: RANKED[0]!.account };
    appView.replaced.set(uri, { post: other });
    const run = await sync(appView.url, data, ["--limit", "4"]);
    assert.equal(run.code, 0, run.stderr);
    const [line] = quarantined(data, "most_liked");
    assert.deepEqual([line!.reason, line!.uri, line!.what], [
      "invalid_item",
      uri,
      "post.author.did",
    ]);
    assert.equal((await ranks(data)).length, 3);
  });
});

Deno.test("a time that has not come yet, or before the network, is not believed of an AppView, and says what was sent", async () => {
  await withAppView({}, async (appView, data) => {
    const sent = [
      "2027-01-01T00:00:00.000Z",
      "1999-06-01T10:00:00.000Z",
      "2026-06-01T18:10:00.000Z",
    ];
    for (const [index, indexedAt] of sent.entries()) {
      const { uri } = RANKED[index]!;
      const whole = await (await fetch(`${appView.url}/xrpc/app.bsky.feed.getPosts?uris=${uri}`))
        .json();
      appView.replaced.set(uri, { post: { ...whole.posts[0], indexedAt } });
    }
    const run = await sync(appView.url, data, ["--limit", "3"]);
    assert.equal(run.code, 0, run.stderr);
    const rows = (await rawRows(data, "most_liked")).sort((a, b) => a.rank - b.rank);
    assert.deepEqual(rows.map((row) => [row.event_time, row.event_time_sent]), [
      [new Date(NOW).toISOString(), "2027-01-01 00:00:00"],
      [new Date(NOW).toISOString(), "1999-06-01 10:00:00"],
      [sent[2], null],
    ]);
  });
});

Deno.test("a post that moves to the next page lands once, and a repeated cursor ends the paging", async () => {
  await withAppView({ pageSize: 2 }, async (appView, data) => {
    const whole = await (await fetch(`${appView.url}/xrpc/app.bsky.feed.getFeed?feed=${CATCH_UP}`))
      .json();
    appView.requests.length = 0;
    appView.replaced.set(RANKED[2]!.uri, whole.feed[0]);
    appView.repeatCursor = true;
    const run = await sync(appView.url, data, ["--limit", "100"]);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(appView.requests.length, 2);
    assert.deepEqual(await ranks(data), [
      [RANKED[0]!.uri, 1],
      [RANKED[1]!.uri, 2],
      [RANKED[3]!.uri, 4],
    ]);
  });
});

Deno.test("an AppView that asks to wait or fails once is asked again", async () => {
  await withAppView({}, async (appView, data) => {
    appView.failNext(429, 1);
    appView.failNext(500);
    const run = await sync(appView.url, data);
    assert.equal(run.code, 0, run.stderr);
    assert.match(
      run.stderr,
      /asks to wait \(HTTP 429\); waiting 1 s\nthe AppView is not ready \(HTTP 500\); /,
    );
    assert.deepEqual(appView.requests.map(({ status }) => status), [429, 500, 200]);
    assert.equal((await ranks(data)).length, 4);
  });
});

// Invariant 10
Deno.test("a feed that nobody knows and an AppView that is not there fail with what to do", async () => {
  await withAppView({}, async (appView, data) => {
    const other = CATCH_UP.replace("catch-up", "other");
    const [unknown, nobody] = await Promise.all([
      sync(appView.url, data, ["--feed", other]),
      withData(async (elsewhere) => {
        const run = await withQuickPauses(() => sync("http://127.0.0.1:1", elsewhere));
        assert.equal(run.code, 1);
        assert.match(run.stderr, /Cannot read the feed at:.*: http:\/\/127.0.0.1:1: /);
        assert.match(run.stderr, /\n {2}Check the address \(BLUESKY_APPVIEW/);
        assert.doesNotMatch(run.stderr, /\n\s+at /);
      }),
    ]);
    assert.equal(nobody, undefined);
    assert.equal(unknown.code, 1);
    assert.match(
      unknown.stderr,
      /Cannot read the feed .*other: .* knows no such feed\n {2}Name another/,
    );
    const wrong = await sync(appView.url, data, ["--feed", "https://bsky.app/feed"]);
    assert.equal(wrong.code, 2);
    const many = await sync(appView.url, data, ["--limit", "10001"]);
    assert.deepEqual([many.code, many.stderr.split("\n")[0]], [
      2,
      'Cannot run sync:most-liked: --limit "10001" is more than 10000',
    ]);
  });
});
