import assert from "node:assert/strict";
import { type AppView as Server, CATCH_UP, startAppView } from "../../../demo/network/appview.ts";
import { publishedPosts } from "../../../demo/sample/published_post.ts";
import { AppView } from "../../../etl/atproto/appview.ts";
import { appViewError } from "../../../etl/atproto/appview_error.ts";
import { Session } from "../../../etl/atproto/session.ts";
import { EXIT, UserError } from "../../../etl/run/error.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { SessionFile } from "../../../etl/atproto/session_file.ts";
import { smallSample } from "../../demo/small_sample.ts";
import { withData } from "../../rows.ts";

const posts = publishedPosts(smallSample());
const ACCOUNT = {
  did: "did:plc:cccccccccccccccccccccccc",
  handle: "reader.civicsky.test",
  password: "abcd-2345-efgh-6789",
};
const PAGE = { feed: CATCH_UP, limit: 10, cursor: undefined };

async function withServer(
  use: (server: Server, open: (password?: string) => AppView, paths: DataPaths) => Promise<void>,
) {
  const now = new Date("2026-06-01T18:00:00Z");
  const server = startAppView({ posts, now, account: ACCOUNT, loginFeeds: [CATCH_UP] });
  try {
    await withData(async (data) => {
      const paths = new DataPaths(data);
      const open = (password = ACCOUNT.password) => {
        const login = { identifier: ACCOUNT.handle, password, pds: server.url };
        const session = new Session(login, new SessionFile(paths));
        const options = { signal: new AbortController().signal, onWait() {}, session };
        return new AppView(server.url, options);
      };
      await use(server, open, paths);
    });
  } finally {
    await server.close();
  }
}

/** Give the methods that were asked for since the last call. */
function methods(server: Server): string[] {
  return server.requests.splice(0).map(({ method }) => method.split(".").at(-1)!);
}

Deno.test("an app password logs in once, and requests go through the PDS to the AppView", () =>
  withServer(async (server, open) => {
    const reader = open();
    assert.equal((await reader.getFeed(PAGE))?.items.length, 4);
    await reader.getFeed(PAGE);
    assert.ok(server.requests.slice(1).every(({ isLoggedIn }) => isLoggedIn));
    assert.deepEqual(methods(server), ["createSession", "getFeed", "getFeed"]);
  }));

// Invariant 12
Deno.test("the session is kept where its owner alone can read it, without password and address", () =>
  withServer(async (server, open, paths) => {
    await open().getFeed(PAGE);
    const { mode } = await Deno.stat(paths.session());
    assert.equal(mode! & 0o777, 0o600);
    assert.deepEqual([...Deno.readDirSync(paths.root)].map(({ name }) => name), [
      ".bluesky_session.json",
    ]);
    const text = await Deno.readTextFile(paths.session());
    assert.ok(server.logins!.tokens.every((token) => text.includes(token)));
    assert.doesNotMatch(text, /abcd-2345|example\.org/);
  }));

Deno.test("the next run renews the session that is kept instead of logging in", () =>
  withServer(async (server, open, paths) => {
    await open().getFeed(PAGE);
    const before = await Deno.readTextFile(paths.session());
    methods(server);
    assert.equal((await open("is not asked for").getFeed(PAGE))?.items.length, 4);
    assert.deepEqual(methods(server), ["refreshSession", "getFeed"]);
    assert.notEqual(await Deno.readTextFile(paths.session()), before);
    assert.equal((await Deno.stat(paths.session())).mode! & 0o777, 0o600);
  }));

Deno.test("an access token that expires on the way is renewed", () =>
  withServer(async (server, open) => {
    const reader = open();
    await reader.getFeed(PAGE);
    server.logins!.expireAccess();
    methods(server);
    assert.equal((await reader.getFeed(PAGE))?.items.length, 4);
    assert.deepEqual(methods(server), ["getFeed", "refreshSession", "getFeed"]);
  }));

