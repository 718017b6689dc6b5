import assert from "node:assert/strict";
import { decode, decodeFirst } from "@atcute/cbor";
import { type AccountEvent, type CommitEvent, Firehose } from "@skyware/firehose";
import { accountOf } from "../../../demo/sample/account.ts";
import {
  commitFrame,
  errorFrame,
  FIRST_SEQ,
  infoFrame,
  sampleFrames,
} from "../../../demo/sample/frames.ts";
import { minuteTime, publishedPosts } from "../../../demo/sample/published_post.ts";
import { startRelay } from "../../../demo/network/relay.ts";
import { Repository } from "../../../demo/sample/repository.ts";
import { readSample } from "../../../demo/sample/sample.ts";
import { smallSample } from "../small_sample.ts";

const sample = readSample();
const frames = await Array.fromAsync(sampleFrames(sample));
const small = await Array.fromAsync(sampleFrames(smallSample()));

function bodyOf(bytes: Uint8Array) {
  return decode(decodeFirst(bytes)[1]);
}

Deno.test("an independent client decodes every frame to the posts of the sample", async () => {
  const relay = startRelay({ frames, startAt: "oldest" });
  const firehose = new Firehose({ relay: relay.url, autoReconnect: false });
  const commits: CommitEvent[] = [];
  const removals: AccountEvent[] = [];
  let others = 0;
  const done = Promise.withResolvers<void>();
  const count = () => {
    if (commits.length + removals.length + others === frames.length) done.resolve();
  };
  firehose.on("commit", (event) => (commits.push(event), count()));
  firehose.on("account", (event) => {
    if (event.active) others++;
    else removals.push(event);
    count();
  });
  firehose.on("identity", () => (others++, count()));
  firehose.on("sync", () => (others++, count()));
  firehose.on("error", ({ error }) => done.reject(error));
  firehose.start();
  await done.promise;
  const closed = new Promise<void>((resolve) => firehose.on("close", () => resolve()));
  firehose.close();
  await closed;
  await relay.close();

  const ops = commits.flatMap(({ repo, ops, time }) => ops.map((op) => ({ ...op, repo, time })))
    .filter(({ path }) => path.startsWith("app.bsky.feed.post/"));
  const seen = ops.filter(({ action }) => action === "create").map((op) => ({
    uri: `at://${op.repo}/${op.path}`,
    time: Date.parse(op.time),
    cid: "cid" in op && op.cid,
    record: "record" in op && JSON.parse(JSON.stringify(op.record)),
  }));
  const posts = publishedPosts(sample);
  assert.deepEqual(
    seen,
    posts.map(({ uri, time, versions: [first] }) => ({
      uri,
      time,
      cid: first!.cid,
      record: JSON.parse(JSON.stringify(first!.record)),
    })),
  );
  const uris = (action: string) =>
    ops.filter((op) => op.action === action).map((op) => `at://${op.repo}/${op.path}`).sort();
  const deleted = posts.filter(({ deletedAt, removedAt }) => deletedAt < removedAt);
  assert.deepEqual(uris("delete"), deleted.map(({ uri }) => uri).sort());
  assert.equal(uris("update").length, 1);
  assert.deepEqual(
    removals.map(({ did, time, status }) => [did, Date.parse(time), status]),
    sample.authors.filter(({ removed }) => removed)
      .map(({ id, removed }) => [accountOf(id).did, minuteTime(removed!.at), removed!.status]),
  );
});

Deno.test("the same sample gives the same bytes", async () => {
  const again = await Array.fromAsync(sampleFrames(smallSample()));
  const hex = ({ bytes }: { bytes: Uint8Array }) => bytes.toHex();
  assert.equal(again.map(hex).join("\n") === small.map(hex).join("\n"), true);
});

Deno.test("seq has no gaps and time never goes back, in the envelope and in the message", () => {
  frames.forEach(({ seq, time, type, bytes }, i) => {
    assert.equal(seq, FIRST_SEQ + i);
    assert.ok(i === 0 || time >= frames[i - 1]!.time);
    const [header, body] = decodeFirst(bytes);
    assert.deepEqual(header, { op: 1, t: type });
    assert.deepEqual([decode(body).seq, decode(body).time], [seq, time]);
  });
});

Deno.test("about one frame in five is a post, and every type of message occurs", () => {
  const share = frames.filter(({ post }) => post).length / frames.length;
  assert.ok(share > 0.15 && share < 0.25, `${share}`);
  const types = new Set(frames.map(({ type }) => type));
  assert.deepEqual([...types].sort(), ["#account", "#commit", "#identity", "#sync"]);
});

Deno.test("the stream goes on behind the last day, without a post", () => {
  const after = frames.filter(({ time }) => time >= "2026-06-08T00:00:00.000Z");
  assert.equal(after[0]!.time, "2026-06-08T00:00:05.000Z");
  assert.equal(after.length, 24);
  assert.ok(after.every(({ post }) => post === undefined));
});

Deno.test("a deletion comes at its minute, and none after the account's removal", () => {
  const ofPost = (id: string) =>
    small.filter(({ post }) => post === id).map(({ time, bytes }) => [
      bodyOf(bytes).ops[0].action,
      time.slice(0, 16),
    ]);
  assert.deepEqual(ofPost("p007"), [["create", "2026-06-01T12:00"], [
    "delete",
    "2026-06-01T18:30",
  ]]);
  assert.deepEqual(ofPost("p008"), [["create", "2026-06-01T13:00"]]);
  const did = accountOf("gone").did;
  const ofGone = small.map(({ bytes, time }) => ({ ...bodyOf(bytes), time }))
    .filter((body) => body.repo === did || body.did === did);
  assert.equal(ofGone.at(-1).active, false);
  assert.equal(ofGone.at(-1).status, "takendown");
  assert.equal(ofGone.at(-1).time, "2026-06-02T12:00:00.000Z");
});

Deno.test("error and info messages have the headers of the event stream", () => {
  assert.deepEqual(decodeFirst(errorFrame("FutureCursor", "no"))[0], { op: -1 });
  assert.deepEqual(bodyOf(errorFrame("FutureCursor", "no")), {
    error: "FutureCursor",
    message: "no",
  });
  assert.deepEqual(decodeFirst(infoFrame("OutdatedCursor", "old"))[0], { op: 1, t: "#info" });
  assert.deepEqual(bodyOf(infoFrame("OutdatedCursor", "old")).name, "OutdatedCursor");
});

Deno.test("a commit message takes any change, to be made malformed", async () => {
  const repository = new Repository(accountOf("ada"));
  const write = { action: "create" as const, path: "app.bsky.feed.post/3k", record: {} };
  const commit = await repository.commit([write], 1000);
  const time = "2026-06-01T00:00:00.000Z";
  assert.equal(bodyOf(commitFrame(7, time, commit).bytes).tooBig, false);
  const changed = bodyOf(commitFrame(7, time, commit, { tooBig: true, ops: [] }).bytes);
  assert.equal(changed.tooBig, true);
  assert.deepEqual(changed.ops, []);
});
