/** Posts that were deleted and written anew under the same key: revisions are the order, not times. */
import assert from "node:assert/strict";
import { accountOf } from "../../../demo/sample/account.ts";
import { commitFrame } from "../../../demo/sample/frames.ts";
import { Repository } from "../../../demo/sample/repository.ts";
import { JETSTREAM, SUBSCRIBE_EVENTS } from "../../../etl/atproto/jetstream_event.ts";
import { Collector } from "../../../etl/collect/collector.ts";
import { RecentPosts } from "../../../etl/collect/recent_posts.ts";
import type { Journal } from "../../../etl/store/journal.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { Quarantine } from "../../../etl/store/quarantine.ts";
import { rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { collect, withRelay } from "../sources/firehose_run.ts";

const DAY = "2026-06-01";
const TIME = `${DAY}T10:00:00.000Z`;
const [R1, R2] = ["3k2aaaaaaaaa2", "3k2aaaaaaaab2"];

async function preprocess(data: string): Promise<void> {
  const env = { CIVICSKY_CLOCK: "2026-06-02T00:00:00Z" };
  // The second run must not take what the first one left.
  for (let run = 0; run < 2; run++) {
    const { code, stderr } = await runTask(["preprocess", "--data", data], env);
    assert.equal(code, 0, stderr);
  }
}

async function texts(data: string): Promise<unknown[]> {
  const found = await query(
    data,
    `SELECT text FROM read_parquet('{data}/posts/*/*.parquet') ORDER BY text`,
  );
  return found.map(({ text }) => text);
}

// Invariant 11
Deno.test("in one commit a create behind a delete stays, one before it goes, all in one millisecond", async () => {
  const repository = new Repository(accountOf("ada"));
  const path = (rkey: string) => `app.bsky.feed.post/${rkey}`;
  const create = (rkey: string, text: string) => {
    const record = { $type: "app.bsky.feed.post", text, createdAt: TIME, langs: ["en"] };
    return { action: "create" as const, path: path(rkey), record };
  };
  const remove = (rkey: string) => ({ action: "delete" as const, path: path(rkey) });
  const at = Date.parse(TIME);
  const commits = [
    await repository.commit([create("a", "a first"), create("c", "c first")], at),
    await repository.commit([remove("a"), create("a", "a anew")], at + 1),
    await repository.commit([create("b", "b short-lived"), remove("b")], at + 2),
    // Two commits that their server dates alike.
    await repository.commit([remove("c")], at + 3),
    await repository.commit([create("c", "c anew")], at + 4),
  ];
  const frames = commits.map((commit, index) => commitFrame(index + 1, TIME, commit));
  await withRelay({ frames }, (relay) =>
    withData(async (data) => {
      const { code, stderr } = await collect(relay, data, ["--limit", "4"]);
      assert.equal(code, 0, stderr);
      await preprocess(data);
      assert.deepEqual(await texts(data), ["a anew", "c anew"]);
      const raw = await query(
        data,
        "SELECT text FROM read_parquet('{data}/raw/firehose/*/*.parquet')",
      );
      assert.deepEqual(raw.map(({ text }) => text).sort(), ["a anew", "c anew"]);
    }));
});

// Invariant 11
Deno.test("what one source deletes goes from another by its revision, whatever the times", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const post = (rkey: string, rev: string, time = `${DAY} 10:00:00`) => (
      { uri: uri(rkey), rev, cid: rkey, text: rkey, event_time: time, created_at: TIME }
    );
    await folder.raw("jetstream", DAY, `a.${DAY}_${DAY}`, [
      post("older", R1),
      // The clock of its server is ahead.
      post("older-ahead", R1, `${DAY} 23:00:00`),
      post("same-before", R2),
      post("same-behind", R2),
      post("younger", R2),
      // It is behind.
      post("younger-behind", R2, `${DAY} 01:00:00`),
    ]);
    // What has no revision goes by its time.
    await folder.raw("most_liked", DAY, `b.${DAY}_${DAY}`, [
      { ...post("feed", R1), rev: null, feed: "f", rank: 1 },
      { ...post("feed-later", R1, `${DAY} 11:00:00`), rev: null, feed: "f", rank: 2 },
    ]);
    const deleted = (rkey: string, rev: string, with_rev = false) => (
      { subject: uri(rkey), at: `${DAY} 10:00:00`, reason: "deleted", rev, with_rev }
    );
    await folder.tombstone(DAY, "t", [
      deleted("older", R2),
      deleted("older-ahead", R2),
      deleted("same-before", R2, true),
      deleted("same-behind", R2),
      deleted("younger", R1, true),
      deleted("younger-behind", R1, true),
      deleted("feed", R2),
      deleted("feed-later", R2),
    ]);
    await preprocess(data);
    assert.deepEqual(await texts(data), ["feed-later", "same-behind", "younger", "younger-behind"]);
  }));

