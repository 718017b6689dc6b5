import assert from "node:assert/strict";
import { AtpAgent } from "@atproto/api";
import { rawRows, summaryOf } from "../etl/sources/firehose_run.ts";
import { query, withData } from "../rows.ts";
import { runTask } from "../task.ts";
import type { Author, Published } from "./author.ts";
import { preprocess, sleep } from "./collection.ts";
import type { Network } from "./network.ts";

const PATIENCE_MS = 60_000;

/** Posts with one like each, so that the feed has more than one page. */
const ONCE = 120;

/** The most-liked feed of a real AppView becomes rows with rank and counts, page after page. */
export async function mostLikedFeedLands(
  network: Network,
  authors: Author[],
  posts: Published[],
): Promise<void> {
  const appview = network.appview!;
  const [ada, ben, cem] = authors as [Author, Author, Author];
  const [best, second, ...others] = posts as [Published, Published, ...Published[]];
  for (const author of authors) await author.like(best);
  for (const author of [ada, ben]) await author.like(second);
  for (const post of others.slice(0, ONCE)) await cem.like(post);
  const ref = ({ uri, cid }: Published) => ({ uri, cid });
  await ben.post({ text: "Yes.", reply: { root: ref(best), parent: ref(best) } });
  await cem.post({
    text: "This:",
    embed: { $type: "app.bsky.embed.record", record: ref(best) },
  });
  const createdAt = new Date().toISOString();
  await cem.create("app.bsky.feed.repost", { subject: ref(best), createdAt });
  const generator = await ada.create("app.bsky.feed.generator", {
    did: network.feedGenerator,
    displayName: "Most liked",
    createdAt,
  }, "most-liked");

  const once = others.slice(0, ONCE).sort((a, b) => a.uri < b.uri ? -1 : 1);
  const expected = [best, second, ...once].map((post, index) => ({
    uri: post.uri,
    cid: post.cid,
    text: post.record.text,
    rank: index + 1,
    like_count: [3, 2][index] ?? 1,
    reply_count: index === 0 ? 1 : 0,
    quote_count: index === 0 ? 1 : 0,
    repost_count: index === 0 ? 1 : 0,
    feed: generator.uri,
    author_handle: authors.find(({ did }) => post.uri.includes(did))!.handle,
  }));
  await hasIndexed(appview, generator.uri, expected);

  await withData(async (data) => {
    const sync = (feed: string, limit: number) =>
      runTask([
        ...["sync:most-liked", "--data", data, "--json", "--limit", String(limit)],
        ...["--appview", appview, "--feed", feed],
      ]);
    const run = await sync(generator.uri, expected.length);
    assert.equal(run.code, 0, run.stderr);
    const summary = summaryOf(run);
    assert.deepEqual([summary.posts, summary.set_aside], [expected.length, {}]);
    const rows = (await rawRows(data, "most_liked")).sort((a, b) => a.rank - b.rank);
    assert.deepEqual(rows.map((row) => pick(row, Object.keys(expected[0]!))), expected);
    const records = new Map(posts.map(({ uri, record }) => [uri, record]));
    for (const { uri, record } of rows) assert.deepEqual(record, records.get(uri));

    await preprocess(data);
    const [count] = await query(
      data,
      `SELECT count(*)::INTEGER AS n, sum(like_count)::INTEGER AS likes
       FROM read_parquet('{data}/posts/*/*.parquet') WHERE in_most_liked`,
    );
    assert.deepEqual(count, { n: expected.length, likes: ONCE + 5 });

    const gone = await sync(generator.uri.replace("most-liked", "gone"), 10);
    assert.equal(gone.code, 1);
    console.log(`an unknown feed: ${gone.stderr.trim().split("\n")[0]}`);
  });
}

/** Wait until the AppView has the feed and every like, reply, quote and repost. */
async function hasIndexed(
  service: string,
  feed: string,
  expected: { uri: string; like_count: number; quote_count: number }[],
): Promise<void> {
  const agent = new AtpAgent({ service });
  const wanted = expected.slice(0, 100);
  const patience = performance.now() + PATIENCE_MS;
  for (;;) {
    const got = await agent.app.bsky.feed.getFeed({ feed, limit: 100 })
      .catch((error) => String(error));
    const posts = typeof got === "string" ? [] : got.data.feed.map(({ post }) => post);
    const isThere = wanted.every(({ uri, like_count, quote_count }, index) => {
      const post = posts[index];
      return post?.uri === uri && post.likeCount === like_count &&
        (index > 0 || post.quoteCount === quote_count && post.replyCount === 1 &&
            post.repostCount === 1);
    });
    if (isThere) return;
    if (performance.now() > patience) {
      assert.fail(`the AppView has not indexed the likes: ${JSON.stringify(got).slice(0, 1000)}`);
    }
    await sleep(250);
  }
}

function pick(row: Record<string, unknown>, names: string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, row[name]]));
}
