import assert from "node:assert/strict";
import { ROOT_URL, serviceEnd } from "../../../classifiers/clients/comment_analyzer.ts";
import { readRefusal } from "../../../classifiers/clients/comment_analyzer_refusal.ts";
import type { ServiceProblem } from "../../../etl/answers/service_error.ts";
import { type LabelReason, PASSING_REASONS } from "../../../etl/labels/label_reason.ts";
import "../../common_environment.ts";

const OTHER = "http://127.0.0.1:8080/";
const before = new Date("2026-12-31T23:59:59Z");
const after = new Date("2027-01-01T00:00:00Z");

interface Case {
  status: number;
  /** `error.status`, `error.message` and what stands in `error.details`. */
  error?: { status?: string; message?: string; details?: unknown[] };
  body?: string;
  headers?: Record<string, string>;
}

function read({ status, error, body, headers }: Case, rootUrl = OTHER, now = before) {
  const text = body ?? JSON.stringify({ error: { code: status, ...error } });
  return readRefusal({ status, body: text, headers: new Headers(headers) }, rootUrl, now);
}

const ofAnalyzer = (errorType: string, message = ""): Case => ({
  status: 400,
  error: {
    status: "INVALID_ARGUMENT",
    message,
    details: [{ "@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error", errorType }],
  },
});

const ofGoogle = (status: number, reason: string): Case => ({
  status,
  error: {
    status: status === 400 ? "INVALID_ARGUMENT" : "PERMISSION_DENIED",
    details: [
      { "@type": "type.googleapis.com/google.rpc.Help", links: [] },
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com" },
    ],
  },
});

const page = (status: number): Case => ({ status, body: "<!DOCTYPE html><title>Error</title>" });

const CASES: [Case, ServiceProblem, LabelReason | null][] = [
  [ofAnalyzer("COMMENT_EMPTY"), "rejected", "empty"],
  [ofAnalyzer("COMMENT_TOO_LONG"), "rejected", "too_long"],
  [ofAnalyzer("LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"), "rejected", "language_not_supported"],
  [ofAnalyzer("LANGUAGE_DETECTION_FAILED"), "rejected", "language_not_supported"],
  [ofAnalyzer("NO_REQUESTED_ATTRIBUTES"), "rejected", "language_not_supported"],
  [ofAnalyzer("INVALID_REQUEST"), "rejected", "rejected"],
  [ofAnalyzer("constructor"), "rejected", "rejected"],
  [{ status: 400, error: { status: "INVALID_ARGUMENT" } }, "rejected", "rejected"],
  [{ status: 422 }, "rejected", "rejected"],
  [page(413), "rejected", "too_long"],
  [ofAnalyzer("INVALID_REQUEST", "Unknown requested attribute: SPAM"), "fatal", null],
  [ofGoogle(400, "API_KEY_INVALID"), "fatal", null],
  [ofGoogle(403, "SERVICE_DISABLED"), "fatal", null],
  [ofGoogle(403, "API_KEY_IP_ADDRESS_BLOCKED"), "fatal", null],
  [{ status: 400, error: { message: "API key not valid." } }, "fatal", null],
  [{ status: 403, error: { status: "PERMISSION_DENIED" } }, "fatal", null],
  [{ status: 401 }, "denied", "unavailable"],
  [page(401), "denied", "unavailable"],
  [page(403), "denied", "unavailable"],
  [page(404), "denied", "unavailable"],
  [{ status: 404 }, "denied", "unavailable"],
  [{ status: 405 }, "denied", "unavailable"],
  [page(410), "denied", "unavailable"],
  [page(302), "denied", "unavailable"],
  [ofGoogle(429, "RATE_LIMIT_EXCEEDED"), "rate_limited", "rate_limited"],
  [ofGoogle(403, "RATE_LIMIT_EXCEEDED"), "rate_limited", "rate_limited"],
  [{ status: 429, error: { status: "RESOURCE_EXHAUSTED" } }, "rate_limited", "rate_limited"],
  [page(429), "rate_limited", "rate_limited"],
  [{ status: 500 }, "passing", "unavailable"],
  [page(502), "passing", "unavailable"],
  [{ status: 503 }, "passing", "unavailable"],
  [page(504), "passing", "timed_out"],
  [{ status: 408 }, "passing", "timed_out"],
  [{ status: 498 }, "passing", "unavailable"],
  [page(400), "passing", "invalid_answer"],
  [{ status: 204, body: "" }, "passing", "invalid_answer"],
  [{ status: 206, body: "{}" }, "passing", "invalid_answer"],
];

