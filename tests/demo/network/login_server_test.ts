import assert from "node:assert/strict";
import { CATCH_UP, startAppView } from "../../../demo/network/appview.ts";
import { publishedPosts } from "../../../demo/sample/published_post.ts";
import { smallSample } from "../small_sample.ts";

const SERVER = "com.atproto.server.";
const ACCOUNT = {
  did: "did:plc:cccccccccccccccccccccccc",
  handle: "reader.test",
  password: "pass",
};

Deno.test("tokens, methods and AppViews that a PDS refuses are refused", async () => {
  const server = startAppView({
    posts: publishedPosts(smallSample()),
    now: new Date("2026-06-01T18:00:00Z"),
    account: ACCOUNT,
    loginFeeds: [CATCH_UP],
  });
  const answer = async (method: string, token?: string, proxy?: string) => {
    const headers = new Headers(token ? { authorization: `Bearer ${token}` } : {});
    if (proxy) headers.set("atproto-proxy", proxy);
    const verb = method.startsWith(`${SERVER}refresh`) ? "POST" : "GET";
    const response = await fetch(`${server.url}/xrpc/${method}`, { method: verb, headers });
    return [response.status, (await response.json()).error];
  };
  const logIn = async (body: unknown) => {
    const request = { method: "POST", body: JSON.stringify(body) };
    const response = await fetch(`${server.url}/xrpc/${SERVER}createSession`, request);
    return [response.status, (await response.json()).error];
  };
  const { handle: identifier, password } = ACCOUNT;
  assert.deepEqual(await logIn({ identifier, password }), [200, undefined]);
  assert.deepEqual(await logIn({ identifier, password: "x" }), [401, "AuthenticationRequired"]);
  assert.deepEqual(await logIn({ identifier }), [400, "InvalidRequest"]);
  assert.deepEqual(await answer(`${SERVER}createSession`), [405, "InvalidRequest"]);
  const [access, refresh] = server.logins!.tokens as [string, string];
  const feed = `app.bsky.feed.getFeed?feed=${CATCH_UP}`;
  const own = `did:web:${new URL(server.url).host.replace(":", "%3A")}#bsky_appview`;
  assert.deepEqual(await answer(feed), [401, "AuthMissing"]);
  assert.deepEqual(await answer(feed, access), [400, "InvalidRequest"]);
  assert.deepEqual(await answer(feed, access, own), [200, undefined]);
  assert.deepEqual(await answer(feed, undefined, own), [401, "AuthMissing"]);
  assert.deepEqual(await answer(feed, refresh, own), [400, "InvalidToken"]);
  assert.deepEqual(await answer(`${SERVER}refreshSession`, access), [400, "InvalidToken"]);
  assert.deepEqual(await answer(`${SERVER}getSession`, `${access}x`), [400, "InvalidToken"]);
  assert.deepEqual(await answer(`${SERVER}getSession`, access), [200, undefined]);
  server.logins!.expireAccess();
  assert.deepEqual(await answer(`${SERVER}getSession`, access), [400, "ExpiredToken"]);
  server.logins!.revokeRefresh();
  assert.deepEqual(await answer(`${SERVER}refreshSession`, refresh), [400, "ExpiredToken"]);
  await server.close();
});
