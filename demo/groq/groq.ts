/**
 * A Groq on 127.0.0.1: checks each request as Groq's API does, holds its limits, runs batches, and
 * answers with what it was given, else with values made from a hash of the prompt.
 */
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Batches, type BatchStep } from "./batch.ts";
import { BatchFiles } from "./batch_file.ts";
import type { ChatFault, ChatFaultShares } from "./chat_fault.ts";
import type { ChatRecord } from "./chat_record.ts";
import type { ChatCompletionRequest } from "./chat_request.ts";
import { ChatService } from "./chat_service.ts";
import { loadTokenizer } from "./chat_tokens.ts";
import { errorReply, GroqError, ok, type Reply, send } from "./groq_reply.ts";
import { inventAnswer } from "./invented_answer.ts";
import { DEVELOPER, type RateLimits } from "./rate_limit.ts";
import { MODELS, type Retirement, type ServedModel, ServedModels } from "./served_model.ts";

/** How the demo's Groq behaves. */
export interface GroqOptions {
  /** The only accepted key; without it, no key is accepted. */
  key?: string;
  /** `/openai/v1` by default; at `/v1` it plays one's own server, without key and limits. */
  path?: "/openai/v1" | "/v1";
  models?: readonly ServedModel[];
  /** Limits of each model; those of a developer by default. */
  limits?: RateLimits;
  /** A model's answer: an object that becomes JSON, or text. */
  answer?: (request: ChatCompletionRequest) => unknown;
  /** How the answers of the default find the ids of posts in the user's message, as first group. */
  ids?: RegExp;
  /** How long an answer takes. */
  latencyMs?: number;
  /** Milliseconds since 1970; the time of day by default. */
  now?: () => number;
  /** By default, with each request for it. */
  batchStep?: BatchStep;
  /** Shares of the requests, from 0 to 1, that do not end as they should, or which fault each has. */
  faults?: ChatFaultShares | ((request: ChatCompletionRequest) => ChatFault | undefined);
  /** Seed of the faults. */
  seed?: number;
}

/** A running Groq. */
export interface LoopbackGroq {
  /** Where it is, without the path: what `groq-sdk` takes as `baseURL`. */
  url: string;
  /** Its requests and answers. */
  record: ChatRecord;
  /** Stop serving a model, at once, live and in batches. */
  retire(model: string, as: Retirement): void;
  /** Let batches whose work has not begun expire with this share of it done; 1 completes them. */
  expireBatches(shareDone: number): void;
  close(): Promise<void>;
}

/** Start a Groq on a free port. */
export async function startGroq(options: GroqOptions = {}): Promise<LoopbackGroq> {
  const path = options.path ?? "/openai/v1";
  const isOwn = path === "/v1";
  const now = options.now ?? (() => performance.timeOrigin + performance.now());
  const models = new ServedModels(options.models ?? MODELS);
  const chat = new ChatService(models, await loadTokenizer(), {
    limits: isOwn ? undefined : options.limits ?? DEVELOPER,
    isOwn,
    answer: options.answer ?? ((request) => inventAnswer(request, options.ids)),
    faults: options.faults ?? {},
    seed: options.seed ?? 0,
    now,
  });
  const { record } = chat;
  const files = new BatchFiles(now);
  const step = options.batchStep ?? { polls: 1 };
  const batches = new Batches(files, (line) => chat.answerLine(line), now, step);
  const pauses = new Set<ReturnType<typeof setTimeout>>();
  let requests = 0;

  const server = createServer((request, response) => {
    const url = new URL(request.url!, "http://127.0.0.1");
    const isChat = url.pathname === `${path}/chat/completions`;
    if (isChat) record.arrivals.push(now());
    const requestId = `req_${++requests}`;
    readBody(request).then((body) => route(request, url, body)).catch(refusal).then((reply) =>
      isChat ? sendLater(response, reply, requestId) : send(response, reply, requestId)
    ).catch(() => response.destroy());
  });
  // Node closes a connection after 5 s without a request, just as a client may use it again.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as { port: number };

  function sendLater(response: ServerResponse, reply: Reply, requestId: string): void {
    if (reply.fault === "silent") return record.status(0);
    const pause = setTimeout(() => {
      pauses.delete(pause);
      record.status(reply.status);
      if (reply.status !== 0) return send(response, reply, requestId);
      reply.settle?.();
      response.destroy();
    }, options.latencyMs ?? 0);
    pauses.add(pause);
  }

  async function route(request: IncomingMessage, url: URL, body: Uint8Array): Promise<Reply> {
    if (!url.pathname.startsWith(`${path}/`)) throw unknownUrl(request);
    if (!isOwn && request.headers.authorization !== `Bearer ${options.key}`) {
      throw new GroqError(401, "Invalid API Key", { code: "invalid_api_key" });
    }
    const parts = url.pathname.slice(path.length + 1).split("/").map(decodeURIComponent);
    const what = parts[0];
    if (what === "chat" && parts[1] === "completions" && request.method === "POST") {
      return chat.answerLive(parse(body));
    }
    if (what === "models" && request.method === "GET") {
      // The name of a model has a slash, which some clients send as it is.
      const id = parts.slice(1).join("/");
      return ok(
        id === ""
          ? { object: "list", data: models.list() }
          : ServedModels.describe(models.find(id)),
      );
    }
    const [, id = "", action] = parts;
    const form = ["", "/id", `/id/${action}`][parts.length - 1];
    switch (`${request.method} ${what}${form}`) {
      case "POST files":
        return ok(await files.upload(request.headers["content-type"], body));
      case "GET files":
        return ok(files.list());
      case "GET files/id":
        return ok(files.describe(id));
      case "GET files/id/content":
        return ok(files.content(id));
      case "DELETE files/id":
        return ok(files.delete(id));
      case "POST batches":
        return ok(batches.create(parse(body)));
      case "GET batches":
        return ok(
          await batches.list(url.searchParams.getAll("id"), url.searchParams.get("cursor")),
        );
      case "GET batches/id":
        return ok(await batches.retrieve(id));
      case "POST batches/id/cancel":
        return ok(batches.cancel(id));
      default:
        throw unknownUrl(request);
    }
  }

  return {
    url: `http://127.0.0.1:${port}`,
    record,
    retire: (model, as) => models.retire(model, as),
    expireBatches(shareDone) {
      batches.shareDone = shareDone;
    },
    close: () =>
      new Promise((resolve) => {
        for (const pause of pauses) clearTimeout(pause);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refusal(error: unknown): Reply {
  if (error instanceof GroqError) return errorReply(error);
  throw error;
}

function unknownUrl({ method, url }: IncomingMessage): GroqError {
  return new GroqError(
    404,
    `Unknown request URL: ${method} ${url}. Please check the URL for typos.`,
    {
      code: "unknown_url",
    },
  );
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    throw new GroqError(400, "the request body is not valid JSON");
  }
}
