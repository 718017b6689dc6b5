import { z } from "zod";
import { headerNumber, parseDuration, retryAfterMs } from "../../etl/quota/server_allowance.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Codes of models that no longer answer anybody. */
const RETIRED = ["model_decommissioned", "model_not_found", "model_not_active"];
/** Codes of models that do not answer this account. */
const BLOCKED = [
  "model_terms_required",
  "model_permission_blocked_org",
  "model_permission_blocked_project",
];
/** Codes that refuse every request of an account. */
const ACCOUNT = [
  "invalid_api_key",
  "blocked_api_access",
  "organization_restricted",
  "not_available_for_plan",
  "insufficient_quota",
];
/** Codes of answers that the service itself could not read. */
const UNREADABLE = ["json_validate_failed", "output_parse_failed", "tool_use_failed"];
const TOO_LONG = ["context_length_exceeded", "exceed_context_size_error"];
const LIMIT = "rate_limit_exceeded";
/** Codes that mean something here; no other word of the service is repeated. */
export const KNOWN_CODES = [...RETIRED, ...BLOCKED, ...ACCOUNT, ...UNREADABLE, ...TOO_LONG, LIMIT];

/** Messages of servers without a code for a request that is too long. */
const NO_ROOM = /context (length|window|size)|maximum (input|model) length|too many tokens/i;
/** Settings of ours; no post is at fault for them. */
const SETTING =
  /\b(response[ _]format|json_schema|max_completion_tokens|max_tokens|temperature|seed|reasoning_effort)\b/i;