Deno.test("every refusal of the service means what its status and details say", () => {
  for (const [refusal, problem, reason] of CASES) {
    const error = read(refusal);
    assert.deepEqual([error.problem, error.reason], [problem, reason], JSON.stringify(refusal));
    const isPassing = ["passing", "rate_limited", "denied"].includes(problem);
    assert.equal(reason !== null && PASSING_REASONS.includes(reason), isPassing);
    assert.ok(error.message.includes("127.0.0.1:8080"));
  }
});

Deno.test("details that are not what they should be are no reason to throw anything else", () => {
  const odd = [null, 1, "x", [], {}, [null], [{ errorType: 5, reason: {} }], [[["x"]]]];
  for (const details of odd) {
    assert.equal(read({ status: 400, error: { details: details as never } }).reason, "rejected");
  }
  for (const body of ["", "null", "[]", '{"error":null}', '{"error":"x"}', '{"error":', "\0"]) {
    assert.equal(read({ status: 503, body }).reason, "unavailable");
    assert.equal(read({ status: 400, body }).reason, "invalid_answer");
  }
});

Deno.test("Retry-After is read in seconds and as a date, with 429 and with 503", () => {
  for (const status of [429, 503]) {
    const wait = (retryAfter: string) =>
      read({ status, headers: { "retry-after": retryAfter } }).retryAfterMs;
    assert.equal(wait("3"), 3000);
    assert.equal(wait("soon"), undefined);
    const ms = wait(new Date(Date.now() + 60_000).toUTCString())!;
    assert.ok(ms > 50_000 && ms <= 60_000, `${ms}`);
    assert.equal(read({ status }).retryAfterMs, undefined);
  }
});

Deno.test("a fatal error names the variable that has to be mended", () => {
  for (const refusal of [ofGoogle(400, "API_KEY_INVALID"), { status: 401 }]) {
    assert.match(read(refusal, ROOT_URL).message, /PERSPECTIVE_API_KEY.*\.env/);
  }
  assert.match(read({ status: 404 }, ROOT_URL).message, /PERSPECTIVE_ROOT_URL/);
  assert.match(read(ofGoogle(403, "SERVICE_DISABLED")).message, /HTTP 403, SERVICE_DISABLED/);
});

Deno.test("after its last day Google's own service is gone, and the error names what is left", () => {
  const gone = [page(404), page(410), page(403), ofGoogle(403, "SERVICE_DISABLED"), page(302)];
  for (const refusal of [...gone, ofGoogle(400, "API_KEY_INVALID")]) {
    const error = read(refusal, ROOT_URL, after);
    assert.equal(error.problem, "fatal");
    assert.match(error.message, /2026-12-31.*PERSPECTIVE_ROOT_URL.*CommentGuard.*Respectify/);
    for (const [rootUrl, now] of [[ROOT_URL, before], [OTHER, after]] as const) {
      assert.doesNotMatch(read(refusal, rootUrl, now).message, /CommentGuard/);
    }
  }
  assert.equal(read({ status: 503 }, ROOT_URL, after).problem, "passing");
});

Deno.test("only Google's own service has an end, counted in UTC days", () => {
  const days = (now: string) => serviceEnd(ROOT_URL, new Date(now))?.daysLeft;
  assert.equal(days("2026-11-30T12:00:00Z"), 31);
  assert.equal(days("2026-12-31T00:00:00Z"), 0);
  assert.equal(days("2026-12-31T23:59:59Z"), 0);
  assert.equal(days("2027-01-01T00:00:00Z"), -1);
  assert.equal(serviceEnd(ROOT_URL, before)!.date, "2026-12-31");
  for (const rootUrl of [OTHER, "https://example.org/commentanalyzer.googleapis.com/"]) {
    assert.equal(serviceEnd(rootUrl, after), undefined);
  }
  for (const rootUrl of ["https://COMMENTANALYZER.googleapis.com", `${ROOT_URL}v1alpha1/`]) {
    assert.equal(serviceEnd(rootUrl, after)?.daysLeft, -1);
  }
});
