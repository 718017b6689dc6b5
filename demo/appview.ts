/** An AppView on 127.0.0.1: serves the sample's most-liked feed and its posts over XRPC. */
import { type PublishedPost, versionAt } from "./published_post.ts";

/** The most-liked posts of the last 24 hours, as Bluesky's own feed generator names them. */
export const CATCH_UP = "at://did:plc:tenurhgjptubkk5zf5qhi3og/app.bsky.feed.generator/catch-up";

const DAY = 86_400_000;
const MIN_LIKES = 50;
/** The lexicon's limit. */
const MAX_PAGE = 100;

export interface AppViewOptions {
  posts: PublishedPost[];
  now: Date;
  /** AT-URIs of the feeds that are served, all with the same posts. Default: `CATCH_UP` alone. */
  feeds?: string[];
  /** Items a page holds at most, however many are asked for; 100 by default. */
  pageSize?: number;
}

export interface AppViewRequest {
  /** The XRPC method, such as `app.bsky.feed.getFeed`. */
  method: string;
  params: URLSearchParams;
  status: number;
}

export interface AppView {
  /** The base URL, `http://127.0.0.1:PORT`. */
  url: string;
  /** Every request answered, in order. */
  requests: AppViewRequest[];
  /** What time it is for the AppView: which posts exist, and which 24 hours a feed covers. */
  now: Date;
  /** By uri: what stands in a page of a feed instead of the post's item. */
  replaced: Map<string, unknown>;
  /** While true, a page answers with the cursor that it was asked with. */
  repeatCursor: boolean;
  /** Answer the next request with an error; several calls queue up. `retryAfter` in seconds. */
  failNext(status: 429 | 500, retryAfter?: number): void;
  close(): Promise<void>;
}

class XrpcError extends Error {
  constructor(readonly status: number, readonly error: string, message: string) {
    super(message);
  }
}

/** Start an AppView on a free port; counts are the sample's, whatever the time. */
export function startAppView(options: AppViewOptions): AppView {
  const { posts, feeds = [CATCH_UP], pageSize = MAX_PAGE } = options;
  const failures: { status: 429 | 500; retryAfter?: number }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, searchParams: params } = new URL(request.url);
    const method = pathname.replace(/^\/xrpc\//, "");
    const failure = failures.shift();
    const response = failure ? failed(failure) : respond(method, params);
    appView.requests.push({ method, params, status: response.status });
    return response;
  });
  const appView: AppView = {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests: [],
    now: options.now,
    replaced: new Map(),
    repeatCursor: false,
    failNext: (status, retryAfter) => void failures.push({ status, retryAfter }),
    close: () => server.shutdown(),
  };

  function respond(method: string, params: URLSearchParams): Response {
    try {
      if (method === "app.bsky.feed.getFeed") return Response.json(feedPage(params));
      if (method === "app.bsky.feed.getPosts") return Response.json(postsOf(params));
      throw new XrpcError(501, "MethodNotImplemented", "Method Not Implemented");
    } catch (error) {
      if (!(error instanceof XrpcError)) throw error;
      return Response.json({ error: error.error, message: error.message }, error);
    }
  }

  function feedPage(params: URLSearchParams): { feed: unknown[]; cursor?: string } {
    const feed = params.get("feed");
    if (feed === null) throw invalid('Params must have the property "feed"');
    if (!feeds.includes(feed)) throw new XrpcError(400, "UnknownFeed", "could not find feed");
    const limit = integer(params, "limit", 50);
    if (limit < 1 || limit > MAX_PAGE) throw invalid("limit must be between 1 and 100");
    const start = integer(params, "cursor", 0);
    const ranked = mostLiked(posts, appView.now.getTime());
    const page = ranked.slice(start, start + Math.min(limit, pageSize)).map((post) =>
      appView.replaced.get(post.uri) ?? { post: postView(post, appView.now.getTime()) }
    );
    if (appView.repeatCursor && params.has("cursor")) return { feed: page, cursor: `${start}` };
    const end = start + page.length;
    return end < ranked.length ? { feed: page, cursor: `${end}` } : { feed: page };
  }

  function postsOf(params: URLSearchParams): { posts: unknown[] } {
    const uris = params.getAll("uris");
    if (uris.length === 0) throw invalid('Params must have the property "uris"');
    if (uris.length > 25) throw invalid("uris must not have more than 25 elements");
    const now = appView.now.getTime();
    const wanted = posts.filter((post) => uris.includes(post.uri) && versionAt(post, now));
    return { posts: wanted.map((post) => postView(post, now)) };
  }

  return appView;
}

/** Rank the posts with at least 50 likes written in the 24 hours before `now` and still there. */
function mostLiked(posts: PublishedPost[], now: number): PublishedPost[] {
  return posts
    .filter(({ post, time }) => post.likes >= MIN_LIKES && time > now - DAY && time <= now)
    .filter((post) => versionAt(post, now))
    .sort((a, b) => b.post.likes - a.post.likes || a.time - b.time);
}

/** Show a post that is there at `now` as `app.bsky.feed.defs#postView`. */
function postView(published: PublishedPost, now: number) {
  const { post, account: { did, handle }, uri, time } = published;
  const { cid, record } = versionAt(published, now)!;
  const indexedAt = new Date(time + 500).toISOString();
  return {
    uri,
    cid,
    author: { did, handle },
    record,
    replyCount: post.replies,
    repostCount: post.reposts,
    likeCount: post.likes,
    quoteCount: post.quotes,
    indexedAt,
    labels: (post.self_labels ?? []).map((val) => ({ src: did, uri, cid, val, cts: indexedAt })),
  };
}

function integer(params: URLSearchParams, name: string, otherwise: number): number {
  const value = params.get(name) ?? `${otherwise}`;
  if (!/^\d+$/.test(value)) throw invalid(`${name} must be an integer`);
  return Number(value);
}

function invalid(message: string): XrpcError {
  return new XrpcError(400, "InvalidRequest", `Error: ${message}`);
}

function failed({ status, retryAfter }: { status: 429 | 500; retryAfter?: number }): Response {
  const headers: HeadersInit = retryAfter === undefined ? {} : { "retry-after": `${retryAfter}` };
  const body = status === 429
    ? { error: "RateLimitExceeded", message: "Rate Limit Exceeded" }
    : { error: "InternalServerError", message: "Internal Server Error" };
  return Response.json(body, { status, headers });
}
