import { boundedFetch } from "../../etl/run/bounded_fetch.ts";
import { APIError, Groq as Sdk } from "groq-sdk";
import { ServiceError } from "../../etl/answers/service_error.ts";
import { apiRoot, atRoot, checkKey, SDK_PREFIX } from "./groq_address.ts";
import { notTheService, readRefusal } from "./groq_refusal.ts";
import { readFailure } from "../../etl/run/request_failure.ts";

const TIMEOUT_MS = 60_000;
/** A chat completion of 100,000 tokens, or a list of all models, is shorter. */
const MOST_BYTES = 8_000_000;
/** Answers of a batch file, which are longer than its requests where a model thinks. */
const MOST_FILE_BYTES = 4_000_000_000;
/** Where the content of a file is, as the SDK writes addresses. */
const FILE = /\/files\/[^/]+\/content$/;
/** How long a request may take in whole, however steadily its bytes drip. */
const LONGEST_MS = 3_600_000;
/** Longer than any timer of ours: the SDK's time-out does not cover the body. */
const NEVER_MS = 2 ** 31 - 1;

/** How Groq, or a server with the same API, is reached. */
export interface GroqOptions {
  /** Sent to the server that `baseUrl` names; only Groq itself needs one. */
  key: string | undefined;
  /** Any OpenAI-compatible server, with or without `/v1`; Groq where it is undefined. */
  baseUrl?: string;
  /** How long a server may be silent. */
  timeoutMs?: number;
}

/** An answer as Groq, or a server with the same API, sent it. */
export interface ServerText {
  body: string;
  headers: Headers;
}

/** A form with one file, as `multipart/form-data` (RFC 7578), read while it is sent. */
export interface Upload {
  headers: Record<string, string>;
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** A request to a server. */
export interface ServerRequest {
  method: "get" | "post" | "delete";
  /** Behind the root of the API, such as `/models`. */
  path: string;
  query?: Record<string, unknown>;
  body?: unknown;
  /** Make the form that is sent in place of a body; it tells of each piece that is taken. */
  upload?(onProgress: () => void): Promise<Upload>;
  signal?: AbortSignal | undefined;
  /** The model that is asked, which is named where the server no longer has it. */
  model?: string;
}

/**
 * Sends requests to Groq, or to a server with the same API, by Groq's SDK.
 *
 * One request per call, without retries: the engine retries and paces. The key goes into a header at
 * the last moment, so that no error and no URL of the SDK ever holds it.
 */
export class GroqConnection {
  readonly host: string;
  readonly #sdk: Sdk;
  readonly #timeoutMs: number;

