import { z } from "zod";
import { isStorable } from "./frame.ts";
import { FIRST_MONTH, POST_URI } from "./post.ts";
import { now } from "../run/clock.ts";

/** How far the clock of an AppView can be ahead of ours. */
const AHEAD_MS = 10 * 60_000;

/** A post as an AppView shows it (`app.bsky.feed.defs#postView`), with its counts of that moment. */
export interface PostView {
  uri: string;
  cid: string;
  did: string;
  rkey: string;
  author_handle: string | null;
  /** When the AppView had it; where it says what cannot be, when it was received. */
  indexed_at: string;
  /** What the AppView said, where that has not come yet, or is before the network. */
  event_time_sent: string | null;
  /** The post's record as the AppView gave it; it is not validated there. */
  record: unknown;
  like_count: number | null;
  repost_count: number | null;
  reply_count: number | null;
  quote_count: number | null;
}

/** An item that does not fit the lexicon. */
export interface InvalidItem {
  invalid: unknown;
  what: string;
  /** The post of the item, if readable. */
  uri: string | undefined;
}

// The record keys "." and ".." are none.
const uri = z.string().regex(new RegExp(`^(?!.*/\\.{1,2}$)${POST_URI}$`));
const count = z.int().min(0).nullable().catch(null).default(null);
const Post = z.object({
  uri,
  cid: z.string().min(1),
  author: z.object({ did: z.string(), handle: z.string().nullable().catch(null).default(null) }),
  record: z.record(z.string(), z.unknown()),
  indexedAt: z.iso.datetime({ offset: true }).refine(isStorable),
  likeCount: count,
  repostCount: count,
  replyCount: count,
  quoteCount: count,
}).refine(({ uri, author }) => uri.startsWith(`at://${author.did}/`), { path: ["author", "did"] });
const Item = z.object({ post: Post });

/** Read a post of `app.bsky.feed.getPosts`; an invalid one comes back with its first wrong key. */
export function readPostView(value: unknown): PostView | InvalidItem {
  const result = Post.safeParse(value);
  return result.success ? postView(result.data) : invalid(value, result.error, value);
}

/** Read an item of a feed, likewise. */
export function readFeedItem(value: unknown): PostView | InvalidItem {
  const result = Item.safeParse(value);
  if (result.success) return postView(result.data.post);
  return invalid(value, result.error, (value as { post?: unknown } | null)?.post);
}

function invalid(value: unknown, error: z.ZodError, post: unknown): InvalidItem {
  const named = uri.safeParse((post as { uri?: unknown } | null | undefined)?.uri);
  return { invalid: value, what: error.issues[0]?.path.join(".") || "item", uri: named.data };
}

function postView(post: z.infer<typeof Post>): PostView {
  const sent = new Date(post.indexedAt).toISOString();
  const received = now();
  const time = Date.parse(sent);
  const isBelieved = time >= FIRST_MONTH && time <= received.getTime() + AHEAD_MS;
  return {
    uri: post.uri,
    cid: post.cid,
    did: post.author.did,
    rkey: post.uri.slice(post.uri.lastIndexOf("/") + 1),
    author_handle: post.author.handle,
    indexed_at: isBelieved ? sent : received.toISOString(),
    event_time_sent: isBelieved ? null : sent,
    record: post.record,
    like_count: post.likeCount,
    repost_count: post.repostCount,
    reply_count: post.replyCount,
    quote_count: post.quoteCount,
  };
}
