/**
 * An AppView on 127.0.0.1: serves the sample's most-liked feed and its posts over XRPC.
 *
 * With an account it is also that account's PDS, which asks the AppView for the logged-in account.
 */
import { type LoginAccount, LoginServer, XrpcError } from "./login_server.ts";
import { type PublishedPost, versionAt } from "../sample/published_post.ts";

/** The most-liked posts of the last 24 hours, as Bluesky's own feed generator names them. */
export const CATCH_UP = "at://did:plc:tenurhgjptubkk5zf5qhi3og/app.bsky.feed.generator/catch-up";

const DAY = 86_400_000;
const MIN_LIKES = 50;
/** The lexicon's limit. */
const MAX_PAGE = 100;

/** What the demo's AppView serves, and to whom. */
export interface AppViewOptions {
  posts: PublishedPost[];
  now: Date;
  /** AT-URIs of the feeds that are served, all with the same posts. Default: `CATCH_UP` alone. */
  feeds?: string[];
  /** Items a page holds at most, however many are asked for; 100 by default. */
  pageSize?: number;
  /** The account that can log in; none by default. */
  account?: LoginAccount;
  /** Feeds that are shown only to logged-in accounts. */
  loginFeeds?: string[];
  /** Number of requests for posts and feeds in a number of seconds; more are refused with 429. */
  rateLimit?: { limit: number; seconds: number };
}

/** A request that the demo's AppView got. */
export interface AppViewRequest {
  /** The XRPC method, such as `app.bsky.feed.getFeed`. */
  method: string;
  params: URLSearchParams;
  status: number;
  /** Whether it came with a token that held. */
  isLoggedIn: boolean;
}

/** The demo's AppView while it runs. */
export interface AppView {
  /** The base URL, `http://127.0.0.1:PORT`. */
  url: string;
  /** Every request answered, in order. */
  requests: AppViewRequest[];
  /** The time of the AppView: it sets which posts exist, and which 24 hours a feed covers. */
  now: Date;
  /** By uri: the item in a feed page instead of the post's item. */
  replaced: Map<string, unknown>;
  /** By did: the answer of `getProfile` instead of the profile. */
  accountErrors: Map<string, "AccountDeactivated" | "AccountTakedown">;
  /** By did: the `viewer` of its profile, such as `{ blockedBy: true }`. */
  viewers: Map<string, Record<string, unknown>>;
  /** While true, a page answers with the cursor that it was asked with. */
  repeatCursor: boolean;
  /** The logins, where there is an account. */
  logins: LoginServer | undefined;
  /** Answer the next request with an error; several calls queue up. `retryAfter` in seconds, or headers. */
  failNext(status: 429 | 500, retryAfter?: number | Record<string, string>): void;
  close(): Promise<void>;
}

