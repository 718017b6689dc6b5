import assert from "node:assert/strict";
import { POST_COLLECTION } from "../../etl/atproto/post.ts";
import { rawRows } from "../etl/sources/firehose_run.ts";
import { query, withData } from "../rows.ts";
import type { Author } from "./author.ts";
import { beginCollecting, collectToNow, preprocess, published } from "./collection.ts";
import { type Kind, publishKinds } from "./kinds.ts";
import type { Network } from "./network.ts";

/** Posts of every kind land field by field as the PDS confirmed them, and become `posts`. */
export async function everyKindLands(network: Network, ada: Author, ben: Author): Promise<void> {
  await withData(async (data) => {
    await beginCollecting(network, ada, data);
    const kinds = await publishKinds(ada, ben);
    const createdAt = new Date().toISOString();
    const value = (text: string) => ({ text, createdAt, langs: ["en"] });
    const [first, second] = await ada.createTogether([
      { collection: POST_COLLECTION, value: value("First of two in one commit.") },
      { collection: POST_COLLECTION, value: value("Second of two in one commit.") },
      {
        collection: "app.bsky.feed.repost",
        value: { subject: { uri: kinds[0]!.uri, cid: kinds[0]!.cid }, createdAt },
      },
    ]);
    const before = await ben.post({ text: "A post that its author corects." });
    const after = await ben.update(before, { text: "A post that its author corrects." });
    const summary = await collectToNow(network, ada, data);
    assert.deepEqual(summary.set_aside, {});
    const plain = [first!, second!, before, after].map((post) => ({
      ...post,
      kind: "plain",
      columns: { text: post.record.text, langs: ["en"] },
    }));
    const expected: Kind[] = [...kinds, ...plain];
    const rows = published(await rawRows(data));
    assert.deepEqual(
      rows.map(({ cursor: _c, seen_at: _s, event_time: _e, rev: _r, host: _h, ...row }) => row)
        .sort(byCid),
      expected.map(rowOf).sort(byCid),
    );
    assert.ok(rows.every(({ rev, host }) => /^3[a-z2-7]{12}$/.test(rev) && host));
    await preprocess(data);
    await arePosts(data, expected.filter(({ cid }) => cid !== before.cid), after.uri);
  });
}

async function arePosts(data: string, expected: Kind[], edited: string): Promise<void> {
  const posts = published(
    await query<{ uri: string; cid: string; text: string; late: boolean; suspect: boolean }>(
      data,
      `SELECT uri, cid, text, created_at_suspect AS suspect,
         abs(epoch(now()) - epoch(date::TIMESTAMPTZ)) > 3 * 86400 AS late
       FROM read_parquet('{data}/posts/*/*.parquet', hive_partitioning = true)`,
    ),
  );
  assert.deepEqual(
    posts.map(({ uri, cid }) => `${uri} ${cid}`).sort(),
    expected.map(({ uri, cid }) => `${uri} ${cid}`).sort(),
  );
  assert.equal(posts.find(({ uri }) => uri === edited)?.text, "A post that its author corrects.");
  const suspect = expected.filter(({ kind }) => kind.startsWith("written in")).map(({ uri }) =>
    uri
  );
  assert.equal(suspect.length, 2);
  assert.deepEqual(
    posts.filter((post) => post.suspect).map(({ uri }) => uri).sort(),
    suspect.sort(),
  );
  assert.ok(posts.every(({ late }) => !late), "a date is believed that nobody could have written");
}

function rowOf({ uri, cid, record, columns }: Kind): Record<string, unknown> {
  const [, , did, , rkey] = uri.split("/");
  return {
    uri,
    cid,
    did,
    rkey,
    created_at: record.createdAt,
    ...NOTHING,
    ...columns,
    record,
  };
}

const NOTHING = {
  event_time_sent: null,
  reply_root_uri: null,
  reply_parent_uri: null,
  embed_kind: null,
  quoted_uri: null,
  external_title: null,
  external_description: null,
  external_url: null,
  image_alts: [],
  hashtags: [],
  links: [],
  self_labels: [],
  feed: null,
  rank: null,
  like_count: null,
  repost_count: null,
  reply_count: null,
  quote_count: null,
  author_handle: null,
  counted_at: null,
};

function byCid(a: Record<string, unknown>, b: Record<string, unknown>): number {
  return String(a.cid) < String(b.cid) ? -1 : 1;
}
