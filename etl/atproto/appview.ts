import { AtpAgent, XRPCError } from "@atproto/api";
import { z } from "zod";
import { AnswerTooLong, boundedFetch } from "../run/bounded_fetch.ts";
import { causesOf } from "../run/request_failure.ts";
import { duration } from "../run/duration.ts";
import { UserError } from "../run/error.ts";
import { LONGEST_WAIT_MS, retryAfterMs } from "../quota/server_allowance.ts";
import { type InvalidItem, type PostView, readFeedItem, readPostView } from "./post_view.ts";
import type { Session } from "./session.ts";
import { delay } from "../run/pause.ts";

const TIMEOUT_MS = 30_000;
/** A page has at most 100 posts: 160 KB for each. */
const MOST_BYTES = 16_000_000;
const TRIES = 4;
/** The lexicon's limit: uris in one `getPosts`. */
export const POSTS_AT_ONCE = 25;

/** How an AppView is asked. */
export interface AppViewOptions {
  signal: AbortSignal;
  /** Called before each wait, with its length. */
  onWait: (seconds: number, reason: string) => void;
  /** The login; without it the AppView is asked anonymously. */
  session?: Session;
}

const FeedPage = z.object({ feed: z.array(z.unknown()), cursor: z.string().nullish() });
const Posts = z.object({ posts: z.array(z.unknown()) });
const Profile = z.object({
  viewer: z.object({
    blockedBy: z.boolean().optional(),
    blocking: z.string().optional(),
    blockingByList: z.unknown().optional(),
  }).optional(),
});

/** The state of an account, as an AppView tells it. */
export type AccountState = "active" | "blocked" | "deactivated" | "takendown" | "not_found";

/**
 * Asks an AppView, directly or through the PDS of the logged-in account.
 *
 * One request at a time. A temporarily refused request (429, 5xx, no answer in 30 s) is tried
 * four times, and none is sent before the time that the server's rate limit names. Methods give
 * undefined where the signal is aborted, and throw the error of the last try (an `XRPCError`), or a
 * `UserError` for a login that is refused and a wait of more than 15 minutes.
 */
export class AppView {
  readonly #agent: AtpAgent;
  readonly #limit = new RateLimit();

  constructor(readonly service: string, readonly options: AppViewOptions) {
    const fetch = this.#fetch.bind(this);
    this.#agent = options.session?.agent(service, fetch) ?? new AtpAgent({ service, fetch });
  }

  /** The AppView's host, as recorded in its rows. */
  get host(): string {
    return new URL(this.service).host;
  }