/** Start an AppView on a free port; counts are the sample's, whatever the time. */
export function startAppView(options: AppViewOptions): AppView {
  const { posts, feeds = [CATCH_UP], pageSize = MAX_PAGE } = options;
  const failures: Response[] = [];
  const limit = options.rateLimit && new Window(options.rateLimit);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname, searchParams: params } = new URL(request.url);
    const method = pathname.replace(/^\/xrpc\//, "");
    const asked = { method, params, status: 200, isLoggedIn: false };
    appView.requests.push(asked);
    const response = failures.shift() ?? await respond(asked, request);
    asked.status = response.status;
    return response;
  });
  const appView: AppView = {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests: [],
    now: options.now,
    replaced: new Map(),
    repeatCursor: false,
    accountErrors: new Map(),
    viewers: new Map(),
    logins: options.account && new LoginServer(options.account, () => appView.url),
    failNext: (status, headers) => void failures.push(failed(status, headers)),
    close: () => server.shutdown(),
  };

  async function respond(asked: AppViewRequest, request: Request): Promise<Response> {
    const { method, params } = asked;
    let headers: Record<string, string> = {};
    try {
      const login = await appView.logins?.answer(method, request);
      if (login) return Response.json(login);
      asked.isLoggedIn = authorize(request);
      headers = limit?.take() ?? {};
      if (method === "app.bsky.feed.getFeed") {
        if (!asked.isLoggedIn && options.loginFeeds?.includes(params.get("feed") ?? "")) {
          throw new XrpcError(401, "AuthMissing", "Authentication Required");
        }
        return Response.json(feedPage(params), { headers });
      }
      if (method === "app.bsky.feed.getPosts") return Response.json(postsOf(params), { headers });
      if (method === "app.bsky.actor.getProfile") {
        return Response.json(profile(params), { headers });
      }
      throw new XrpcError(501, "MethodNotImplemented", "Method Not Implemented");
    } catch (error) {
      if (!(error instanceof XrpcError)) throw error;
      if (error.status === 429) headers = limit!.headers();
      const { status } = error;
      return Response.json({ error: error.error, message: error.message }, { status, headers });
    }
  }

  /** A PDS asks an AppView for who is logged in, and only the AppView that the request names. */
  function authorize(request: Request): boolean {
    const proxy = request.headers.get("atproto-proxy");
    if (proxy === null && !request.headers.has("authorization")) return false;
    if (appView.logins === undefined) {
      throw new XrpcError(401, "InvalidToken", "there is nobody here who could log in");
    }
    appView.logins.authorize(request, "access");
    const own = `did:web:${new URL(appView.url).host.replace(":", "%3A")}#bsky_appview`;
    if (proxy === own) return true;
    throw new XrpcError(400, "InvalidRequest", "could not resolve proxy did service url");
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

  function profile(params: URLSearchParams): unknown {
    const did = params.get("actor");
    if (did === null) throw invalid('Params must have the property "actor"');
    const error = appView.accountErrors.get(did);
    if (error !== undefined) throw new XrpcError(400, error, "Account is not available");
    const known = posts.find(({ account }) => account.did === did);
    if (known === undefined) throw new XrpcError(400, "InvalidRequest", "Profile not found");
    return { did, handle: known.account.handle, viewer: appView.viewers.get(did) };
  }

  function postsOf(params: URLSearchParams): { posts: unknown[] } {
    const uris = params.getAll("uris");
    if (uris.length === 0) throw invalid('Params must have the property "uris"');
    if (uris.length > 25) throw invalid("uris must not have more than 25 elements");
    const now = appView.now.getTime();
    const isThere = ({ account }: PublishedPost) =>
      !appView.accountErrors.has(account.did) && !appView.viewers.get(account.did)?.blockedBy;
    const wanted = posts.filter((post) =>
      uris.includes(post.uri) && versionAt(post, now) && isThere(post)
    );
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

function failed(status: 429 | 500, wait?: number | Record<string, string>): Response {
  const headers = typeof wait === "number" ? { "retry-after": `${wait}` } : wait;
  const body = status === 429
    ? { error: "RateLimitExceeded", message: "Rate Limit Exceeded" }
    : { error: "InternalServerError", message: "Internal Server Error" };
  return Response.json(body, { status, headers });
}

/** A rate limit as the AT Protocol's servers keep and tell it: a window that begins with a request. */
class Window {
  #end = 0;
  #used = 0;

  constructor(readonly size: { limit: number; seconds: number }) {}

  /** Count a request and give the headers of its answer; throws where it is one too many. */
  take(): Record<string, string> {
    if (Date.now() >= this.#end) {
      this.#end = Math.ceil(Date.now() / 1000 + this.size.seconds - 1) * 1000;
      this.#used = 0;
    }
    if (++this.#used <= this.size.limit) return this.headers();
    throw new XrpcError(429, "RateLimitExceeded", "Rate Limit Exceeded");
  }

  headers(): Record<string, string> {
    const { limit, seconds } = this.size;
    return {
      "ratelimit-limit": String(limit),
      "ratelimit-remaining": String(Math.max(0, limit - this.#used)),
      "ratelimit-reset": String(this.#end / 1000),
      "ratelimit-policy": `${limit};w=${seconds}`,
    };
  }
}
