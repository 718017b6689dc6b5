import { retryAfterMs } from "./connection_problem.ts";

/**
 * When a server may be asked again, by what its answers say.
 *
 * `ratelimit-reset` is in Unix seconds, as the AT Protocol's servers write it
 * (https://docs.bsky.app/docs/advanced-guides/rate-limits).
 */
export class RateLimit {
  #readyAt = 0;

  /**
   * Read the headers of an answer: one that refuses for a while (429, 5xx) says so by `retry-after`,
   * else by `ratelimit-reset`; any other asks to wait where it leaves no request.
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

/** By the server's own clock where it tells it: that of this machine may be wrong by minutes. */
function untilReset(headers: Headers): number | undefined {
  const reset = headers.get("ratelimit-reset")?.trim() ?? "";
  if (!/^\d+$/.test(reset)) return undefined;
  const said = Date.parse(headers.get("date") ?? "");
  return Math.max(0, Number(reset) * 1000 - (Number.isNaN(said) ? Date.now() : said));
}
