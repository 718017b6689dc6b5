import assert from "node:assert/strict";
import { AtpAgent, XRPCError } from "@atproto/api";
import { type AppView, CATCH_UP, startAppView } from "../../../demo/network/appview.ts";
import { publishedPosts } from "../../../demo/sample/published_post.ts";
import { readSample } from "../../../demo/sample/sample.ts";
import { smallSample } from "../small_sample.ts";

const small = publishedPosts(smallSample());
const uriOf = (id: string) => small.find(({ post }) => post.id === id)!.uri;

async function withAppView(
  now: string,
  use: (agent: AtpAgent, appView: AppView) => Promise<void>,
  posts = small,
) {
  const appView = startAppView({ posts, now: new Date(now) });
  try {
    await use(new AtpAgent({ service: appView.url }), appView);
  } finally {
    await appView.close();
  }
}

async function idsIn(agent: AtpAgent): Promise<string[]> {
  const { data } = await agent.app.bsky.feed.getFeed({ feed: CATCH_UP, limit: 100 });
  const ids = new Map(small.map(({ uri, post }) => [uri, post.id]));
  return data.feed.map(({ post }) => ids.get(post.uri)!);
}

async function errorOf(request: Promise<unknown>): Promise<XRPCError> {
  const error = await request.then(() => undefined, (error) => error);
  assert.ok(error instanceof XRPCError, `${error}`);
  return error;
}

Deno.test("the feed has the liked posts of the last day that are still there, by likes", async () => {
  await withAppView("2026-06-01T18:00:00Z", async (agent, appView) => {
    assert.deepEqual(await idsIn(agent), ["p005", "p006", "p002", "p007"]);
    appView.now = new Date("2026-06-01T18:30:00Z");
    assert.deepEqual(await idsIn(agent), ["p005", "p006", "p002"]);
    appView.now = new Date("2026-06-02T08:00:00Z");
    assert.deepEqual(await idsIn(agent), ["p005", "p006", "p002", "p009"]);
    appView.now = new Date("2026-06-02T12:00:00Z");
    assert.deepEqual(await idsIn(agent), ["p009"]);
  });
});

Deno.test("pages of the whole sample join without a gap, and the last has no cursor", async () => {
  const posts = publishedPosts(readSample());
  await withAppView("2026-06-05T00:00:00Z", async (agent, appView) => {
    const likes: number[] = [];
    const uris = new Set<string>();
    let cursor: string | undefined;
    do {
      const { data } = await agent.app.bsky.feed.getFeed({ feed: CATCH_UP, limit: 7, cursor });
      for (const { post } of data.feed) {
        likes.push(post.likeCount!);
        uris.add(post.uri);
      }
      cursor = data.cursor;
    } while (cursor);
    assert.ok(likes.length > 7, "the sample has one page only");
    assert.equal(uris.size, likes.length);
    assert.deepEqual(likes, likes.toSorted((a, b) => b - a));
    assert.equal(appView.requests.length, Math.ceil(likes.length / 7));
  }, posts);
});

Deno.test("an item shows the post with its counts, author and self labels", async () => {
  await withAppView("2026-06-01T18:00:00Z", async (agent) => {
    const { data } = await agent.app.bsky.feed.getFeed({ feed: CATCH_UP, limit: 1 });
    const [{ post }] = data.feed as [typeof data.feed[number]];
    const expected = small.find(({ uri }) => uri === post.uri)!;
    assert.equal(post.cid, expected.versions[0]!.cid);
    assert.equal(post.author.handle, "gone.civicsky.test");
    assert.deepEqual(
      [post.likeCount, post.repostCount, post.replyCount, post.quoteCount],
      [300, 1, 2, 3],
    );
    assert.deepEqual(post.labels?.map(({ val }) => val), ["graphic-media"]);
    assert.equal((post.record as { text: string }).text, "text of p005");
    assert.equal(data.cursor, "1");
  });
});

