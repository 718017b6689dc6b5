import assert from "node:assert/strict";
import { readRefusal } from "../../../classifiers/clients/groq_refusal.ts";
import type { ServiceProblem } from "../../../etl/answers/service_error.ts";
import { type LabelReason, PASSING_REASONS } from "../../../etl/labels/label_reason.ts";
import { MODEL } from "./chat.ts";
import "../../common_environment.ts";

const HOST = "api.groq.com";
const HOUR = 3_600_000;

interface Refusal {
  message?: string;
  type?: string;
  code?: unknown;
  param?: unknown;
}

function read(status: number, body: unknown, headers: Record<string, string> = {}, model = MODEL) {
  return readRefusal({ status, body, headers: new Headers(headers) }, HOST, model);
}

const groq = (status: number, error: Refusal): [number, unknown] => [status, { error }];
/** What vLLM 0.10 and earlier wrote. */
const vllm = (status: number, message: string, type = "BadRequestError"): [number, unknown] => [
  status,
  { object: "error", message, type, param: null, code: status },
];

const limit = (of: string, requested = "703", tryAgain = " Please try again in 7.66s.") =>
  `Rate limit reached for model \`${MODEL}\` in organization \`org_1\` service tier \`on_demand\` ` +
  `on ${of}: Limit 8000, Used 7500, Requested ${requested}.${tryAgain} Need more tokens?`;
const tooLarge =
  `Request too large for model \`${MODEL}\` in organization \`org_1\` service tier ` +
  "`on_demand` on tokens per minute (TPM): Limit 8000, Requested 9033, please reduce";

const CASES: [[number, unknown], ServiceProblem, LabelReason | null][] = [
  [groq(401, { message: "Invalid API Key", code: "invalid_api_key" }), "fatal", null],
  [groq(403, { message: "Forbidden" }), "fatal", null],
  [[403, undefined], "fatal", null],
  [groq(402, {}), "fatal", null],
  [groq(400, { code: "organization_restricted" }), "fatal", null],
  [groq(400, { code: "blocked_api_access" }), "fatal", null],
  [groq(400, { message: "decommissioned", code: "model_decommissioned" }), "fatal", null],
  [groq(404, { message: "does not exist", code: "model_not_found" }), "fatal", null],
  [vllm(404, "The model `m` does not exist.", "NotFoundError"), "fatal", null],
  [groq(404, { message: 'model "m" not found, try pulling it first' }), "fatal", null],
  [groq(403, { code: "model_permission_blocked_org" }), "fatal", null],
  [groq(400, { code: "model_terms_required" }), "fatal", null],
  [groq(404, { message: "Unknown request URL", code: "unknown_url" }), "fatal", null],
  [[404, { detail: "Not Found" }], "fatal", null],
  [[404, undefined], "fatal", null],
  [[405, undefined], "fatal", null],
  [[302, undefined], "fatal", null],
  [
    groq(400, { message: "This model does not support response format `json_schema`" }),
    "fatal",
    null,
  ],
  [groq(400, { message: "must be one of", param: "reasoning_effort" }), "fatal", null],
  [groq(400, { message: "`max_completion_tokens` must be at most 8192" }), "fatal", null],
  [groq(400, { message: "…", code: "json_validate_failed" }), "passing", "invalid_answer"],
  [
    groq(400, { message: "Parsing failed", code: "output_parse_failed" }),
    "passing",
    "invalid_answer",
  ],
  [groq(400, { code: "context_length_exceeded", param: "messages" }), "rejected", "too_long"],
  [
    vllm(400, "This model's maximum context length is 4096 tokens. However, max_tokens is 9000"),
    "rejected",
    "too_long",
  ],
  [
    groq(400, { message: "the request exceeds", type: "exceed_context_size_error", code: 400 }),
    "rejected",
    "too_long",
  ],
  [[413, undefined], "rejected", "too_long"],
  [groq(413, { message: "Request Entity Too Large" }), "rejected", "too_long"],
  [groq(400, { message: "'messages.1.content' is wrong" }), "rejected", "rejected"],
  [vllm(400, "no"), "rejected", "rejected"],
  [groq(422, { message: "semantic errors" }), "rejected", "rejected"],
  [[422, { detail: [{ loc: ["body", "messages"], msg: "no" }] }], "rejected", "rejected"],
  [[422, { detail: [{ loc: ["body", "temperature"], msg: "no" }] }], "fatal", null],
  [groq(418, { code: "constructor" }), "rejected", "rejected"],
  [
    groq(413, { message: tooLarge, type: "tokens", code: "rate_limit_exceeded" }),
    "passing",
    "rate_limited",
  ],
  [
    groq(429, { message: limit("tokens per minute (TPM)", "~12903"), code: "rate_limit_exceeded" }),
    "passing",
    "rate_limited",
  ],
  [groq(429, { message: limit("tokens per minute (TPM)") }), "rate_limited", "rate_limited"],
  [[429, undefined], "rate_limited", "rate_limited"],
  [groq(498, { message: "flex", code: "capacity_exceeded" }), "passing", "unavailable"],
  [groq(500, { type: "internal_server_error" }), "passing", "unavailable"],
  [[502, undefined], "passing", "unavailable"],
  [groq(503, { message: "Loading model" }), "passing", "unavailable"],
  [[504, undefined], "passing", "timed_out"],
  [[408, undefined], "passing", "timed_out"],
  [[400, undefined], "passing", "invalid_answer"],
  [[400, "text"], "passing", "invalid_answer"],
  [[206, { choices: [] }], "passing", "invalid_answer"],
];

