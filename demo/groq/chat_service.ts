/** Chat completions of the loopback Groq: what is checked, limited, broken, written and counted. */
import type { BatchLine } from "./batch_input.ts";
import type { LineResponse } from "./batch.ts";
import { type ChatCompletion, complete } from "./chat_completion.ts";
import { CHAT_FAULTS, type ChatFault, type ChatFaultShares, errorOf } from "./chat_fault.ts";
import { ChatRecord } from "./chat_record.ts";
import {
  type ChatCompletionRequest,
  checkForModel,
  completionCap,
  readChatRequest,
} from "./chat_request.ts";
import { PromptCounter, type Tokenizer } from "./chat_tokens.ts";
import { Faults } from "../perspective/fault.ts";
import { errorReply, GroqError, type Reply } from "./groq_reply.ts";
import { RateLimit, type RateLimits } from "./rate_limit.ts";
import type { ServedModel, ServedModels } from "./served_model.ts";

/** How the demo's Groq answers. */
export interface ChatOptions {
  /** Of each model; none where it is undefined. */
  limits: RateLimits | undefined;
  /** One's own server, which knows nothing of what only some models of Groq can do. */
  isOwn: boolean;
  answer: (request: ChatCompletionRequest) => unknown;
  faults: ChatFaultShares | ((request: ChatCompletionRequest) => ChatFault | undefined);
  seed: number;
  now: () => number;
}

/** Answers the chat completions of the demo's Groq, live and in batches. */
export class ChatService {
  readonly record = new ChatRecord();
  readonly #limits = new Map<string, RateLimit>();
  readonly #counter: PromptCounter;
  readonly #draw: (request: ChatCompletionRequest) => ChatFault | undefined;

  constructor(
    readonly models: ServedModels,
    readonly tokenizer: Tokenizer,
    readonly options: ChatOptions,
  ) {
    this.#counter = new PromptCounter(tokenizer);
    if (typeof options.faults === "function") {
      this.#draw = options.faults;
    } else {
      const faults = new Faults(CHAT_FAULTS, options.faults, options.seed);
      this.#draw = () => faults.draw();
    }
  }

  /** Answer a live request; throws what Groq refuses before it looks at the limits. */
  answerLive(body: unknown): Reply {
    const at = this.options.now();
    const { request, model, promptTokens } = this.#check(body);
    const limit = this.#limitOf(model);
    const reserved = promptTokens + completionCap(request, model);
    try {
      limit?.admit(reserved, at);
    } catch (error) {
      if (!(error instanceof GroqError)) throw error;
      return errorReply(error, limit?.headers(at));
    }
    // Only requests that would be answered break, so that refusals can be counted.
    const fault = this.#draw(request);
    let used = 0;
    const settle = () => {
      const now = this.options.now();
      limit?.refund(reserved - used, now);
      return limit?.headers(now) ?? {};
    };
    const noAnswer = fault === "silent" || fault === "reset";
    if (noAnswer) return { status: 0, body: "", fault, settle };
    try {
      const completion = this.#write(request, model, promptTokens, fault);
      used = completion.usage.total_tokens;
      this.record.answer(request, completion.usage, at);
      return { status: 200, body: completion, fault, settle };
    } catch (error) {
      if (!(error instanceof GroqError)) throw error;
      // A gateway knows nothing of JSON.
      if (error.status === 502) return { status: 502, body: BAD_GATEWAY, settle };
      return { ...errorReply(error), settle };
    }
  }

  /** Answer a line of a batch, which has limits of its own. */
  answerLine({ body }: BatchLine): LineResponse {
    const request_id = `req_${this.#lines++}`;
    try {
      const { request, model, promptTokens } = this.#check(body);
      const fault = this.#draw(request);
      if (fault === "silent" || fault === "reset" || fault === "broken_body") {
        throw errorOf("internal")!;
      }
      const completion = this.#write(request, model, promptTokens, fault);
      this.record.answer(request, completion.usage, undefined);
      return { status_code: 200, request_id, body: completion };
    } catch (error) {
      if (!(error instanceof GroqError)) throw error;
      return { status_code: error.status, request_id, body: error.body };
    }
  }
  #lines = 0;

  #check(
    body: unknown,
  ): { request: ChatCompletionRequest; model: ServedModel; promptTokens: number } {
    const request = readChatRequest(body);
    this.record.ask(request);
    const model = this.models.find(request.model);
    if (!this.options.isOwn) checkForModel(request, model);
    const promptTokens = this.#counter.count(request);
    // A default cap is lowered; a requested one must fit beside the prompt.
    const cap = request.max_completion_tokens ?? request.max_tokens ?? 1;
    if (promptTokens + cap > model.context_window) {
      throw new GroqError(400, "Please reduce the length of the messages or completion.", {
        param: "messages",
        code: "context_length_exceeded",
      });
    }
    return { request, model, promptTokens };
  }

  #write(
    request: ChatCompletionRequest,
    model: ServedModel,
    promptTokens: number,
    fault: ChatFault | undefined,
  ): ChatCompletion {
    const error = errorOf(fault);
    if (error !== undefined) throw error;
    const answer = this.options.answer(request);
    const how = { fault, now: this.options.now() };
    return complete(request, model, promptTokens, answer, this.tokenizer, how);
  }

  #limitOf({ id }: ServedModel): RateLimit | undefined {
    if (this.options.limits === undefined) return undefined;
    let limit = this.#limits.get(id);
    if (limit === undefined) this.#limits.set(id, limit = new RateLimit(id, this.options.limits));
    return limit;
  }
}

const BAD_GATEWAY = "<!DOCTYPE html><title>api.groq.com | 502: Bad gateway</title>";
