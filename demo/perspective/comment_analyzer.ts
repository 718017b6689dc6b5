/**
 * A Comment Analyzer on 127.0.0.1: checks each request as Perspective does, and answers with recorded
 * scores, else with scores made from a hash of the text, which mean nothing and say so.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { ATTRIBUTES } from "../../classifiers/clients/comment_analyzer_attributes.ts";
import { type Analysis, readAnalysis, Refusal, refuse } from "./analysis_request.ts";
import { type Fault, FAULTS, Faults, type FaultShares } from "./fault.ts";

/** How the demo's Comment Analyzer behaves. */
export interface CommentAnalyzerOptions {
  /** The one key that is accepted. */
  key: string;
  /** Where it lies on the server, such as `/perspective/`; the root by default. */
  path?: string;
  /** Recorded scores by text, then by attribute; attributes that are not there are not answered. */
  recorded?: Map<string, Record<string, number>>;
  /** The mark of recorded scores, in place of the client's token. */
  mark?: string;
  /** Seed of the scores of other texts, and of faults. */
  seed?: number;
  /** How long an answer takes. */
  latencyMs?: number;
  /** Number of requests in any window of some milliseconds; more are refused with 429. */
  quota?: { requests: number; perMs: number };
  /** The Retry-After of what the quota refuses, in seconds; none by default. */
  retryAfter?: number;
  /** Shares of the requests, from 0 to 1, that do not end as they should. */
  faults?: FaultShares;
}

/** A running Comment Analyzer and its record. */
export interface CommentAnalyzerServer {
  /** The root URL, with its slash at the end. */
  url: string;
  /** Requests by text: those that passed key and quota, whatever became of them. */
  asked: Map<string, number>;
  /** Scores sent, by text: what a client pays for. */
  answered: Map<string, number>;
  /** Requests by status; those that got none stand under 0. */
  statuses: Map<number, number>;
  /** Requests that did not end as they should, by what went wrong. */
  faults: Map<Fault, number>;
  /** When each request came, in milliseconds of `performance.now()`, in order. */
  arrivals: number[];
  /** Give the most requests that came in any window of so many milliseconds. */
  mostWithin(ms: number): number;
  /** Refuse everything with 429 for so long from now on, with Retry-After in seconds where it is given. */
  storm(ms: number, retryAfter?: number): void;
  close(): Promise<void>;
}