  /** The server for requests and answers: the PDS if there is a login. */
  get #answerer(): string {
    const { session } = this.options;
    return session ? `the PDS ${session.pds} (BLUESKY_PDS)` : "the AppView";
  }

  /**
   * Give a page of `app.bsky.feed.getFeed`, at most 100 items.
   *
   * One invalid item does not cost its page: it is given as `InvalidItem`.
   */
  async getFeed(
    parameters: { feed: string; limit: number; cursor: string | undefined },
  ): Promise<{ items: (PostView | InvalidItem)[]; cursor: string | undefined } | undefined> {
    const page = await this.#ask(FeedPage, () => this.#agent.app.bsky.feed.getFeed(parameters));
    return page && { items: page.feed.map(readFeedItem), cursor: page.cursor ?? undefined };
  }

  /**
   * Give the existing ones of at most 25 posts (`app.bsky.feed.getPosts`).
   *
   * A post that is deleted, taken down or hidden from the login is left out. An invalid item is given
   * as `InvalidItem`: its post exists.
   */
  async getPosts(uris: string[]): Promise<(PostView | InvalidItem)[] | undefined> {
    const page = await this.#ask(Posts, () => this.#agent.app.bsky.feed.getPosts({ uris }));
    return page?.posts.map(readPostView);
  }

  /**
   * Give the state of an account (`app.bsky.actor.getProfile`).
   *
   * `blocked`: it and the login do not see each other. `not_found`: it was deleted, or never existed.
   */
  async getAccountState(did: string): Promise<AccountState | undefined> {
    try {
      const profile = await this.#ask(
        Profile,
        () => this.#agent.app.bsky.actor.getProfile({ actor: did }),
      );
      if (profile === undefined) return undefined;
      const { blockedBy, blocking, blockingByList } = profile.viewer ?? {};
      return blockedBy || blocking || blockingByList ? "blocked" : "active";
    } catch (error) {
      if (!(error instanceof XRPCError)) throw error;
      if (error.error === "AccountDeactivated") return "deactivated";
      if (error.error === "AccountTakedown") return "takendown";
      if (/profile not found/i.test(error.message)) return "not_found";
      throw error;
    }
  }

  /** Every request of the agent passes here, those for its session too. */
  async #fetch(input: URL | Request | string, init?: RequestInit): Promise<Response> {
    const signal = AbortSignal.any([this.options.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    // A followed redirect would take the login to another server.
    const changed = { ...init, signal, redirect: "manual" } as const;
    const response = await boundedFetch(MOST_BYTES, input, changed);
    const { status } = response;
    if (status >= 300 && status < 400) {
      throw this.#strangeAnswer(`it sends us to another address (HTTP ${status})`);
    }
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    // Logins have a limit of their own, which matters here only once it is reached.
    if (pathname.startsWith("/xrpc/app.bsky.") || !response.ok) this.#limit.note(response);
    return response;
  }

  async #ask<T>(
    schema: z.ZodType<T>,
    request: () => Promise<{ data: unknown }>,
  ): Promise<T | undefined> {
    const { signal, session } = this.options;
    for (let attempt = 1;; attempt++) {
      if (!signal.aborted) {
        await this.#pause(this.#limit.waitMs, `the rate limit of ${this.#answerer} is used up`);
      }
      if (signal.aborted) return undefined;
      try {
        await session?.open();
        return schema.parse((await request()).data);
      } catch (error) {
        // The client refuses a page for one invalid item; the error holds the page.
        const page = schema.safeParse((error as { responseBody?: unknown }).responseBody);
        if (page.success) return page.data;
        if (signal.aborted) return undefined;
        if (error instanceof z.ZodError) {
          const place = error.issues[0]?.path.join(".") || "the answer";
          throw this.#strangeAnswer(`${place} does not fit the lexicon`);
        }
        for (const cause of causesOf(error)) {
          if (cause instanceof AnswerTooLong) throw this.#strangeAnswer(cause.message);
          if (cause instanceof UserError) throw cause;
        }
        if (attempt === TRIES) throw error;
        // The session ended on the way and could not be renewed: the next try logs in.
        if (session?.isOpen === false && isAuthError(error)) continue;
        const status = error instanceof XRPCError ? error.status : 0;
        if (status !== 429 && status < 500 && status >= 100) throw error;
        const backoff = 1000 * 2 ** (attempt - 1) * (0.5 + Math.random());
        await this.#pause(Math.max(this.#limit.waitMs, backoff), this.#explain(status));
      }
    }
  }

  /** Explain a status; those below 100 are the client's own (`ResponseType` of `@atproto/xrpc`). */
  #explain(status: number): string {
    if (status === 429) return `${this.#answerer} asks to wait (HTTP 429)`;
    if (status >= 100) return `${this.#answerer} is not ready (HTTP ${status})`;
    return status === 2
      ? `${this.#answerer} does not answer like an AppView (not the JSON that the lexicon says)`
      : `${this.#answerer} cannot be reached`;
  }

  #strangeAnswer(found: string): UserError {
    return new UserError(
      `ask ${this.host}`,
      found,
      "Check the address (BLUESKY_APPVIEW or --appview): is that an AppView?",
      // The cause quotes the server's answer.
      {},
    );
  }

  async #pause(ms: number, reason: string): Promise<void> {
    if (ms === 0) return;
    if (ms > LONGEST_WAIT_MS) {
      throw new UserError(
        `ask ${this.host}`,
        `${reason}; it asks to wait ${duration(ms)}`,
        "Run the task again after that time; earlier answers are kept",
      );
    }
    this.options.onWait(ms / 1000, reason);
    await delay(ms, this.options.signal);
  }
}

function isAuthError(error: unknown): boolean {
  return error instanceof XRPCError &&
    (error.status === 401 || /^(ExpiredToken|InvalidToken)$/.test(error.error));
}

/**
 * When a server may be asked again, according to its answers.
 *
 * `ratelimit-reset` is in Unix seconds, as the AT Protocol's servers write it
 * (https://docs.bsky.app/docs/advanced-guides/rate-limits).
 */
class RateLimit {
  #readyAt = 0;

  /**
   * Read the headers of an answer: a temporary refusal (429, 5xx) names the wait in `retry-after`,
   * else in `ratelimit-reset`; any other answer asks to wait if no request remains.
   */
  note({ status, headers }: Response): void {
    const refused = status === 429 || status >= 500;
    const usedUp = headers.get("ratelimit-remaining")?.trim() === "0";
    const ms = (refused ? retryAfterMs(headers.get("retry-after"), Infinity) : undefined) ??
      (status === 429 || usedUp ? untilReset(headers) : undefined);
    this.#readyAt = ms === undefined ? 0 : performance.now() + ms;
  }

  /** How long to wait before the next request, in milliseconds; 0 where there is no need. */
  get waitMs(): number {
    return Math.max(0, Math.floor(this.#readyAt - performance.now()));
  }
}

/** By the server's own clock if given: that of this machine may be wrong by minutes. */
function untilReset(headers: Headers): number | undefined {
  const reset = headers.get("ratelimit-reset")?.trim() ?? "";
  if (!/^\d+$/.test(reset)) return undefined;
  const said = Date.parse(headers.get("date") ?? "");
  return Math.max(0, Number(reset) * 1000 - (Number.isNaN(said) ? Date.now() : said));
}
