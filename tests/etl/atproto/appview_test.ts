import assert from "node:assert/strict";
import { XRPCError } from "@atproto/api";
import { type AppViewOptions, CATCH_UP, startAppView } from "../../../demo/network/appview.ts";
import { publishedPosts } from "../../../demo/sample/published_post.ts";
import { AppView } from "../../../etl/atproto/appview.ts";
import { appViewError } from "../../../etl/atproto/appview_error.ts";
import { EXIT, UserError } from "../../../etl/run/error.ts";
import { smallSample } from "../../demo/small_sample.ts";
import "../../common_environment.ts";

const posts = publishedPosts(smallSample());
const uriOf = (id: string) => posts.find(({ post }) => post.id === id)!.uri;
const PAGE = { feed: CATCH_UP, limit: 10, cursor: undefined };

type Waits = [number, string][];

async function withAppView(
  options: Partial<AppViewOptions>,
  use: (reader: AppView, server: ReturnType<typeof startAppView>, waits: Waits) => Promise<void>,
  stop = new AbortController(),
) {
  const server = startAppView({ posts, now: new Date("2026-06-01T18:00:00Z"), ...options });
  const waits: Waits = [];
  const onWait = (seconds: number, reason: string) => {
    waits.push([seconds, reason]);
    if (seconds > 3) stop.abort();
  };
  try {
    await use(new AppView(server.url, { signal: stop.signal, onWait }), server, waits);
  } finally {
    await server.close();
  }
}

/** The next whole second, as servers write it. */
function nextSecond(): string {
  return String(Math.floor(Date.now() / 1000) + 1);
}

async function errorOf(request: Promise<unknown>): Promise<UserError> {
  const error = await request.then(() => undefined, (error) => error);
  assert.ok(error instanceof UserError, `${error}`);
  return error;
}

Deno.test("after a 429 without Retry-After the next request waits for the reset of the limit", () =>
  withAppView({}, async (reader, server, waits) => {
    server.failNext(429, { "ratelimit-remaining": "0", "ratelimit-reset": nextSecond() });
    const page = await reader.getFeed(PAGE);
    assert.equal(page?.items.length, 4);
    assert.deepEqual(server.requests.map(({ status }) => status), [429, 200]);
    assert.equal(waits.length, 1);
    assert.match(waits[0]![1], /asks to wait \(HTTP 429\)/);
  }));

Deno.test("where no request is left, none is sent before the reset", () =>
  withAppView({ rateLimit: { limit: 1, seconds: 1 } }, async (reader, server, waits) => {
    for (let request = 0; request < 2; request++) {
      assert.equal((await reader.getFeed(PAGE))?.items.length, 4);
    }
    assert.deepEqual(server.requests.map(({ status }) => status), [200, 200]);
    assert.deepEqual(waits.map(([, reason]) => reason), [
      "the rate limit of the AppView is used up",
    ]);
  }));

Deno.test("Retry-After beats the reset of the limit", () =>
  withAppView({}, async (reader, server, waits) => {
    server.failNext(429, { "retry-after": "0", "ratelimit-reset": "99999999999" });
    assert.equal((await reader.getFeed(PAGE))?.items.length, 4);
    assert.ok(waits[0]![0] < 3);
  }));

Deno.test("a wait of more than 15 minutes ends with an error at once", async () => {
  const refusals: Record<string, string>[] = [
    { "retry-after": "901" },
    { "ratelimit-reset": "9".repeat(30) },
  ];
  for (const headers of refusals) {
    await withAppView({}, async (reader, server, waits) => {
      server.failNext(429, headers);
      const error = await errorOf(reader.getFeed(PAGE));
      assert.match(
        error.message,
        /Cannot ask 127\S+: .*HTTP 429\); it asks to wait (15 min|[\d.e+]+ days)$/,
      );
      assert.equal(error.exitCode, EXIT.failed);
      assert.deepEqual([server.requests.length, waits], [1, []]);
    });
  }
});

Deno.test("an answer that leaves no request for hours is given, and the next request fails", () =>
  withAppView({ rateLimit: { limit: 1, seconds: 3590 } }, async (reader, server) => {
    assert.equal((await reader.getFeed(PAGE))?.items.length, 4);
    assert.match((await errorOf(reader.getFeed(PAGE))).message, /it asks to wait 60 min$/);
    assert.equal(server.requests.length, 1);
  }));

Deno.test("a wait ends when the run is told to stop", () =>
  withAppView({}, async (reader, server, waits) => {
    server.failNext(429, 600);
    assert.equal(await reader.getFeed(PAGE), undefined);
    assert.deepEqual([server.requests.length, waits.length], [1, 1]);
  }));

// Invariant 9
Deno.test("posts that are not what the lexicon says are given as invalid with their uri", async () => {
  const uris = ["p001", "p002", "p003"].map(uriOf);
  await withAppView({}, async (_, server) => {
    const query = uris.map((uri) => `uris=${encodeURIComponent(uri)}`).join("&");
    const whole = await (await fetch(`${server.url}/xrpc/app.bsky.feed.getPosts?${query}`)).json();
    const answer = [{ ...whole.posts[0], cid: 7 }, whole.posts[1], "rubbish"];
    const bad = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => Response.json({ posts: answer }),
    );
    const options = { signal: new AbortController().signal, onWait() {} };
    const read = await new AppView(`http://127.0.0.1:${bad.addr.port}`, options).getPosts(uris);
    await bad.shutdown();
    assert.deepEqual(read!.map((item) => "invalid" in item ? [item.what, item.uri] : item.uri), [
      ["cid", uris[0]],
      uris[1],
      ["item", undefined],
    ]);
  });
});

Deno.test("a feed that wants a login is refused with the variables that give one", () =>
  withAppView({ loginFeeds: [CATCH_UP] }, async (reader, server) => {
    const error = await reader.getFeed(PAGE).catch((error) => error);
    assert.ok(error instanceof XRPCError);
    const said = appViewError("read the feed", reader, error).format();
    assert.match(
      said,
      /requires a login \(Authentication Required\)\n {2}Set BLUESKY_HANDLE and BLU/,
    );
    assert.equal(server.requests.length, 1);
  }));

Deno.test("an error that repeats a token or an app password is told without", () => {
  const token = `eyJhbGciOi.${btoa("claims")}.signature-_1`.replaceAll("=", "");
  const error = new XRPCError(400, "InvalidRequest", `no ${token}, no abcd-2345-efgh-6789!`);
  const appView = new AppView("http://a", { signal: new AbortController().signal, onWait() {} });
  assert.equal(appViewError("do it", appView, error).found, "http://a: no …, no …!");
});

Deno.test("a redirect is not followed: a login would go to another server", async () => {
  let requests = 0;
  const other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    requests++;
    return Response.json({ feed: [] });
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => Response.redirect(`http://127.0.0.1:${other.addr.port}/`, 307),
  );
  try {
    const url = `http://127.0.0.1:${server.addr.port}`;
    const appView = new AppView(url, { signal: new AbortController().signal, onWait() {} });
    const error = await appView.getFeed(PAGE).then(() => undefined, (error) => error);
    assert.match(
      appViewError("read the feed", appView, error).message,
      /another address \(HTTP 307\)/,
    );
    assert.equal(requests, 0);
  } finally {
    await Promise.all([server.shutdown(), other.shutdown()]);
  }
});
