/** An AppView on loopback that has every post it is asked for, but for those that are told apart. */
import { uri } from "../../raw.ts";

export interface CountingAppView {
  url: string;
  /** The uris of each `getPosts`, in order. */
  asked: string[][];
  /** Posts that it no longer has. */
  gone: Set<string>;
  /** What stands for a post instead of its view. */
  replaced: Map<string, unknown>;
  /** How many posts its feed has. */
  feed: number;
  /** Called before each answer; what it waits for delays the answer. */
  before: () => void | Promise<void>;
  close(): Promise<void>;
}

/** Start one on a free port; the counts of a post are 40, 4, 3 and 2. */
export function startCountingAppView(): CountingAppView {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { searchParams, pathname } = new URL(request.url);
    if (!pathname.endsWith("app.bsky.feed.getPosts")) {
      const uris = Array.from({ length: appView.feed }, (_, index) => uri(`feed${index}`));
      return Response.json({ feed: uris.map((uri) => ({ post: view(uri) })) });
    }
    const uris = searchParams.getAll("uris");
    appView.asked.push(uris);
    await appView.before();
    const there = uris.filter((uri) => !appView.gone.has(uri));
    return Response.json({ posts: there.map((uri) => appView.replaced.get(uri) ?? view(uri)) });
  });
  const appView: CountingAppView = {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked: [],
    gone: new Set(),
    replaced: new Map(),
    feed: 0,
    before() {},
    close: () => server.shutdown(),
  };
  return appView;
}

/** Give a post as an AppView shows it. */
export function view(uri: string) {
  return {
    uri,
    cid: "bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
    author: { did: /did:[^/]+/.exec(uri)![0], handle: "someone.civicsky.test" },
    record: { $type: "app.bsky.feed.post", text: "a post", createdAt: "2026-06-01T00:00:00Z" },
    indexedAt: "2026-06-01T00:00:00.000Z",
    likeCount: 40,
    repostCount: 4,
    replyCount: 3,
    quoteCount: 2,
  };
}