const CID = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq";
const OTHER_CID = "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi";

/** Take events of one revision as Jetstream sends them; gives the lines and how many were repeated. */
function takeAll(ops: { operation: string; rkey: string; cid?: string }[]) {
  const lines: {
    cursor: number;
    posts: { uri: string; cid: string }[];
    tombstones: { rev?: string; with_rev?: boolean }[];
  }[] = [];
  const collector = new Collector({
    position: { host: "jetstream", cursor: undefined, time: undefined },
    dialect: { decoder: JETSTREAM },
    isFiltered: true,
    recent: new RecentPosts(),
    hashKey: "k",
    quarantine: new Quarantine(new DataPaths("none"), "jetstream"),
    until: undefined,
  });
  const journal = { append: (line: never) => void lines.push(line) } as never as Journal;
  for (const [index, { operation, rkey, cid = CID }] of ops.entries()) {
    const record = { $type: "app.bsky.feed.post", text: rkey, createdAt: TIME };
    const payload = {
      $type: `${SUBSCRIBE_EVENTS}#commit`,
      seq: index + 1,
      time: TIME,
      did: accountOf("ada").did,
      rev: R1,
      collection: "app.bsky.feed.post",
      operation,
      rkey,
      ...operation === "delete" ? {} : { cid, record },
    };
    collector.take(JSON.stringify({ $type: "message", payload }), journal);
  }
  collector.settle(journal, "silence");
  return { lines, repeated: collector.repeated };
}

// Invariant 11
Deno.test("Jetstream's events of one revision tell by their order whether a post was written anew", () => {
  const { lines } = takeAll([
    { operation: "create", rkey: "a" },
    { operation: "delete", rkey: "a" },
    { operation: "delete", rkey: "b" },
    { operation: "create", rkey: "b" },
  ]);
  const tombstones = lines.flatMap((line) => line.tombstones);
  assert.deepEqual(tombstones.map(({ rev, with_rev }) => [rev, with_rev]), [
    [R1, true],
    [R1, false],
  ]);
});

Deno.test("what a revision writes twice is two versions over Jetstream, what is sent twice is one", () => {
  const written = [
    { operation: "create", rkey: "a" },
    { operation: "update", rkey: "a", cid: OTHER_CID },
  ];
  const { lines, repeated } = takeAll([...written, ...written]);
  assert.deepEqual(lines.flatMap(({ posts }) => posts.map(({ cid }) => cid)), [CID, OTHER_CID]);
  assert.equal(repeated, 2);
});

Deno.test("of the writes of a post in one commit the last one lands, and nothing counts as repeated", async () => {
  const repository = new Repository(accountOf("ada"));
  const write = (action: "create" | "update", rkey: string, text: string) => {
    const record = { $type: "app.bsky.feed.post", text, createdAt: TIME, langs: ["en"] };
    return { action, path: `app.bsky.feed.post/${rkey}`, record };
  };
  const remove = { action: "delete" as const, path: "app.bsky.feed.post/c" };
  const at = Date.parse(TIME);
  const commits = [
    await repository.commit([write("create", "a", "a 1"), write("update", "a", "a 2")], at),
    await repository.commit([write("create", "b", "b 1"), write("create", "c", "c 1")], at + 1),
    await repository.commit([write("update", "b", "b 2"), write("update", "b", "b 3")], at + 2),
    await repository.commit(
      [remove, write("create", "c", "c 2"), write("update", "c", "c 3")],
      at + 3,
    ),
  ];
  const frames = commits.map((commit, index) => commitFrame(index + 1, TIME, commit));
  await withRelay({ frames }, (relay) =>
    withData(async (data) => {
      const { code, stdout, stderr } = await collect(relay, data, ["--limit", "5"]);
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout).repeated, 0);
      await preprocess(data);
      assert.deepEqual(await texts(data), ["a 2", "b 3", "c 3"]);
    }));
});

Deno.test("of one revision the version that came last is the post", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const post = (rkey: string, text: string, cursor: number) => (
      { uri: uri(rkey), rev: R1, cid: text, text, cursor, event_time: TIME, created_at: TIME }
    );
    await folder.raw("jetstream", DAY, `a.${DAY}_${DAY}`, [
      post("numbered", "n 2", 12),
      post("numbered", "n 1", 11),
      // Version 1 gives a time, which events may share.
      post("timed", "t 2", 1780308000000000),
      post("timed", "t 1", 1780308000000000),
    ]);
    await preprocess(data);
    assert.deepEqual(await texts(data), ["n 2", "t 1"]);
  }));
