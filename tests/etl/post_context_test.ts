import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startAppView } from "../../demo/appview.ts";
import { type PublishedPost, publishedPosts } from "../../demo/published_post.ts";
import { readSample } from "../../demo/sample.ts";
import { AppView } from "../../etl/atproto/appview.ts";
import { Session } from "../../etl/atproto/session.ts";
import {
  type ContextPart,
  type ContextRow,
  type PostContext,
  PostContexts,
} from "../../etl/post_context.ts";
import { openDatabase } from "../../etl/store/duckdb.ts";
import { SessionFile } from "../../etl/store/session_file.ts";
import { POSTS } from "../../etl/store/tables.ts";
import { rawFolder, uri } from "../raw.ts";
import { query, withData } from "../rows.ts";
import { writeRows } from "../table_file.ts";
import { runTask } from "../task.ts";
import { type CountingAppView, startCountingAppView, view } from "./counting_appview.ts";

const DAY = "2026-06-09";
const OTHER = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
const { signal: NEVER } = new AbortController();

async function withAppView(use: (appView: CountingAppView, data: string) => Promise<void>) {
  const appView = startCountingAppView();
  try {
    await withData((data) => use(appView, data));
  } finally {
    await appView.close();
  }
}

/** A row of `posts`, pending. */
function post(rkey: string, content: Partial<ContextRow> = {}): ContextRow {
  return {
    uri: uri(rkey),
    reply_root_uri: null,
    reply_parent_uri: null,
    quoted_uri: null,
    external_title: null,
    external_description: null,
    external_url: null,
    image_alts: [],
    self_labels: [],
    ...content,
  };
}

interface Labelling {
  contexts: PostContexts;
  /** Complete the contexts of all posts. */
  all(): Promise<Map<string, PostContext>>;
}

/** Do with contexts as a run of the labelling engine does. */
async function labelling<T>(
  data: string,
  posts: ContextRow[],
  url: string | AppView | undefined,
  use: (run: Labelling) => Promise<T>,
): Promise<T> {
  const { paths } = await rawFolder(data);
  await writeRows(data, POSTS, posts as never, paths.posts(DAY));
  using database = await openDatabase(data);
  await database.run(`CREATE TEMP TABLE pending_posts AS
    SELECT hash(uri) AS post FROM read_parquet('${paths.posts(DAY)}')`);
  const appView = typeof url === "string" ? new AppView(url, { signal: NEVER, onWait() {} }) : url;
  const contexts = new PostContexts({ database, paths, signal: NEVER }, appView);
  await contexts.prepare("pending_posts", DAY);
  const result = await use({ contexts, all: () => contexts.complete(posts) });
  await contexts.close();
  return result;
}

async function completed(data: string, posts: ContextRow[], url?: string | AppView) {
  return await labelling(data, posts, url, async ({ all, contexts }) => {
    const found = await all();
    assert.deepEqual(contexts.errors, []);
    return found;
  });
}

function parts(contexts: Map<string, PostContext>, rkey: string): ContextPart[] {
  return contexts.get(uri(rkey))!.parts;
}

function fetched(data: string) {
  return query(
    data,
    `SELECT status, uri, text, did FROM read_parquet('{data}/raw/context/*/*.parquet')
     ORDER BY status, uri`,
  );
}

Deno.test("a context is the row's own card, alt texts and labels, in the order of its kinds", () =>
  withData(async (data) => {
    const found = await completed(data, [
      post("a", {
        external_title: " Senate passes the bill ",
        external_description: "It was late",
        external_url: "https://www.example.org/a?b",
        image_alts: ["a chart", " ", "a crowd"],
        self_labels: ["graphic-media", "spoiler"],
      }),
      post("b", { external_url: "no url", external_title: "" }),
    ]);
    assert.deepEqual(parts(found, "a"), [
      { kind: "link_title", text: "Senate passes the bill" },
      { kind: "link_description", text: "It was late" },
      { kind: "link_domain", text: "example.org" },
      { kind: "alt_text", text: "a chart" },
      { kind: "alt_text", text: "a crowd" },
      { kind: "self_labels", text: "graphic-media, spoiler" },
    ]);
    assert.deepEqual(parts(found, "b"), []);
  }));

