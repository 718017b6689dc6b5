import { AtpAgent, AtUri, XRPCError } from "@atproto/api";
import { z } from "zod";
import { isStorable } from "./frame.ts";
import { delay } from "./subscription.ts";

const PAGE = 100;
const TIMEOUT_MS = 30_000;
const TRIES = 4;

/** One item of a feed, with the counts that it had at that moment. */
export interface FeedItem {
  uri: string;
  cid: string;
  did: string;
  rkey: string;
  author_handle: string | null;
  indexed_at: string;
  /** The post's record as the AppView gave it; it is not validated there. */
  record: unknown;
  like_count: number | null;
  repost_count: number | null;
  reply_count: number | null;
  quote_count: number | null;
}

/** An item that is not what the lexicon says. */
export interface InvalidItem {
  invalid: unknown;
  what: string;
}

const count = z.int().min(0).nullable().catch(null).default(null);
const Item = z.object({
  post: z.object({
    uri: z.string().regex(/^at:\/\/did:[a-z]+:[^/]+\/app\.bsky\.feed\.post\/[^/]+$/),
    cid: z.string().min(1),
    author: z.object({ did: z.string(), handle: z.string().nullable().catch(null).default(null) }),
    record: z.record(z.string(), z.unknown()),
    indexedAt: z.iso.datetime({ offset: true }).refine(isStorable),
    likeCount: count,
    repostCount: count,
    replyCount: count,
    quoteCount: count,
  }),
});
const Page = z.object({ feed: z.array(z.unknown()), cursor: z.string().optional() });

/**
 * Give the items of `app.bsky.feed.getFeed`, page by page, in the order of the feed.
 *
 * Ends after `limit` items, at the last page, and at a cursor that is empty or was there before. One invalid item does not cost its page: it is given as `InvalidItem`. A request that is
 * refused for a while (429, 5xx, no answer in 30 s) is tried four times. Throws what the last try
 * threw.
 */
export async function* feedPages(
  service: string,
  feed: string,
  limit: number,
  signal: AbortSignal,
  onWait: (seconds: number, reason: string) => void,
): AsyncGenerator<(FeedItem | InvalidItem)[], void> {
  const agent = new AtpAgent({ service });
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (let left = limit; left > 0 && !signal.aborted;) {
    const parameters = { feed, limit: Math.min(PAGE, left), cursor };
    const page = await retrying(signal, onWait, () => getFeed(agent, parameters, signal));
    if (page === undefined) return;
    yield page.feed.slice(0, left).map(readItem);
    // A page may hold fewer items than were asked for.
    left -= page.feed.length;
    cursor = page.cursor;
    if (!cursor || cursors.has(cursor) || page.feed.length === 0) return;
    cursors.add(cursor);
  }
}

async function getFeed(
  agent: AtpAgent,
  parameters: { feed: string; limit: number; cursor: string | undefined },
  signal: AbortSignal,
): Promise<z.infer<typeof Page>> {
  try {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const response = await agent.app.bsky.feed.getFeed(parameters, {
      signal: AbortSignal.any([signal, timeout]),
    });
    return Page.parse(response.data);
  } catch (error) {
    // The client refuses a page for one invalid item; what it refused comes with the error.
    const body = (error as { responseBody?: unknown }).responseBody;
    const page = Page.safeParse(body);
    if (page.success) return page.data;
    throw error;
  }
}

async function retrying<T>(
  signal: AbortSignal,
  onWait: (seconds: number, reason: string) => void,
  request: () => Promise<T>,
): Promise<T | undefined> {
  for (let attempt = 1;; attempt++) {
    try {
      return await request();
    } catch (error) {
      if (signal.aborted) return undefined;
      const status = error instanceof XRPCError ? error.status : 0;
      const passing = status === 429 || status >= 500 || status < 100;
      if (!passing || attempt === TRIES) throw error;
      const asked = Number((error as XRPCError).headers?.["retry-after"]);
      const wait = asked > 0 ? asked : 2 ** (attempt - 1) * (0.5 + Math.random());
      onWait(wait, explain(status));
      await delay(wait * 1000, signal);
    }
  }
}

/** Say what a status means; below 100 are the client's own (`ResponseType` of `@atproto/xrpc`). */
function explain(status: number): string {
  if (status === 429) return "the AppView asks to wait (HTTP 429)";
  if (status >= 100) return `the AppView is not ready (HTTP ${status})`;
  return status === 2
    ? "what answers is no AppView (not the JSON of a feed)"
    : "the AppView cannot be reached";
}

function readItem(value: unknown): FeedItem | InvalidItem {
  const result = Item.safeParse(value);
  if (!result.success) {
    return { invalid: value, what: result.error.issues[0]?.path.join(".") || "item" };
  }
  const { post } = result.data;
  return {
    uri: post.uri,
    cid: post.cid,
    did: post.author.did,
    rkey: new AtUri(post.uri).rkey,
    author_handle: post.author.handle,
    indexed_at: new Date(post.indexedAt).toISOString(),
    record: post.record,
    like_count: post.likeCount,
    repost_count: post.repostCount,
    reply_count: post.replyCount,
    quote_count: post.quoteCount,
  };
}