Deno.test("another feed is unknown", async () => {
  await withAppView("2026-06-01T18:00:00Z", async (agent) => {
    const feed = CATCH_UP.replace("catch-up", "other");
    const error = await errorOf(agent.app.bsky.feed.getFeed({ feed }));
    assert.deepEqual([error.status, error.error], [400, "UnknownFeed"]);
  });
});

Deno.test("limits and methods beyond the interface are refused", async () => {
  await withAppView("2026-06-01T18:00:00Z", async (_, { url, requests }) => {
    const get = async (path: string) => {
      const response = await fetch(`${url}/xrpc/${path}`);
      return [response.status, (await response.json()).error];
    };
    const feed = `app.bsky.feed.getFeed?feed=${CATCH_UP}`;
    assert.deepEqual(await get(`${feed}&limit=101`), [400, "InvalidRequest"]);
    assert.deepEqual(await get(`${feed}&cursor=x`), [400, "InvalidRequest"]);
    assert.deepEqual(await get("app.bsky.feed.getFeed"), [400, "InvalidRequest"]);
    const uris = Array.from({ length: 26 }, () => `uris=${uriOf("p001")}`).join("&");
    assert.deepEqual(await get(`app.bsky.feed.getPosts?${uris}`), [400, "InvalidRequest"]);
    assert.deepEqual(await get("app.bsky.feed.getLikes"), [501, "MethodNotImplemented"]);
    assert.equal(requests.length, 5);
  });
});

Deno.test("getPosts leaves out what is deleted, removed or not yet written", async () => {
  await withAppView("2026-06-01T18:00:00Z", async (agent, appView) => {
    const uris = ["p001", "p004", "p005", "p007", "p009"].map(uriOf);
    const there = async () =>
      (await agent.app.bsky.feed.getPosts({ uris })).data.posts.map(({ uri }) => uri);
    assert.deepEqual(await there(), ["p001", "p004", "p005", "p007"].map(uriOf));
    appView.now = new Date("2026-06-03T00:00:00Z");
    assert.deepEqual(await there(), ["p001", "p004", "p009"].map(uriOf));
    const { data } = await agent.app.bsky.feed.getPosts({ uris: [uriOf("p004")] });
    const updated = small.find(({ post }) => post.id === "p004")!.versions[1]!;
    assert.equal(data.posts[0]!.cid, updated.cid);
  });
});

Deno.test("one replaced item makes the client refuse the page", async () => {
  await withAppView("2026-06-01T18:00:00Z", async (agent, appView) => {
    appView.replaced.set(uriOf("p006"), { post: { uri: 7 } });
    const error = await errorOf(agent.app.bsky.feed.getFeed({ feed: CATCH_UP }));
    assert.equal(error.constructor.name, "XRPCInvalidResponseError");
    appView.replaced.clear();
    assert.equal((await idsIn(agent)).length, 4);
  });
});

Deno.test("failures are answered once each, in order", async () => {
  await withAppView("2026-06-01T18:00:00Z", async (agent, appView) => {
    appView.failNext(429, 2);
    appView.failNext(500);
    const limited = await errorOf(idsIn(agent));
    assert.deepEqual([limited.status, limited.headers?.["retry-after"]], [429, "2"]);
    assert.equal((await errorOf(idsIn(agent))).status, 500);
    assert.equal((await idsIn(agent)).length, 4);
    assert.deepEqual(appView.requests.map(({ status }) => status), [429, 500, 200]);
  });
});

Deno.test("a repeated cursor is the one that was asked with", async () => {
  await withAppView("2026-06-01T18:00:00Z", async (agent, appView) => {
    appView.repeatCursor = true;
    const page = (cursor?: string) =>
      agent.app.bsky.feed.getFeed({ feed: CATCH_UP, limit: 2, cursor });
    assert.equal((await page()).data.cursor, "2");
    assert.equal((await page("2")).data.cursor, "2");
  });
});
