/** The errors of Groq's API (https://console.groq.com/docs/errors). */

/** What may stand in an error beside its message. */
export interface ErrorDetail {
  /** `invalid_request_error` where it is not given. */
  type?: string;
  code?: string;
  param?: string;
  /** What the model wrote that is no JSON. */
  failed_generation?: string;
}

/** An answer that is an error; a body of text is a page. */
export class GroqError extends Error {
  readonly body: unknown;
  /** In whole seconds, only with 429. */
  retryAfter: number | undefined;

  constructor(readonly status: number, message: string, detail: ErrorDetail = {}) {
    super(message);
    this.body = { error: { message, type: "invalid_request_error", ...detail } };
  }
}

/** Make the error of a path, file or batch that is not there. */
export function notFound(what: string): GroqError {
  return new GroqError(404, `${what} was not found`, { code: "not_found" });
}