  /** Throws a usage error where the base URL or the key is invalid. */
  constructor({ key, baseUrl, timeoutMs }: GroqOptions) {
    const root = apiRoot(baseUrl);
    const checkedKey = checkKey(key, root);
    this.host = new URL(root).host;
    this.#timeoutMs = timeoutMs ?? TIMEOUT_MS;
    this.#sdk = new Sdk({
      // The SDK requires a key and would take one from the environment; this one is not sent.
      apiKey: "unused",
      baseURL: "http://sdk.invalid",
      maxRetries: 0,
      timeout: NEVER_MS,
      // With GROQ_LOG set, it would print requests and thereby posts.
      logLevel: "off",
      fetch: (asked, init) => {
        const headers = new Headers(init?.headers);
        headers.delete("authorization");
        if (checkedKey !== undefined) headers.set("authorization", `Bearer ${checkedKey}`);
        // When a reused connection breaks, the runtime sends a text body once more,
        // and it is paid for twice. It cannot resend a Blob.
        const text = typeof init?.body === "string" ? { body: new Blob([init.body]) } : {};
        // A followed redirect would take the key and the post to another server.
        const changed = { ...text, headers, redirect: "manual" } as const;
        const most = FILE.test(String(asked)) ? MOST_FILE_BYTES : MOST_BYTES;
        return boundedFetch(most, atRoot(String(asked), root), { ...init, ...changed });
      },
    });
  }

  /**
   * Send a request and give its whole answer, which begins like a JSON object.
   *
   * Throws a `ServiceError`, and the signal's reason once it is aborted.
   */
  async text(request: ServerRequest): Promise<ServerText> {
    const exchange = new Exchange(this.#timeoutMs, request.signal);
    try {
      const response = await exchange.within(this.#send(request, exchange));
      const body = await exchange.within(response.text());
      if (![200, 201].includes(response.status) || !body.trimStart().startsWith("{")) {
        throw notTheService(this.host, `(HTTP ${response.status})`);
      }
      return { body, headers: response.headers };
    } catch (error) {
      throw this.#failure(error, exchange, request.model);
    } finally {
      exchange.end();
    }
  }

  /** Send a request and give the bytes of its answer as they come; throws as `text` does. */
  async *bytes(request: ServerRequest): AsyncGenerator<Uint8Array> {
    const exchange = new Exchange(this.#timeoutMs, request.signal);
    try {
      const response = await exchange.within(this.#send(request, exchange));
      if (response.status !== 200) throw notTheService(this.host, `(HTTP ${response.status})`);
      const reader = response.body?.getReader();
      while (reader !== undefined) {
        const { done, value } = await exchange.within(reader.read());
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw this.#failure(error, exchange, undefined);
    } finally {
      exchange.end();
    }
  }

  async #send(request: ServerRequest, { signal, progress }: Exchange): Promise<Response> {
    const { method, path, query, body, upload } = request;
    const sent = await upload?.(progress) ?? { body };
    return await this.#sdk[method](`${SDK_PREFIX}${path}`, { query, signal, ...sent }).asResponse();
  }

  /** An error of the SDK holds the server's text, so it is not the cause of the thrown error. */
  #failure(error: unknown, exchange: Exchange, model: string | undefined): unknown {
    if (error instanceof ServiceError) return error;
    if (exchange.caller?.aborted) return exchange.caller.reason;
    if (exchange.timedOutAfterMs !== undefined) {
      const message = `${this.host} did not answer within ${exchange.timedOutAfterMs / 1000} s`;
      return new ServiceError("passing", "timed_out", message);
    }
    if (error instanceof APIError && error.status !== undefined) {
      const { status, headers, error: body } = error;
      return readRefusal({ status, headers: headers ?? new Headers(), body }, this.host, model);
    }
    const { found, isForbidden } = readFailure(error);
    return isForbidden
      ? new ServiceError("fatal", null, `this task may not connect to ${this.host}`)
      : new ServiceError("passing", "unavailable", `the request to ${this.host} failed: ${found}`);
  }
}

/**
 * One request and its answer, with a time-out that covers the body too.
 *
 * The SDK's own time-out ends with the headers, and it leaves a listener on every signal that it is
 * given: each exchange has a signal of its own.
 */
export class Exchange {
  readonly #request = new AbortController();
  readonly #begun = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The time that was over, in milliseconds. */
  timedOutAfterMs: number | undefined;

  /** Throws the caller's reason where its signal has aborted. */
  constructor(readonly timeoutMs: number, readonly caller: AbortSignal | undefined) {
    caller?.throwIfAborted();
    caller?.addEventListener("abort", this.#stop);
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }

  /**
   * Wait for a step of the exchange, at most for its time from the last progress, and an hour for all
   * steps together.
   */
  async within<T>(step: PromiseLike<T>): Promise<T> {
    this.progress();
    try {
      return await step;
    } finally {
      clearTimeout(this.#timer);
    }
  }

  /** Begin the time anew. */
  readonly progress = () => {
    clearTimeout(this.#timer);
    const left = this.#begun + LONGEST_MS - performance.now();
    this.#timer = setTimeout(() => {
      this.timedOutAfterMs = left < this.timeoutMs ? LONGEST_MS : this.timeoutMs;
      this.#request.abort();
    }, Math.min(this.timeoutMs, left));
  };

  /** Clean up; end anything still under way. */
  end(): void {
    clearTimeout(this.#timer);
    this.caller?.removeEventListener("abort", this.#stop);
    this.#request.abort();
  }

  readonly #stop = () => this.#request.abort();
}
