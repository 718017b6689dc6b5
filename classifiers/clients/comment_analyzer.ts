import { Endpoint } from "googleapis-common";
import { boundedFetch } from "../../etl/run/bounded_fetch.ts";
import { now } from "../../etl/run/clock.ts";
import { EXIT, UserError } from "../../etl/run/error.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";
import { ATTRIBUTES, MAX_BYTES } from "./comment_analyzer_attributes.ts";
import { readAnswer } from "./comment_analyzer_answer.ts";
import discovery from "./comment_analyzer_discovery.json" with { type: "json" };
import {
  ended,
  notTheService,
  readRefusal,
  type ServiceAnswer,
} from "./comment_analyzer_refusal.ts";
import { readFailure } from "../../etl/run/request_failure.ts";

export { ATTRIBUTES, COLUMNS, MAX_BYTES } from "./comment_analyzer_attributes.ts";
export { serviceEnd } from "../../etl/study/service_end.ts";

/** Google's own service. */
export const ROOT_URL = discovery.rootUrl;
const TIMEOUT_MS = 30_000;
/** An answer has a score for each attribute, and may have one for each sentence of 20 KB. */
const MOST_BYTES = 4_000_000;

const REQUESTED = Object.fromEntries(Object.keys(ATTRIBUTES).map((attribute) => [attribute, {}]));

/** A discovery document; the type requires more than the client reads. */
type Schema = Parameters<Endpoint["applySchema"]>[1];

/** An endpoint of Google's client, made from the discovery document. */
interface Comments {
  analyze(
    parameters: { requestBody: string },
  ): Promise<{ status: number; headers: Record<string, string>; data: string }>;
}

/**
 * Asks a Comment Analyzer (Perspective's API, v1alpha1) for the scores of texts.
 *
 * One request per call, without retries: the engine retries and paces. The key goes into a header of
 * the request at the last moment, so that no error and no URL of Google's client ever holds it.
 */
export class CommentAnalyzer {
  readonly #rootUrl: string;
  readonly #timeoutMs: number;
  readonly #fetch: typeof fetch;

  /** Throws a usage error where the root URL or the key is invalid. `timeoutMs` is per request. */
  constructor(options: { rootUrl: string; key: string; timeoutMs?: number }) {
    this.#rootUrl = checkRootUrl(options.rootUrl);
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    const key = checkKey(options.key);
    this.#fetch = (url, init) => {
      const headers = new Headers(init?.headers);
      headers.set("x-goog-api-key", key);
      const { method, signal } = init!;
      // When a reused connection breaks, the runtime sends a text body once more,
      // whether the service had it or not. It cannot resend a Blob.
      const body = new Blob([init!.body as string]);
      // A followed redirect would take the key and the post to another server.
      const request = { method, body, signal, headers, redirect: "manual" } as const;
      return boundedFetch(MOST_BYTES, url, request);
    };
  }

  /**
   * Ask for the scores of a text, and give the JSON of the answer as it came.
   *
   * `language` is an ISO 639-1 code. Throws a `ServiceError`, and the signal's reason once it is
   * aborted. The errors are those of https://developers.perspectiveapi.com (limits and errors).
   */
  async analyze(text: string, language: string, signal: AbortSignal): Promise<string> {
    if (text.trim() === "") throw new ServiceError("rejected", "empty", "the post has no text");
    if (isTooLong(text)) {
      throw new ServiceError("rejected", "too_long", `the post has more than ${MAX_BYTES} bytes`);
    }
    const answer = await this.#post(CommentAnalyzer.request(text, language), signal);
    if (answer.status !== 200) throw readRefusal(answer, this.#rootUrl, now());
    if (answer.body.trimStart().startsWith("{")) return answer.body;
    throw notTheService(this.#host, "(HTTP 200)");
  }

  /** Give the body of the request for a text: the same text and language give the same bytes. */
  static request(text: string, language: string): string {
    return JSON.stringify({
      // JSON can escape half a surrogate pair; the service's parser refuses it.
      comment: { text: text.toWellFormed(), type: "PLAIN_TEXT" },
      languages: [language],
      requestedAttributes: REQUESTED,
      doNotStore: true,
      dropUnsupportedAttributes: true,
    });
  }

  /** Read an answer as the values of `COLUMNS`; throws a `ServiceError` (see `readAnswer`). */
  static readonly readAnswer = readAnswer;

  get #host(): string {
    return new URL(this.#rootUrl).host;
  }

  async #post(requestBody: string, signal: AbortSignal): Promise<ServiceAnswer> {
    signal.throwIfAborted();
    const request = new AbortController();
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      request.abort();
    }, this.#timeoutMs);
    const stop = () => request.abort();
    signal.addEventListener("abort", stop);
    try {
      const comments = this.#comments(request.signal);
      const { status, headers, data } = await comments.analyze({ requestBody });
      return { status, headers: new Headers(headers), body: data };
    } catch (error) {
      signal.throwIfAborted();
      throw this.#failure(error, isTimedOut);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }

  /** Google's client takes a signal only in the options of an endpoint: each request has its own. */
  #comments(signal: AbortSignal): Comments {
    const endpoint = new Endpoint({
      fetchImplementation: this.#fetch,
      headers: { "content-type": "application/json" },
      responseType: "text",
      validateStatus: () => true,
      retry: false,
      signal,
    });
    // The client's own `rootUrl` option would lose the path of a server that is not at the root.
    const document = { ...discovery, rootUrl: this.#rootUrl } as unknown as Schema;
    endpoint.applySchema(endpoint, document, document, endpoint);
    return (endpoint as unknown as { comments: Comments }).comments;
  }

  /** The error of Google's client holds the post, so it is not the cause of the thrown error. */
  #failure(error: unknown, isTimedOut: boolean): ServiceError {
    if (isTimedOut) {
      const message = `${this.#host} did not answer within ${this.#timeoutMs / 1000} s`;
      return new ServiceError("passing", "timed_out", message);
    }
    const { found, isForbidden } = readFailure(error);
    if (isForbidden) {
      return new ServiceError("fatal", null, `this task may not connect to ${this.#host}`);
    }
    return ended(this.#rootUrl, now(), `(${found})`) ??
      new ServiceError("passing", "unavailable", `the request to ${this.#host} failed: ${found}`);
  }
}

function isTooLong(text: string): boolean {
  return text.length > MAX_BYTES || new TextEncoder().encode(text).length > MAX_BYTES;
}

function checkRootUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBase = url !== undefined && /^https?:$/.test(url.protocol) &&
    `${url.username}${url.password}${url.search}${url.hash}` === "";
  if (isBase) return `${url.origin}${url.pathname.replace(/\/+$/, "")}/`;
  throw new UserError(
    "ask the Comment Analyzer",
    "PERSPECTIVE_ROOT_URL is not a plain http or https address",
    `Write it like ${ROOT_URL}, without a login, a key or a query`,
    { exitCode: EXIT.usage },
  );
}

function checkKey(key: string): string {
  // A header allows nothing else; the runtime's own error would quote the key.
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new UserError(
    "ask the Comment Analyzer",
    key === ""
      ? "PERSPECTIVE_API_KEY is not set"
      : "PERSPECTIVE_API_KEY has a space, a line break or " +
        "a character that is not ASCII",
    "Put the key into .env (see .env.example), then run the task again; classify:dictionary needs none",
    { exitCode: EXIT.usage },
  );
}