Deno.test("a refresh token that was revoked leads to a login, between runs and within one", () =>
  withServer(async (server, open) => {
    await open().getFeed(PAGE);
    server.logins!.revokeRefresh();
    methods(server);
    const reader = open();
    assert.equal((await reader.getFeed(PAGE))?.items.length, 4);
    assert.deepEqual(methods(server), ["refreshSession", "createSession", "getFeed"]);
    server.logins!.expireAccess();
    server.logins!.revokeRefresh();
    assert.equal((await reader.getFeed(PAGE))?.items.length, 4);
    assert.deepEqual(methods(server), ["getFeed", "refreshSession", "createSession", "getFeed"]);
  }));

Deno.test("a wrong app password is a usage error that names the variables and not the password", () =>
  withServer(async (server, open, paths) => {
    const error = await open("wrong-pass-word-1234").getFeed(PAGE).catch((error) => error);
    assert.ok(error instanceof UserError);
    assert.equal(error.exitCode, EXIT.usage);
    assert.match(
      error.format(),
      /refuses the handle or the app password \(AuthenticationRequired\)/,
    );
    assert.match(error.format(), /\n {2}Check BLUESKY_HANDLE and BLUESKY_APP_PASSWORD/);
    assert.doesNotMatch(Deno.inspect(error), /wrong-pass/);
    assert.deepEqual(methods(server), ["createSession"]);
    assert.equal(new SessionFile(paths).read(), undefined);
  }));

Deno.test("where the PDS cannot be reached, waits and the error name it and not the AppView", () =>
  withServer(async (server, _, paths) => {
    const pds = "http://127.0.0.1:1";
    const login = { identifier: ACCOUNT.handle, password: ACCOUNT.password, pds };
    const session = new Session(login, new SessionFile(paths));
    const stop = new AbortController();
    const waits: string[] = [];
    const onWait = (_: number, reason: string) => {
      waits.push(reason);
      stop.abort();
    };
    const reader = new AppView(server.url, { signal: stop.signal, onWait, session });
    assert.equal(await reader.getFeed(PAGE), undefined);
    assert.deepEqual(waits, [`the PDS ${pds} (BLUESKY_PDS) cannot be reached`]);
    const failure = await session.open().catch((error) => error);
    stop.abort();
    const error = appViewError("read the feed", reader, failure);
    assert.match(error.message, /^Cannot read the feed: the PDS http:\/\/127\.0\.0\.1:1: /);
    assert.match(error.remedy, /BLUESKY_PDS/);
    assert.doesNotMatch(error.format(), /APPVIEW/);
    assert.deepEqual(methods(server), []);
  }));

Deno.test("a login that the server is too busy for is tried again", () =>
  withServer(async (server, open) => {
    server.failNext(429, { "ratelimit-reset": String(Math.floor(Date.now() / 1000) + 1) });
    assert.equal((await open().getFeed(PAGE))?.items.length, 4);
    assert.deepEqual(methods(server), ["createSession", "createSession", "getFeed"]);
  }));

Deno.test("a damaged session file and one of another login are replaced by a new login", () =>
  withServer(async (server, open, paths) => {
    await open().getFeed(PAGE);
    const kept = JSON.parse(await Deno.readTextFile(paths.session()));
    const others = [
      "",
      "{",
      "[]",
      JSON.stringify({ ...kept, refreshJwt: undefined }),
      JSON.stringify({ ...kept, refreshJwt: "rubbish" }),
      JSON.stringify({ ...kept, identifier: "other.civicsky.test" }),
      JSON.stringify({ ...kept, pds: "https://bsky.social" }),
    ];
    for (const text of others) {
      await Deno.writeTextFile(paths.session(), text, { mode: 0o644 });
      await Deno.chmod(paths.session(), 0o644);
      methods(server);
      assert.equal((await open().getFeed(PAGE))?.items.length, 4, text);
      const asked = methods(server).filter((method) => method !== "refreshSession");
      assert.deepEqual(asked, ["createSession", "getFeed"], text);
      assert.equal((await Deno.stat(paths.session())).mode! & 0o777, 0o600);
    }
  }));
