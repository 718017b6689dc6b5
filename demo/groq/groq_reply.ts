/** Replies of the loopback Groq, and its errors (https://console.groq.com/docs/errors). */
import type { ServerResponse } from "node:http";

/** An answer of the demo's Groq on its way. */
export interface Reply {
  status: number;
  /** Bytes as they are, a page of text, or what becomes JSON. */
  body: unknown;
  headers?: Record<string, string>;
  /** A `ChatFault`. */
  fault?: string;
  /** Called when it is sent; gives headers. */
  settle?: () => Record<string, string>;
}

/** Answer a request to the demo's Groq with JSON. */
export function ok(body: unknown): Reply {
  return { status: 200, body };
}

/** Answer a request to the demo's Groq with an error of its API. */
export function errorReply(error: GroqError, headers?: Record<string, string>): Reply {
  const { status, body, retryAfter } = error;
  return {
    status,
    body,
    headers: { ...headers, ...(retryAfter !== undefined && { "retry-after": `${retryAfter}` }) },
  };
}

/** Send a reply, half of it where that is its fault. */
export function send(response: ServerResponse, reply: Reply, requestId: string): void {
  const { status, body, headers, fault } = reply;
  const bytes = body instanceof Uint8Array
    ? body
    : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  response.writeHead(status, {
    "content-type": body instanceof Uint8Array
      ? "application/octet-stream"
      : typeof body === "string"
      ? "text/html; charset=UTF-8"
      : "application/json",
    "x-request-id": requestId,
    ...headers,
    ...reply.settle?.(),
  });
  response.end(fault === "broken_body" ? bytes.subarray(0, bytes.length / 2) : bytes);
}

/** The parts of an error of the demo's Groq beside its message. */
export interface ErrorDetail {
  /** `invalid_request_error` where it is not given. */
  type?: string;
  code?: string;
  param?: string;
  /** The model's text that is not JSON. */
  failed_generation?: string;
}

/** An answer of the demo's Groq that is an error; a body of text is a page. */
export class GroqError extends Error {
  readonly body: unknown;
  /** In whole seconds, only with 429. */
  retryAfter: number | undefined;

  constructor(readonly status: number, message: string, detail: ErrorDetail = {}) {
    super(message);
    this.body = { error: { message, type: "invalid_request_error", ...detail } };
  }
}

/** Make the error of a path, file or batch that the demo's Groq does not have. */
export function notFound(what: string): GroqError {
  return new GroqError(404, `${what} was not found`, { code: "not_found" });
}
