/** Posts of the sample as the network knows them: when, under which uri and CID, and until when. */
import { create as createTid } from "@atcute/tid";
import { type Account, accountOf } from "./account.ts";
import { blockOf } from "./block.ts";
import { type PostRecord, postRecord, type References, type StrongRef } from "./post_record.ts";
import type { Sample, SamplePost } from "./sample.ts";

/** The collection of invented posts. */
export const POST = "app.bsky.feed.post";

/** An invented post with its versions. */
export interface PublishedPost {
  post: SamplePost;
  account: Account;
  uri: string;
  rkey: string;
  /** When the relay emitted its creation, milliseconds since 1970. */
  time: number;
  /** As created, then as updated; ascending by time. */
  versions: { time: number; cid: string; record: PostRecord }[];
  /** Milliseconds since 1970, `Infinity` for never. */
  deletedAt: number;
  /** When the author's account was removed; `Infinity` for never. */
  removedAt: number;
}

/** Read a minute of the sample, such as `2026-06-01 08:05`, as milliseconds since 1970. */
export function minuteTime(minute: string): number {
  return Date.parse(`${minute.replace(" ", "T")}:00.000Z`);
}

/**
 * Publish the posts of a sample, in its order.
 *
 * Times are strictly increasing: posts of one minute share it out by their place in the file. One
 * post, the first that nothing refers to and that stays, has a second version ten minutes later.
 */
export function publishedPosts(sample: Sample): PublishedPost[] {
  const published = new Map<string, PublishedPost>();
  const authors = new Map(sample.authors.map((author) => [author.id, author]));
  const times = eventTimes(sample.posts);
  const updated = updatedPost(sample);
  sample.posts.forEach((post, place) => {
    const author = authors.get(post.by);
    if (author === undefined) throw new Error(`Cannot publish ${post.id}: no author ${post.by}`);
    const time = times[place]!;
    const references = referencesOf(post, published);
    const createdAt = post.created_at ??
      new Date(time - 600 - (place * 37) % 900).toISOString();
    const record = postRecord(post, author, createdAt, references, sample.authors);
    const account = accountOf(author.id);
    const rkey = createTid(time * 1000, place % 1024);
    const versions = [{ time, cid: blockOf(record).cid.$link, record }];
    if (post === updated) {
      const edited = { ...record, tags: ["updated"] };
      versions.push({ time: time + 600_000, cid: blockOf(edited).cid.$link, record: edited });
    }
    published.set(post.id, {
      post,
      account,
      uri: `at://${account.did}/${POST}/${rkey}`,
      rkey,
      time,
      versions,
      deletedAt: post.deleted ? minuteTime(post.deleted) : Infinity,
      removedAt: author.removed ? minuteTime(author.removed.at) : Infinity,
    });
  });
  return [...published.values()];
}

/** Find the version of a post that stands at a time, if the post is there at all. */
export function versionAt(
  { versions, deletedAt, removedAt }: PublishedPost,
  time: number,
): PublishedPost["versions"][number] | undefined {
  if (deletedAt <= time || removedAt <= time) return undefined;
  return versions.findLast((version) => version.time <= time);
}

function eventTimes(posts: SamplePost[]): number[] {
  const inMinute = Map.groupBy(posts.keys(), (place) => posts[place]!.at);
  return posts.map(({ at }, place) => {
    const places = inMinute.get(at)!;
    // The golden ratio keeps neighbours apart without giving every lone post the same second.
    const share = (places.indexOf(place) + (place * 0.618034) % 1) / places.length;
    return minuteTime(at) + Math.floor(share * 60_000);
  });
}

function updatedPost({ posts, authors }: Sample): SamplePost | undefined {
  const removed = new Set(authors.filter((author) => author.removed).map((author) => author.id));
  const referred = new Set(posts.flatMap((post) => [post.reply_to, post.quote]));
  return posts.find((post) => !post.deleted && !removed.has(post.by) && !referred.has(post.id));
}

function referencesOf(post: SamplePost, published: Map<string, PublishedPost>): References {
  const target = (id: string) => {
    const found = published.get(id);
    if (found === undefined) throw new Error(`Cannot publish ${post.id}: no earlier post ${id}`);
    return found;
  };
  const references: References = {};
  if (post.reply_to) {
    const parent = target(post.reply_to);
    const root = parent.versions[0]!.record.reply?.root ?? strongRef(parent);
    references.reply = { root, parent: strongRef(parent) };
  }
  if (post.quote) references.quote = strongRef(target(post.quote));
  return references;
}

function strongRef({ uri, versions }: PublishedPost): StrongRef {
  return { uri, cid: versions[0]!.cid };
}
