import { z } from "zod";
import { retryAfterMs } from "../../etl/quota/server_allowance.ts";
import type { LabelReason } from "../../etl/labels/label_reason.ts";
import { readJson } from "../../etl/store/json.ts";
import { serviceEnd } from "../../etl/study/service_end.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";

/** Meanings of `error.details[].errorType` for a post. */
const ERROR_TYPES: Record<string, LabelReason> = {
  COMMENT_EMPTY: "empty",
  COMMENT_TOO_LONG: "too_long",
  LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE: "language_not_supported",
  LANGUAGE_DETECTION_FAILED: "language_not_supported",
  // All attributes were dropped, because none is served in the language.
  NO_REQUESTED_ATTRIBUTES: "language_not_supported",
  INVALID_REQUEST: "rejected",
};

/** Values of `google.api.ErrorReason` that refuse every request of a key. */
const KEY_REASONS = [
  "API_KEY_INVALID",
  "API_KEY_SERVICE_BLOCKED",
  "API_KEY_HTTP_REFERRER_BLOCKED",
  "API_KEY_IP_ADDRESS_BLOCKED",
  "API_KEY_ANDROID_APP_BLOCKED",
  "API_KEY_IOS_APP_BLOCKED",
  "CREDENTIALS_MISSING",
  "SERVICE_DISABLED",
  "BILLING_DISABLED",
  "CONSUMER_INVALID",
  "CONSUMER_SUSPENDED",
  "PERMISSION_DENIED",
];

const Refusal = z.object({
  error: z.object({
    message: z.string().catch(""),
    status: z.string().catch(""),
    details: z.array(
      z.object({
        errorType: z.string().optional().catch(undefined),
        reason: z.string().optional().catch(undefined),
      }).catch({}),
    ).catch([]),
  }),
});

/** An answer of the service, as it came. */
export interface ServiceAnswer {
  status: number;
  headers: Headers;
  body: string;
}

/**
 * Explain an answer that is not a success.
 *
 * Status, `errorType` and `reason` decide. The message quotes only words of the service that
 * are known here, because a server may repeat the request.
 */
export function readRefusal(answer: ServiceAnswer, rootUrl: string, now: Date): ServiceError {
  const { status, headers } = answer;
  const host = new URL(rootUrl).host;
  const waitMs = retryAfterMs(headers.get("retry-after"));
  const said = Refusal.safeParse(readJson(answer.body)).data?.error;
  const words = [said?.status, ...said?.details.flatMap((it) => [it.errorType, it.reason]) ?? []];
  const quoted = (word?: string) => `(HTTP ${status}${word === undefined ? "" : `, ${word}`})`;

  if (
    status === 429 || words.includes("RATE_LIMIT_EXCEEDED") || words.includes("RESOURCE_EXHAUSTED")
  ) {
    const message = `${host} asks to wait ${quoted()}`;
    return new ServiceError("rate_limited", "rate_limited", message, waitMs);
  }
  if (status >= 500 || status === 498 || status === 408 || status === 425) {
    const reason = status === 408 || status === 504 ? "timed_out" : "unavailable";
    return new ServiceError("passing", reason, `${host} is not ready ${quoted()}`, waitMs);
  }
  const errorType = words.find((word) => word !== undefined && Object.hasOwn(ERROR_TYPES, word));
  if (errorType !== undefined) {
    if (/unknown requested attribute/i.test(said!.message)) return attributeGone(host);
    const message = `${host} refuses the post ${quoted(errorType)}`;
    return new ServiceError("rejected", ERROR_TYPES[errorType]!, message);
  }
  const keyReason = KEY_REASONS.find((reason) => words.includes(reason));
  const namesKey = keyReason !== undefined || /api key/i.test(said?.message ?? "");
  const isOfKey = namesKey || [401, 402, 403, 407].includes(status);
  const isOfAddress = [404, 405, 410].includes(status) || (status >= 300 && status < 400);
  if (isOfKey || isOfAddress) {
    const message = isOfKey ? keyRefused(host, quoted(keyReason)) : notThere(host, quoted());
    return ended(rootUrl, now, quoted(keyReason)) ??
      (namesKey
        ? new ServiceError("fatal", null, message)
        : new ServiceError("denied", "unavailable", message));
  }
  if (status === 413) {
    return new ServiceError("rejected", "too_long", `${host} refuses the post ${quoted()}`);
  }
  if (status >= 400 && said !== undefined) {
    return new ServiceError("rejected", "rejected", `${host} refuses the post ${quoted()}`);
  }
  return notTheService(host, quoted());
}

/** Give the error for an answer that no Comment Analyzer writes, such as a page of a proxy. */
export function notTheService(host: string, found: string): ServiceError {
  const message = `the answer of ${host} is not that of a Comment Analyzer ${found}`;
  return new ServiceError("passing", "invalid_answer", message);
}

/** Give the error for Google's own service after its end, undefined before it and for all others. */
export function ended(rootUrl: string, now: Date, found: string): ServiceError | undefined {
  const end = serviceEnd(rootUrl, now);
  if (end === undefined || end.daysLeft >= 0) return undefined;
  const message = `Perspective has been switched off since the end of ${end.date} ${found}; set ` +
    "PERSPECTIVE_ROOT_URL to a compatible service, such as CommentGuard on a machine of your own, " +
    "or Respectify";
  return new ServiceError("fatal", null, message);
}

function keyRefused(host: string, found: string): string {
  return `${host} does not accept PERSPECTIVE_API_KEY ${found}; check the key in .env, ` +
    "that its project has the Perspective Comment Analyzer API enabled, and that its restrictions " +
    "allow this machine";
}

function notThere(host: string, found: string): string {
  return `${host} has no Comment Analyzer at this address ${found}; check ` +
    "PERSPECTIVE_ROOT_URL, to which v1alpha1/comments:analyze is added";
}

/** The post is not at fault; otherwise each would be marked as unscorable. */
function attributeGone(host: string): ServiceError {
  const message = `${host} no longer knows a requested attribute; a newer release of ` +
    "civicsky may leave it out, and PERSPECTIVE_ROOT_URL names another service";
  return new ServiceError("fatal", null, message);
}
