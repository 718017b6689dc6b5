import assert from "node:assert/strict";
import { decode, decodeFirst } from "@atcute/cbor";
import { type CommitEvent, Firehose } from "@skyware/firehose";
import { startRelay } from "../demo/network/relay.ts";
import { POST_COLLECTION } from "../etl/atproto/post.ts";
import { DataPaths } from "../etl/store/paths.ts";
import { hashKey, subjectHash } from "../etl/raw/tombstone.ts";
import { collect, rawRows } from "./etl/sources/firehose_run.ts";
import { FIXTURES, readFrames, writeFrames } from "./recorded_frames.ts";
import { query, withData } from "./rows.ts";

interface Post {
  uri: string;
  cid: string;
  record: { text: string };
}

/** What was written to the PDS while it was recorded, in that order. */
const written = Deno.readTextFileSync(new URL("real_pds.jsonl", FIXTURES)).trim().split("\n")
  .map((line) => JSON.parse(line));
const posts: Post[] = written.filter(({ record }) => record).map(({ uri, cid, record }) => (
  { uri, cid, record }
));
const deleted: string[] = written.flatMap(({ deleted }) => deleted ?? []);
const states: { did: string; status: string }[] = written.filter(({ status }) => status);
const frames = readFrames(new URL("real_pds.frames", FIXTURES)).map((bytes) => {
  const { seq } = decode(decodeFirst(bytes)[1]) as { seq: number };
  return { seq, bytes };
});

Deno.test("frames of a real PDS land as the posts and deletions that were written to it", async () => {
  const relay = startRelay({ frames, startAt: "oldest" });
  try {
    await withData(async (data) => {
      const run = await collect(relay, data, ["--limit", String(posts.length)]);
      assert.equal(run.code, 0, run.stderr);
      const rows: Post[] = (await rawRows(data)).map(({ uri, cid, record }) => (
        { uri, cid, record }
      ));
      assert.deepEqual(rows, posts);
      const key = await hashKey(new DataPaths(data));
      const tombstones = await query(
        data,
        `SELECT subject_hash, reason FROM read_parquet('{data}/raw/tombstones/*/*.parquet')
         WHERE reason <> 'active' ORDER BY cursor`,
      );
      assert.deepEqual(
        tombstones.map(({ subject_hash, reason }) => [subject_hash, reason]),
        [
          ...deleted.map((uri) => [subjectHash(key, uri), "deleted"]),
          ...states.map(({ did, status }) => [subjectHash(key, did), status]),
        ],
      );
    });
  } finally {
    await relay.close();
  }
});

Deno.test("@skyware/firehose decodes the frames of a real PDS to the same posts", async () => {
  const relay = startRelay({ frames, startAt: "oldest" });
  const firehose = new Firehose({ relay: relay.url, autoReconnect: false });
  const ops: (CommitEvent["ops"][number] & { repo: string })[] = [];
  const done = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  firehose.on("error", ({ error }) => done.reject(error));
  firehose.on("close", () => closed.resolve());
  firehose.on("commit", (commit) => {
    ops.push(...commit.ops.map((op) => ({ ...op, repo: commit.repo })));
    if (commit.seq === frames.at(-1)!.seq) done.resolve();
  });
  firehose.start();
  await done.promise;
  firehose.close();
  await closed.promise;
  await relay.close();
  const ofPosts = ops.filter(({ path }) => path.startsWith(`${POST_COLLECTION}/`));
  const uriOf = ({ repo, path }: { repo: string; path: string }) => `at://${repo}/${path}`;
  assert.deepEqual(
    ofPosts.flatMap((op) =>
      op.action === "delete" ? [] : [{
        uri: uriOf(op),
        cid: op.cid,
        record: JSON.parse(JSON.stringify(op.record)),
      }]
    ),
    posts,
  );
  assert.deepEqual(ofPosts.filter(({ action }) => action === "delete").map(uriOf), deleted);
});

Deno.test("a recording that is written is read back frame by frame", async () => {
  const path = await Deno.makeTempFile();
  try {
    const bytes = [new Uint8Array(), new Uint8Array([1, 2, 3]), new Uint8Array(70_000).fill(7)];
    writeFrames(path, bytes);
    assert.deepEqual(readFrames(path), bytes);
  } finally {
    await Deno.remove(path);
  }
});