Deno.test("named posts come from any source and day, in their highest rev, each once and not followed", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    await folder.raw("firehose", "2026-05-01", "a.2026-05-01_2026-05-01", [
      { uri: uri("root"), rev: "3a", text: "first version", event_time: "2026-05-01 01:00:00" },
      { uri: uri("root"), rev: "3b", text: "second\u0000 version", quoted_uri: uri("further") },
      { uri: uri("further"), text: "a context of a context" },
      { uri: uri("empty"), text: "" },
    ]);
    await folder.raw("most_liked", "2026-06-02", "b.2026-06-01_2026-06-01", [
      { uri: uri("root"), text: "as a feed gave it, without rev" },
    ]);
    await folder.raw("import", "2026-06-03", "c.2026-06-01_2026-06-01", [
      { uri: uri("parent", OTHER), text: "of somebody else" },
    ]);
    const [root, parent] = [uri("root"), uri("parent", OTHER)];
    const found = await completed(data, [
      post("thread", { reply_root_uri: root, reply_parent_uri: parent, quoted_uri: uri("empty") }),
      post("first", { reply_root_uri: root, reply_parent_uri: root, quoted_uri: root }),
      post("quote", { quoted_uri: root, reply_root_uri: uri("quote") }),
      post("list", { quoted_uri: `at://${OTHER}/app.bsky.graph.list/3k` }),
    ]);
    const text = "second\u0000 version";
    assert.deepEqual(parts(found, "thread"), [
      { kind: "reply_root", text },
      { kind: "reply_parent", text: "of somebody else" },
    ]);
    assert.deepEqual(parts(found, "first"), [{ kind: "reply_parent", text }]);
    assert.deepEqual(parts(found, "quote"), [{ kind: "quoted_post", text }]);
    assert.deepEqual([...found.values()].flatMap(({ missing }) => missing), []);
  }));

// Invariant 11
Deno.test("what is deleted or hidden is in no context and not asked for, when deleted during the run too", () =>
  withAppView(async (appView, data) => {
    const folder = await rawFolder(data);
    const [deleted, hidden, rewritten, later] = ["deleted", "hidden", "rewritten", "later"];
    const dids: Record<string, string> = { [hidden!]: OTHER };
    const uris = [deleted, hidden, rewritten, later].map((name) => uri(name!, dids[name!]));
    await folder.raw(
      "firehose",
      DAY,
      `a.${DAY}_${DAY}`,
      uris.map((uri, index) => ({ uri, event_time: `${DAY} 0${index * 2}:00:00`, text: uri })),
    );
    await folder.tombstone(DAY, "t", [
      { subject: uris[0]!, at: `${DAY} 01:00:00`, reason: "deleted" },
      { subject: OTHER, at: `${DAY} 03:00:00`, reason: "deactivated" },
      { subject: uris[2]!, at: `${DAY} 01:00:00`, reason: "deleted" },
      { subject: uri("never-seen"), at: `${DAY} 01:00:00`, reason: "not_found" },
    ]);
    const named = [...uris, uri("never-seen")];
    const posts = named.map((uri, index) => post(`p${index}`, { quoted_uri: uri }));
    await labelling(data, posts, appView.url, async ({ all }) => {
      const texts = async () => [...(await all()).values()].map(({ parts }) => parts[0]?.text);
      assert.deepEqual(await texts(), [undefined, undefined, uris[2], uris[3], undefined]);
      await folder.tombstone(DAY, "u", [
        { subject: uris[3]!, at: `${DAY} 23:00:00`, reason: "deleted" },
      ]);
      assert.deepEqual(await texts(), [undefined, undefined, uris[2], undefined, undefined]);
    });
    assert.deepEqual(appView.asked, []);
  }));

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
    const clock = Deno.env.get("CIVICSKY_CLOCK");
    Deno.env.set("CIVICSKY_CLOCK", new Date(Date.now() + 8 * 86_400_000).toISOString());
    try {
      await completed(data, posts, appView.url);
    } finally {
      if (clock === undefined) Deno.env.delete("CIVICSKY_CLOCK");
      else Deno.env.set("CIVICSKY_CLOCK", clock);
    }
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
      assert.match(contexts.errors.join(), /has none of the posts that it was asked for/);
    });
    appView.gone.delete(uri("a"));
    const found = await completed(data, posts, appView.url);
    assert.deepEqual(found.get(uri("a")), { parts: [], missing: [] });
  }));

