/**
 * The limits of Groq's API (https://console.groq.com/docs/rate-limits).
 *
 * Its 429 messages give limit, use, request and wait; these agree with a bucket
 * that drains evenly over its minute or day, which is the model here.
 */
import { GroqError } from "./groq_reply.ts";

/** The limits of a model of the demo's Groq; an absent limit does not bind. */
export interface RateLimits {
  requestsPerMinute?: number;
  requestsPerDay?: number;
  tokensPerMinute?: number;
  tokensPerDay?: number;
}

/** The limits of a free account at Groq. */
export const FREE: RateLimits = {
  requestsPerMinute: 30,
  requestsPerDay: 1000,
  tokensPerMinute: 8000,
  tokensPerDay: 200_000,
};
/** The limits of a developer's account at Groq. */
export const DEVELOPER: RateLimits = {
  requestsPerMinute: 1000,
  requestsPerDay: 500_000,
  tokensPerMinute: 250_000,
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Use of a limit that has not drained yet. */
class Bucket {
  #level = 0;
  #at = 0;

  constructor(readonly limit: number, readonly perMs: number) {}

  /** Give what is used at a time, in requests or tokens. */
  used(now: number): number {
    // A clock that a test sets back must not fill the bucket.
    const passed = Math.max(0, now - this.#at);
    this.#level = Math.max(0, this.#level - passed * this.limit / this.perMs);
    this.#at = now;
    return this.#level;
  }

  /** Take some, or give it back where it is negative. */
  take(amount: number, now: number): void {
    this.#level = Math.max(0, this.used(now) + amount);
  }

  /** Give how long it takes until some fits, in milliseconds. */
  wait(amount: number, now: number): number {
    const over = this.used(now) + amount - this.limit;
    // Draining leaves a rounding error that no request should wait for.
    return over > 1e-6 ? over * this.perMs / this.limit : 0;
  }
}

type Unit = "requests" | "tokens";

/** The limits of one model of the demo's Groq, and what is left of them. */
export class RateLimit {
  readonly #buckets: { name: string; unit: Unit; bucket: Bucket }[] = [];

  constructor(readonly model: string, limits: RateLimits) {
    const add = (name: string, unit: Unit, limit: number | undefined, perMs: number) => {
      if (limit !== undefined) this.#buckets.push({ name, unit, bucket: new Bucket(limit, perMs) });
    };
    add("requests per minute (RPM)", "requests", limits.requestsPerMinute, MINUTE_MS);
    add("requests per day (RPD)", "requests", limits.requestsPerDay, DAY_MS);
    add("tokens per minute (TPM)", "tokens", limits.tokensPerMinute, MINUTE_MS);
    add("tokens per day (TPD)", "tokens", limits.tokensPerDay, DAY_MS);
  }

  /** Take a request and its tokens; throws 413 where it never fits and 429 where it must wait. */
  admit(tokens: number, now: number): void {
    for (const { name, unit, bucket } of this.#buckets) {
      const amount = unit === "tokens" ? tokens : 1;
      if (amount > bucket.limit) {
        throw new GroqError(
          413,
          `Request too large for model ${this.#place(name)}: Limit ${bucket.limit}, ` +
            `Requested ${amount}, please reduce your message size and try again. ${UPGRADE}`,
          { type: unit, code: "rate_limit_exceeded" },
        );
      }
      const wait = bucket.wait(amount, now);
      if (wait === 0) continue;
      const error = new GroqError(
        429,
        `Rate limit reached for model ${this.#place(name)}: Limit ${bucket.limit}, ` +
          `Used ${Math.round(bucket.used(now))}, Requested ${amount}. ` +
          `Please try again in ${duration(wait)}. ${UPGRADE}`,
        { type: unit, code: "rate_limit_exceeded" },
      );
      error.retryAfter = Math.ceil(wait / 1000);
      throw error;
    }
    for (const { unit, bucket } of this.#buckets) bucket.take(unit === "tokens" ? tokens : 1, now);
  }

  /** Give back tokens that were taken and not used. */
  refund(tokens: number, now: number): void {
    for (const { unit, bucket } of this.#buckets) if (unit === "tokens") bucket.take(-tokens, now);
  }

  /** Give the `x-ratelimit-*` headers: requests are those of a day, tokens those of a minute. */
  headers(now: number): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const { name, unit, bucket } of this.#buckets) {
      if (!/RPD|TPM/.test(name)) continue;
      const used = bucket.used(now);
      headers[`x-ratelimit-limit-${unit}`] = String(bucket.limit);
      headers[`x-ratelimit-remaining-${unit}`] = String(Math.floor(bucket.limit - used));
      headers[`x-ratelimit-reset-${unit}`] = duration(used * bucket.perMs / bucket.limit);
    }
    return headers;
  }

  #place(name: string): string {
    return `\`${this.model}\` in organization \`org_civicsky_demo\` service tier \`on_demand\` on ${name}`;
  }
}

const UPGRADE = "Need more tokens? Upgrade to Dev Tier today at " +
  "https://console.groq.com/settings/billing";

/** Write milliseconds as Groq does in headers about its limits: `172ms`, `5.289s`, `9m38.016s`, `1h0m3s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Number(ms.toFixed(3))}ms`;
  // Rounded first, so that no part is carried into 60.
  const total = Math.round(ms);
  const hours = Math.floor(total / 3_600_000);
  const minutes = Math.floor(total / 60_000) % 60;
  const seconds = (total % 60_000) / 1000;
  const most = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : "";
  return `${most}${seconds}s`;
}