/** Groq's message for an answer that met its cap, for models without an enforced schema. */
const CAP = /max completion tokens reached/i;
const TRY_AGAIN = /try again in ((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)/i;
const REQUESTED = /Limit (\d+),(?: Used \d+,)? Requested ~?(\d+)/i;

const text = z.string().catch("");
const Said = z.object({
  message: text,
  type: text,
  code: text,
  param: text,
  failed_generation: text,
});
type Said = z.infer<typeof Said>;
/** Groq's form, that of vLLM's older releases, and those of servers on FastAPI. */
const Body = z.union([
  z.object({ error: Said }),
  z.object({ error: z.string() }),
  z.object({ object: z.literal("error"), message: z.string() }),
  z.object({ detail: z.union([z.string(), z.array(z.unknown())]) }),
]);

/** The service does not have this batch or file (any more). */
export class GoneError extends ServiceError {}

/** The API does not exist at this address. */
export class NoSuchApiError extends ServiceError {}

/** An answer that is not a success; `body` is its JSON, undefined where it is not JSON. */
export interface RefusedAnswer {
  status: number;
  headers: Headers;
  body: unknown;
}

/**
 * Explain an answer that is not a success.
 *
 * Status, `code` and the form of the message decide. The message quotes only words of the service
 * that are known here, because a server may repeat the request. `model` is the one that was
 * asked, where one was. Source: https://console.groq.com/docs/errors.
 */
export function readRefusal(
  { status, headers, body }: RefusedAnswer,
  host: string,
  model?: string,
): ServiceError {
  const said = readBody(body);
  const has = (codes: string[]) => codes.some((it) => it === said?.code || it === said?.type);
  const word = KNOWN_CODES.find((it) => has([it]));
  const found = `(HTTP ${status}${word === undefined ? "" : `, ${word}`})`;
  const fatal = (message: string) => new ServiceError("fatal", null, message);

  if (status === 429 || has([LIMIT])) return limited(host, found, headers, status, said);
  if (status >= 500 || [408, 425, 498, 499].includes(status)) {
    const reason = status === 408 || status === 504 ? "timed_out" : "unavailable";
    const waitMs = retryAfterMs(headers.get("retry-after"));
    return new ServiceError("passing", reason, `${host} is not ready ${found}`, waitMs);
  }
  const isOfModel = model !== undefined && status === 404 && /\bmodel\b/i.test(said?.message ?? "");
  if (has(RETIRED) || isOfModel) {
    return fatal(
      `retired model: ${host} no longer has ${
        model ?? "the model"
      } ${found}; name another in study.yaml`,
    );
  }
  if (has(BLOCKED)) {
    return fatal(
      `${host} does not let this account use ${
        model ?? "the model"
      } ${found}; accept its terms or ` +
        "allow it in the settings of the account, or name another in study.yaml",
    );
  }
  if (
    [401, 402, 403, 407].includes(status) || has(ACCOUNT) || /api key/i.test(said?.message ?? "")
  ) {
    return fatal(
      `${host} does not let this account ask ${found}; check GROQ_API_KEY in .env, and the plan and ` +
        "the spend limit of its account",
    );
  }
  // Only a server with a Batch API can report a lost batch.
  if (
    status === 404 && said?.code !== "unknown_url" && /\b(batch|file)\b/i.test(said?.message ?? "")
  ) {
    return new GoneError("fatal", null, `${host} has no such batch or file ${found}`);
  }
  if ([404, 405, 410].includes(status) || (status >= 300 && status < 400)) {
    return new NoSuchApiError(
      "fatal",
      null,
      `${host} has no such API at this address ${found}; check GROQ_BASE_URL, to which /v1 is added ` +
        "where it names no version",
    );
  }
  if (status === 413 || has(TOO_LONG) || (said && NO_ROOM.test(said.message))) {
    const message = `the request is longer than ${host} takes ${found}`;
    return new ServiceError("rejected", "too_long", message);
  }
  if (has(UNREADABLE) && CAP.test(said!.failed_generation)) {
    return new ServiceError("cut", "cut_short", `the answer is cut short ${found}`);
  }
  if (has(UNREADABLE)) {
    const message = `the model's text does not fit the schema ${found}`;
    return new ServiceError("passing", "invalid_answer", message);
  }
  if (status < 400 || said === undefined) return notTheService(host, found);
  const setting = SETTING.exec(said.param)?.[1] ?? SETTING.exec(said.message)?.[1];
  if (setting !== undefined) {
    const name = setting.toLowerCase().replace(" ", "_");
    return fatal(
      `${host} does not accept ${name} as set for ${
        model ?? "the model"
      } ${found}; another model ` +
        "or setting in study.yaml may work",
    );
  }
  return new ServiceError("rejected", "rejected", `${host} refuses the post ${found}`);
}

/** Give the error for an answer that no such service writes, such as a page of a proxy. */
export function notTheService(host: string, found: string): ServiceError {
  const message = `the answer of ${host} is not that of an OpenAI-compatible server ${found}`;
  return new ServiceError("passing", "invalid_answer", message);
}

/**
 * Tell which limit was met, and how long to wait.
 *
 * A request that needs more tokens than a minute allows is never admitted, but another account or
 * setting may admit it: it fails for now, without delaying others. The run does not wait for a day's limit:
 * the wait is at least an hour, so that the engine leaves the rest to another run.
 */
function limited(
  host: string,
  found: string,
  headers: Headers,
  status: number,
  said: Said | undefined,
): ServiceError {
  const message = said?.message ?? "";
  const [, limit, requested] = REQUESTED.exec(message) ?? [];
  if (status === 413 || Number(requested) > Number(limit)) {
    return new ServiceError(
      "passing",
      "rate_limited",
      `a request needs more tokens, its cap included, than ${host} gives this account in a minute ` +
        `${found}; ask about fewer posts per request, or lower the cap`,
    );
  }
  const waitMs = retryAfterMs(headers.get("retry-after"), DAY_MS) ??
    parseDuration(TRY_AGAIN.exec(message)?.[1] ?? null) ?? resetMs(headers);
  if (/\bper day\b|\b[RT]PD\b/i.test(message)) {
    const ms = Math.min(Math.max(waitMs ?? 0, HOUR_MS), DAY_MS);
    return new ServiceError(
      "rate_limited",
      "rate_limited",
      `${host} has no quota left today ${found}`,
      ms,
    );
  }
  return new ServiceError("rate_limited", "rate_limited", `${host} asks to wait ${found}`, waitMs);
}

/** Give when the used-up limits reset; undefined where none is named. */
function resetMs(headers: Headers): number | undefined {
  const resets = ["requests", "tokens"].flatMap((unit) => {
    const remaining = headerNumber(headers.get(`x-ratelimit-remaining-${unit}`));
    const ms = parseDuration(headers.get(`x-ratelimit-reset-${unit}`));
    return remaining === 0 && ms !== undefined ? [Math.min(ms, DAY_MS)] : [];
  });
  return resets.length === 0 ? undefined : Math.max(...resets);
}

function readBody(body: unknown): Said | undefined {
  const { data } = Body.safeParse(body);
  if (data === undefined) return undefined;
  if ("detail" in data) return Said.parse({ message: JSON.stringify(data.detail) });
  if ("message" in data) return Said.parse(body);
  return typeof data.error === "string" ? Said.parse({ message: data.error }) : data.error;
}