Deno.test("every refusal means what its status and its code say", () => {
  for (const [[status, body], problem, reason] of CASES) {
    const error = read(status, body);
    const what = `${status} ${JSON.stringify(body)} ${error.message}`;
    assert.deepEqual([error.problem, error.reason], [problem, reason], what);
    const isPassing = problem === "passing" || problem === "rate_limited";
    assert.equal(reason !== null && PASSING_REASONS.includes(reason), isPassing, what);
  }
});

Deno.test("a model that is gone is named, with what to do, in the words of the study", () => {
  for (const code of ["model_decommissioned", "model_not_found"]) {
    for (const status of [400, 404]) {
      const { message } = read(status, { error: { code, message: "x" } });
      assert.match(message, new RegExp(`retired model: .*${MODEL}.*${code}.*study\\.yaml`));
    }
  }
});

Deno.test("bodies of any other form are no reason to throw anything else", () => {
  const odd = [null, 1, "x", [], {}, { error: null }, { error: [] }, { error: { message: 5 } }];
  for (const body of [...odd, { error: { code: {}, type: [], param: 3 } }, { detail: null }]) {
    assert.equal(read(503, body).reason, "unavailable");
    assert.equal(read(429, body).problem, "rate_limited");
    assert.equal(read(401, body).problem, "fatal");
    assert.ok(["invalid_answer", "rejected"].includes(read(400, body).reason!));
  }
});

Deno.test("the wait is that of Retry-After, else of the message, else of the limit that is used up", () => {
  const wait = (headers: Record<string, string>, message = "") =>
    read(429, { error: { message } }, headers).retryAfterMs;
  const minute = limit("tokens per minute (TPM)");
  assert.equal(wait({ "retry-after": "3" }, minute), 3000);
  assert.equal(wait({ "retry-after": "soon" }, minute), 7660);
  const waits = { "172ms": 172, "1m2.5s": 62_500, "2h3m": 7_380_000, "7.66s": 7660 };
  for (const [text, ms] of Object.entries(waits)) {
    assert.equal(wait({}, `Please try again in ${text}. Visit`), ms);
    const used = { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": text };
    assert.equal(wait(used), ms);
    assert.equal(wait({ ...used, "x-ratelimit-remaining-tokens": "5" }), undefined);
  }
  assert.equal(
    wait({
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "172ms",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "2m59.56s",
    }),
    179_560,
  );
  assert.equal(wait({}), undefined);
});

Deno.test("a day's limit is left to another run, however short the wait for one more request", () => {
  for (const limited of ["requests per day (RPD)", "tokens per day (TPD)"]) {
    const body = { error: { message: limit(limited, "1"), code: "rate_limit_exceeded" } };
    const error = read(429, body, { "retry-after": "86" });
    assert.deepEqual([error.problem, error.retryAfterMs], ["rate_limited", HOUR]);
    assert.match(error.message, /today/);
    assert.equal(read(429, body, { "retry-after": "80000" }).retryAfterMs, 80_000_000);
    assert.equal(read(429, body, { "retry-after": "999999" }).retryAfterMs, 24 * HOUR);
  }
});
