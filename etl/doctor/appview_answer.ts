import { boundedFetch } from "../run/bounded_fetch.ts";
import { readFailure } from "../run/request_failure.ts";

/** How long a server may take to answer what `doctor` asks. */
export const TIMEOUT_MS = 10_000;
/** A page of one post. */
const MOST_BYTES = 4_000_000;

/** The answer of an AppView to a request for one post of a feed. */
export interface AppViewAnswer {
  feed: string;
  /** Name and port of the AppView. */
  host: string;
  /** HTTP status; undefined without an answer. */
  status?: number;
  /** The name of an XRPC error. */
  error?: string;
  /** In words, without an answer. */
  failure?: string;
  /** How far this machine's clock is ahead of the AppView's, if the AppView gives its time. */
  clockAheadMs?: number;
}

/** Ask an AppView for one post of a feed, without login, and check that the answer is a feed. */
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
    const response = await boundedFetch(
      MOST_BYTES,
      `${service}/xrpc/app.bsky.feed.getFeed?${query}`,
      {
        signal: AbortSignal.any([signal, timeout]),
        redirect: "manual",
      },
    );
    const clockAheadMs = clockAhead(response.headers, askedAt, Date.now());
    const body = readObject(await response.text());
    const error = typeof body?.error === "string" ? body.error : undefined;
    const isFeed = response.status === 200 && Array.isArray(body?.feed);
    return {
      feed,
      host,
      status: response.status,
      // A server may repeat the request: only the protocol's own words are shown.
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
  // A cached answer has the date of its creation.
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
