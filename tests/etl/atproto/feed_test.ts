import assert from "node:assert/strict";
import { CATCH_UP, startAppView } from "../../../demo/network/appview.ts";
import { publishedPosts } from "../../../demo/sample/published_post.ts";
import { AppView } from "../../../etl/atproto/appview.ts";
import { feedPages } from "../../../etl/atproto/feed.ts";
import { smallSample } from "../../demo/small_sample.ts";
import "../../common_environment.ts";

const NEVER = new AbortController().signal;

/** Serve given pages, one a request, and give what `feedPages` makes of them. */
async function pagesOf(answers: unknown[], limit: number, signal = NEVER) {
  const asked: URLSearchParams[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    asked.push(new URL(request.url).searchParams);
    return Response.json(answers[asked.length - 1] ?? { feed: [] });
  });
  try {
    const url = `http://127.0.0.1:${server.addr.port}`;
    const reader = new AppView(url, { signal, onWait() {} });
    const pages = await Array.fromAsync(feedPages(reader, CATCH_UP, limit));
    return { pages, asked };
  } finally {
    await server.shutdown();
  }
}

/** Give a whole page of the small sample's feed as the AppView sends it. */
async function wholePage() {
  const posts = publishedPosts(smallSample());
  const appView = startAppView({ posts, now: new Date("2026-06-01T18:00:00Z") });
  const response = await fetch(`${appView.url}/xrpc/app.bsky.feed.getFeed?feed=${CATCH_UP}`);
  const { feed } = await response.json();
  await appView.close();
  return feed;
}

const feed = await wholePage();

Deno.test("pages shorter than asked for go on until the limit, and longer ones are cut", async () => {
  const answers = [
    { feed: feed.slice(0, 1), cursor: "a" },
    { feed: feed.slice(1, 2), cursor: "b" },
    { feed: feed.slice(2, 4), cursor: "c" },
    { feed, cursor: "d" },
  ];
  const { pages, asked } = await pagesOf(answers, 3);
  assert.deepEqual(pages.map((page) => page.length), [1, 1, 1]);
  assert.deepEqual(asked.map((query) => [query.get("limit"), query.get("cursor")]), [
    ["3", null],
    ["2", "a"],
    ["1", "b"],
  ]);
});

Deno.test("no cursor, an empty one and one from before end the paging", async () => {
  const page = (cursor?: string | null) => ({ feed: feed.slice(0, 1), cursor });
  assert.equal((await pagesOf([page("a"), page(null)], 10)).asked.length, 2);
  assert.equal((await pagesOf([page("a"), page("")], 10)).asked.length, 2);
  assert.equal((await pagesOf([page("a"), page("b"), page("a"), page("c")], 10)).asked.length, 3);
  assert.equal((await pagesOf([page()], 10)).asked.length, 1);
});

Deno.test("an empty page with a cursor is no end, six in a row are", async () => {
  const page = (cursor: string) => ({ feed: feed.slice(0, 1), cursor });
  const empty = (cursor: string) => ({ feed: [], cursor });
  const five = ["b", "c", "d", "e", "f"].map(empty);
  const on = await pagesOf([page("a"), ...five, page("g"), empty("h"), page("i")], 3);
  assert.deepEqual([on.asked.length, on.pages.flat().length], [9, 3]);
  const over = await pagesOf([page("a"), ...five, empty("g"), page("h")], 3);
  assert.deepEqual([over.asked.length, over.pages.flat().length], [7, 1]);
});

// Invariant 9
Deno.test("an item whose uri is none costs itself alone", async () => {
  const uris = [
    "at://did:plc:a b/app.bsky.feed.post/1",
    "at://did:plc:abc/app.bsky.feed.post/a b",
    "at://did:plc:abc/app.bsky.feed.post/..",
    "at://did:plc:abc/app.bsky.feed.post/%zz",
    "at://did:plc:ä/app.bsky.feed.post/1",
  ];
  const wrong = uris.map((uri) => ({ post: { ...feed[0].post, uri } }));
  const { pages: [page] } = await pagesOf([{ feed: [...wrong, feed[0]] }], 10);
  assert.deepEqual(page!.map((item) => "what" in item ? item.what : item.uri), [
    ...uris.map(() => "post.uri"),
    feed[0].post.uri,
  ]);
});

// Invariant 9
Deno.test("items that are not what the lexicon says are given as invalid with their place", async () => {
  const wrong = [
    "rubbish",
    {},
    { post: { ...feed[0].post, uri: "https://bsky.app" } },
    { post: { ...feed[0].post, record: "text" } },
    { post: { ...feed[0].post, indexedAt: "yesterday" } },
    { post: { ...feed[0].post, author: undefined } },
  ];
  const { pages: [page] } = await pagesOf([{ feed: [...wrong, feed[0]] }], 10);
  assert.deepEqual(page!.slice(0, -1).map((item) => "what" in item && item.what), [
    "item",
    "post",
    "post.uri",
    "post.record",
    "post.indexedAt",
    "post.author",
  ]);
  assert.equal((page!.at(-1) as { uri: string }).uri, feed[0].post.uri);
});

Deno.test("counts that are none read as unknown", async () => {
  const counts = { likeCount: -1, repostCount: "7", replyCount: 1.5, quoteCount: undefined };
  const { pages: [page] } = await pagesOf(
    [{ feed: [{ post: { ...feed[0].post, ...counts } }] }],
    1,
  );
  const { like_count, repost_count, reply_count, quote_count } = page![0] as never;
  assert.deepEqual([like_count, repost_count, reply_count, quote_count], Array(4).fill(null));
});

Deno.test("a reading that is stopped asks for nothing more", async () => {
  assert.deepEqual((await pagesOf([{ feed }], 10, AbortSignal.abort())).asked, []);
});
