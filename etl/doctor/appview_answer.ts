import { readFailure } from "../run/request_failure.ts";

/** How long a server may take to answer. */
export const TIMEOUT_MS = 10_000;

/** What an AppView said when it was asked for one post of a feed. */
export interface AppViewAnswer {
  feed: string;
  /** Name and port of the AppView. */
  host: string;
  /** Of HTTP; undefined where no answer came. */
  status?: number;
  /** The name of an XRPC error. */
  error?: string;
  /** In words, where no answer came. */
  failure?: string;
  /** How far this machine's clock is ahead of the AppView's, where that says its time. */
  clockAheadMs?: number;
}

/** Ask an AppView for one post of a feed, without login, and read of the answer whether it is one. */
export async function askAppView(
  service: string,
  feed: string,
  signal: AbortSignal,
): Promise<AppViewAnswer> {
  const { host } = new URL(service);
  const query = new URLSearchParams({ feed, limit: "1" });
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const askedAt = Date.now();
  try {
    const response = await fetch(`${service}/xrpc/app.bsky.feed.getFeed?${query}`, {
      signal: AbortSignal.any([signal, timeout]),
      redirect: "manual",
    });
    const clockAheadMs = clockAhead(response.headers, askedAt, Date.now());
    const body = readObject(await response.text());
    const error = typeof body?.error === "string" ? body.error : undefined;
    const isFeed = response.status === 200 && Array.isArray(body?.feed);
    return {
      feed,
      host,
      status: response.status,
      // A server may repeat what it was sent: of its words only those of the protocol are shown.
      ...isFeed ? {} : { error: /^[A-Za-z]{1,40}$/.test(error ?? "") ? error : "NoFeed" },
      ...clockAheadMs === undefined ? {} : { clockAheadMs },
    };
  } catch (thrown) {
    if (timeout.aborted) {
      return { feed, host, failure: `it did not answer within ${TIMEOUT_MS / 1000} s` };
    }
    return { feed, host, failure: readFailure(thrown).found };
  }
}

function clockAhead(headers: Headers, askedAt: number, answeredAt: number): number | undefined {
  // What a cache kept was dated when it was made.
  const date = Date.parse(headers.get("date") ?? "") + Number(headers.get("age") ?? 0) * 1000;
  // The header has whole seconds, cut off.
  return Number.isFinite(date) ? (askedAt + answeredAt) / 2 - (date + 500) : undefined;
}

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