const SAMPLE = publishedPosts(readSample());

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

// Invariant 1
Deno.test("what a run fetched before kill -9 is landed by the next one, which asks for the rest", () =>
  withAppView(async (appView, data) => {
    const posts = Array.from(
      { length: 60 },
      (_, index) => post(`p${index}`, { quoted_uri: uri(`c${index}`) }),
    );
    await labelling(data, posts, undefined, () => Promise.resolve());
    const script = fileURLToPath(new URL("./fetch_contexts.ts", import.meta.url));
    const run = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", script, data, appView.url, DAY],
      stdout: "null",
      stderr: "null",
    }).spawn();
    appView.before = async () => {
      if (appView.asked.length < 3) return;
      run.kill("SIGKILL");
      await run.status;
    };
    await run.status;
    appView.before = () => {};
    const lost = appView.asked.splice(0)[2]!;
    assert.deepEqual(await query(data, "SELECT * FROM glob('{data}/raw/context/**')"), []);
    await Deno.writeTextFile(journal(data)!, '{"host":"torn', { append: true });
    const found = await completed(data, posts, appView.url);
    assert.deepEqual(appView.asked, [lost]);
    assert.deepEqual([...found.values()].map(({ parts }) => parts.length), posts.map(() => 1));
    assert.equal(journal(data), undefined);
    const rows = (await fetched(data)).map(({ uri }) => uri);
    assert.deepEqual(rows, posts.map(({ quoted_uri }) => quoted_uri).sort());
  }));

// Invariant 11
Deno.test("what was fetched is forgotten with its author, and never asked for again", () =>
  withAppView(async (appView, data) => {
    const posts = [post("a", { quoted_uri: uri("q", OTHER) }), post("b", { quoted_uri: uri("r") })];
    await completed(data, posts, appView.url);
    appView.asked.splice(0);
    const forgotten = await runTask(["forget", OTHER, "--data", data, "--json"]);
    assert.equal(forgotten.code, 0, forgotten.stderr);
    assert.deepEqual(JSON.parse(forgotten.stdout).removed_rows["raw/context"], 1);
    assert.deepEqual((await fetched(data)).map(({ uri }) => uri), [uri("r")]);
    const after = await completed(data, posts, appView.url);
    assert.deepEqual([parts(after, "a"), appView.asked], [[], []]);
    assert.equal(parts(after, "b").length, 1);
  }));

Deno.test("forget purges what stands in the journal of contexts, and a recheck what is gone from raw/context", () =>
  withData(async (data) => {
    const named = SAMPLE.filter(({ deletedAt, removedAt }) => Math.min(deletedAt, removedAt) > 9e15)
      .slice(0, 30);
    const appView = startAppView({ posts: named, now: new Date("2026-06-10T00:00:00Z") });
    try {
      const posts = named.map(({ uri }, index) => post(`p${index}`, { quoted_uri: uri }));
      let left = "";
      await labelling(data, posts, appView.url, async ({ all }) => {
        await all();
        left = await Deno.readTextFile(journal(data)!);
      });
      await Deno.remove(`${data}/raw/context`, { recursive: true });
      await Deno.writeTextFile(`${data}/journal/context/a.jsonl`, left);
      const forgotten = await runTask(["forget", named[0]!.uri, "--data", data, "--json"]);
      assert.equal(forgotten.code, 0, forgotten.stderr);
      assert.equal(journal(data), undefined);
      assert.equal((await fetched(data)).length, 29);
      named[1]!.deletedAt = 0;
      const run = await runTask(["forget", "--recheck", "--data", data, "--json"], {
        BLUESKY_APPVIEW: appView.url,
        CIVICSKY_CLOCK: "2026-06-10T00:00:00Z",
      });
      assert.equal(run.code, 0, run.stderr);
      const { asked, posts_gone } = JSON.parse(run.stdout);
      assert.deepEqual([asked, posts_gone], [29, 1]);
      const uris = (await fetched(data)).map(({ uri }) => uri);
      assert.deepEqual(uris, named.slice(2).map(({ uri }) => uri).sort());
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

function journal(data: string): string | undefined {
  const folder = `${data}/journal/context`;
  const [name] = [...Deno.readDirSync(folder)].map(({ name }) => name);
  return name && `${folder}/${name}`;
}