/** Start a Comment Analyzer on a free port. */
export async function startCommentAnalyzer(
  options: CommentAnalyzerOptions,
): Promise<CommentAnalyzerServer> {
  const path = `${(options.path ?? "/").replace(/\/+$/, "")}/v1alpha1/comments:analyze`;
  const faults = new Faults(FAULTS, options.faults ?? {}, options.seed ?? 0);
  const admitted = new Window(options.quota);
  const stormy = { until: 0, retryAfter: undefined as number | undefined };
  const pauses = new Set<ReturnType<typeof setTimeout>>();

  const server = createServer((request, response) => {
    analyzer.arrivals.push(performance.now());
    readBody(request).then((body) => respond(request, response, body), () => response.destroy());
  });
  // Node closes a connection after 5 s without a request, just as a client may use it again.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as { port: number };

  const analyzer: CommentAnalyzerServer = {
    url: `http://127.0.0.1:${port}${path.replace(/v1alpha1.*/, "")}`,
    asked: new Map(),
    answered: new Map(),
    statuses: new Map(),
    faults: new Map(),
    arrivals: [],
    mostWithin: (ms) => mostWithin(analyzer.arrivals, ms),
    storm(ms, retryAfter) {
      stormy.until = performance.now() + ms;
      stormy.retryAfter = retryAfter;
    },
    close: () =>
      new Promise((resolve) => {
        for (const pause of pauses) clearTimeout(pause);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  function respond(request: IncomingMessage, response: ServerResponse, body: string): void {
    let answer: { status: number; body: unknown; retryAfter?: number };
    let text: string | undefined;
    try {
      authorize(request, path, options.key);
      admit();
      const analysis = readAnalysis(request, body);
      text = analysis.text;
      count(analyzer.asked, text);
      const recorded = options.recorded?.get(text);
      const scores = scoresOf(
        options.mark ? { ...analysis, clientToken: options.mark } : analysis,
        recorded,
        options.seed ?? 0,
      );
      answer = { status: 200, body: scores };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer = error;
    }
    // Only requests that would be answered break, so that refusals can be counted.
    const fault = answer.status === 200 ? faults.draw() : undefined;
    if (fault !== undefined) count(analyzer.faults, fault);
    if (fault === "silent") return count(analyzer.statuses, 0);
    const pause = setTimeout(() => {
      pauses.delete(pause);
      if (fault === "reset") {
        count(analyzer.statuses, 0);
        return void request.socket.destroy();
      }
      if (fault === "unavailable") {
        answer = refuse(503, "UNAVAILABLE", "The service is currently unavailable.");
      }
      count(analyzer.statuses, answer.status);
      if (answer.status === 200) count(analyzer.answered, text!);
      const json = JSON.stringify(answer.body);
      const isPage = typeof answer.body === "string";
      const headers: Record<string, string> = {
        "content-type": isPage ? "text/html; charset=UTF-8" : "application/json; charset=UTF-8",
      };
      if (answer.retryAfter !== undefined) headers["retry-after"] = String(answer.retryAfter);
      response.writeHead(answer.status, headers);
      const whole = isPage ? answer.body as string : json;
      response.end(fault === "broken" ? whole.slice(0, whole.length / 2) : whole);
    }, options.latencyMs ?? 0);
    pauses.add(pause);
  }

  function admit(): void {
    const isStorm = performance.now() < stormy.until;
    if (!isStorm && admitted.take()) return;
    const refusal = refuse(429, "RESOURCE_EXHAUSTED", QUOTA_MESSAGE, {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "RATE_LIMIT_EXCEEDED",
      domain: "googleapis.com",
      metadata: { service: "commentanalyzer.googleapis.com" },
    });
    refusal.retryAfter = isStorm ? stormy.retryAfter : options.retryAfter;
    throw refusal;
  }

  return analyzer;
}

const QUOTA_MESSAGE = "Quota exceeded for quota metric 'Analysis requests (AnalyzeComment)' and " +
  "limit 'Analysis requests (AnalyzeComment) per minute'.";

/** As Google's front end does, before the Comment Analyzer sees the request. */
function authorize(request: IncomingMessage, path: string, expected: string): void {
  const url = new URL(request.url!, "http://127.0.0.1");
  if (request.method !== "POST" || url.pathname !== path) throw notFound();
  // The real one takes a key here; it would stand in the logs of every proxy on the way.
  if (url.search !== "") throw refuse(400, "INVALID_ARGUMENT", "No parameters in the URL, no key.");
  const key = request.headers["x-goog-api-key"];
  if (key === undefined) {
    throw refuse(403, "PERMISSION_DENIED", "The request is missing a valid API key.");
  }
  if (key === expected) return;
  throw refuse(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    reason: "API_KEY_INVALID",
    domain: "googleapis.com",
    metadata: { service: "commentanalyzer.googleapis.com" },
  });
}

function notFound(): Refusal {
  return new Refusal(404, "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>");
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return await new Blob(chunks as BlobPart[]).text();
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function mostWithin(arrivals: number[], ms: number): number {
  let first = 0;
  let most = 0;
  arrivals.forEach((at, index) => {
    while (arrivals[first]! <= at - ms) first++;
    most = Math.max(most, index - first + 1);
  });
  return most;
}

/** A quota that holds in every window, not only in those that begin with a minute. */
class Window {
  readonly #taken: number[] = [];
  #next = 0;

  constructor(readonly quota: { requests: number; perMs: number } | undefined) {}

  /** Take one request of the quota; false where it is used up, and then nothing is taken. */
  take(): boolean {
    if (this.quota === undefined) return true;
    const now = performance.now();
    const oldest = this.#taken[this.#next];
    if (oldest !== undefined && oldest > now - this.quota.perMs) return false;
    this.#taken[this.#next] = now;
    this.#next = (this.#next + 1) % this.quota.requests;
    return true;
  }
}

/** Marks answers of the demo's Comment Analyzer with invented scores; it stays with every stored answer. */
export const DEMO_MARK = "civicsky demo: scores made from a hash of the text, they mean nothing";

const ORDER = Object.keys(ATTRIBUTES);

/** Give an `AnalyzeCommentResponse`: the recorded scores, else those made from the text and a seed. */
function scoresOf(
  { text, languages, attributes, clientToken }: Analysis,
  recorded: Record<string, number> | undefined,
  seed: number,
): Record<string, unknown> {
  const scores = recorded ?? inventedScores(text, seed);
  const answered = attributes.filter((attribute) => Object.hasOwn(scores, attribute));
  const attributeScores = Object.fromEntries(answered.map((attribute) => {
    const score = { value: scores[attribute], type: "PROBABILITY" };
    const spanScores = [{ begin: 0, end: text.length, score }];
    return [attribute, { spanScores, summaryScore: score }];
  }));
  return {
    attributeScores,
    languages,
    detectedLanguages: languages,
    clientToken: recorded ? clientToken : DEMO_MARK,
  };
}

/** Most texts score low, as with the real service: the cube of a uniform number. */
function inventedScores(text: string, seed: number): Record<string, number> {
  const hash = createHash("sha512").update(`${seed}:${text}`).digest();
  return Object.fromEntries(
    ORDER.map((attribute, index) => [attribute, (hash.readUInt16BE(index * 2) / 65_536) ** 3]),
  );
}
