import type { ModelPrice } from "../../etl/study/study.ts";
import type { ChatRequest, Groq } from "../clients/groq.ts";
import { readChatAnswer } from "../clients/groq_answer.ts";
import { costOf, type Tokens } from "./model_price.ts";
import type { BatchClassifier } from "../batch/batch_taking.ts";
import { MOST_EFFORT } from "../engine/asker.ts";
import type { PendingPost } from "../../etl/sampling/pending.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";
import type { Asked, Questionnaire } from "./questionnaire.ts";
import { readChatReply } from "../reply/chat_answer.ts";
import { partOfReply } from "../reply/reply_part.ts";
import type { ChatSettings } from "./chat_settings.ts";

/** What a classifier that asks a language model is made of. */
export interface ChatOptions {
  name: string;
  /** Raised when the request about the same post changes. */
  version: string;
  questionnaire: Questionnaire;
  settings: ChatSettings;
  /** Most posts in one request. */
  postsPerRequest: number;
  /** Undefined in a dry run without a key. */
  groq: Groq | undefined;
  /** Host of the server if it is not Groq: the same model may answer differently there. */
  server: string | undefined;
  /** Undefined: free of charge. */
  price: ModelPrice | undefined;
  /** The share of the price that a batch costs. */
  isBatch: boolean;
  /** Mean tokens of an answer about one post in the label set so far; undefined without labels. */
  usualCompletion: number | undefined;
}

/** Expected tokens of reasoning before an answer, while there is no label yet. */
const REASONING = { none: 0, low: 30, medium: 150, high: 600 };
/** Share of the first post's cap that each further post adds to the cap of an answer. */
const FURTHER = 1 / 3;
/** Extra tokens of an answer about one of several posts: its id. */
const ID = 6;

/** Give the classifier that asks a language model about posts. */
export function chatClassifier(options: ChatOptions): BatchClassifier {
  const { questionnaire, settings, postsPerRequest, groq, server, price, isBatch } = options;
  const { question } = questionnaire;
  const { model, reasoning_effort, temperature, seed } = settings;
  // Groq enforces a schema for the gpt-oss models only, and refuses one for others.
  const isHeld = server !== undefined || /^openai\/gpt-oss-(?:20b|120b)$/.test(model);
  const asked = new WeakMap<PendingPost[], { asked: Asked; tokens: number }>();
  const ask = (posts: PendingPost[]) => {
    const known = asked.get(posts);
    if (known) return known;
    const request = questionnaire.ask(posts, settings.context_tokens).asked;
    const found = { asked: request, tokens: questionnaire.tokens(model, request) };
    asked.set(posts, found);
    return found;
  };
  const cap = (posts: PendingPost[], effort: number) =>
    Math.ceil(settings.completion_tokens * (1 + (posts.length - 1) * FURTHER)) * 2 ** effort;
  // Labels record a post's part of a request, in which reasoning is shared.
  const reply = questionnaire.replyTokens();
  const usual = (posts: PendingPost[]) =>
    options.usualCompletion !== undefined
      ? Math.ceil(options.usualCompletion * posts.length)
      : REASONING[reasoning_effort ?? "none"] +
        (posts.length > 1 ? posts.length * (reply + ID) : reply);
  const likely = (posts: PendingPost[]) =>
    ask(posts).tokens + Math.min(usual(posts), cap(posts, 0));
  const cost = (tokens: Tokens) => price === undefined ? 0 : costOf(price, tokens, isBatch);
  return {
    name: options.name,
    service: serviceOf(server ?? "groq", model),
    labelSet: {
      classifier: options.name,
      classifier_version: options.version,
      model,
      codebook: question.codebook,
      codebook_hash: question.codebookHash,
      prompt_hash: questionnaire.promptHash(postsPerRequest > 1),
      parameters: {
        temperature,
        seed,
        context_tokens: settings.context_tokens,
        posts_per_request: postsPerRequest,
        ...reasoning_effort ? { reasoning_effort } : {},
        ...server ? { server } : {},
      },
    },
    columns: { ...question.columns, system_fingerprint: "VARCHAR" },
    postsPerRequest,
    needsContext: settings.context_tokens > 0,
    unscorable({ text, context, detected_language, isContextMissing }) {
      const isEmpty = text.trim() === "";
      if (!isEmpty && !question.languages.includes(detected_language ?? "")) {
        return "language_not_supported";
      }
      if (isContextMissing) return "context_unavailable";
      return isEmpty && !context?.length ? "empty" : undefined;
    },
    request: (post) =>
      questionnaire.ask([post], settings.context_tokens).asked.messages.at(-1)!.content,
    about: (post) => ({
      context_kinds: questionnaire.ask([post], settings.context_tokens).contextKinds[0],
    }),
    weight: (posts, effort) => ({
      requests: 1,
      tokens: ask(posts).tokens + cap(posts, effort),
      likely: likely(posts),
    }),
    price: (posts, effort) => cost({ prompt: ask(posts).tokens, completion: cap(posts, effort) }),
    expected(posts) {
      const prompt = ask(posts).tokens;
      const completion = usual(posts);
      return { tokens: prompt + completion, cost: cost({ prompt, completion }) };
    },
    async ask(posts, effort, signal) {
      const { body, headers } = await groq!.chat(chatRequest(posts, effort), signal);
      return { answer: body, headers, isPromptCut: isPromptCut(body, ask(posts).tokens) };
    },
    // A batch cannot ask for a longer answer later: the cap is the largest from the start.
    batchBody: (posts) => chatRequest(posts, MOST_EFFORT),
    used(answer) {
      const { tokens_prompt: prompt, tokens_completion: completion } = readChatAnswer(answer);
      if (prompt === null || completion === null) return undefined;
      return { tokens: prompt + completion, cost: cost({ prompt, completion }) };
    },
    part: partOfReply,
    read(answer) {
      const { reply, ...said } = readChatReply(answer);
      if ("reason" in reply) throw refusal(reply.reason);
      return { ...questionnaire.read(reply.content, isHeld), ...said };
    },
  };

  function chatRequest(posts: PendingPost[], effort: number): ChatRequest {
    const { messages, response_format } = ask(posts).asked;
    return {
      model,
      messages,
      response_format: isHeld ? response_format : notStrict(response_format),
      max_completion_tokens: cap(posts, effort),
      temperature,
      seed,
      ...reasoning_effort ? { reasoning_effort } : {},
    };
  }
}

/** Far more than tokenizers differ; a server that keeps 256 of 1,200 tokens is below. */
const CUT_PROMPT = 1 / 3;

/** Did a server read much less of a request than was sent without saying so? */
function isPromptCut(body: string, sent: number): boolean {
  try {
    const { tokens_prompt } = readChatAnswer(body);
    return tokens_prompt !== null && tokens_prompt > 0 && tokens_prompt < CUT_PROMPT * sent;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return false;
  }
}

/** Give the format for a model that need not follow a schema. */
function notStrict(format: Asked["response_format"]): unknown {
  const { json_schema, ...rest } = format as { json_schema: Record<string, unknown> };
  return { ...rest, json_schema: { ...json_schema, strict: false } };
}

function refusal(reason: "refused" | "cut_short" | "invalid_answer"): ServiceError {
  if (reason === "refused") {
    return new ServiceError("rejected", reason, "the model refuses to label the post");
  }
  if (reason === "cut_short") return new ServiceError("cut", reason, "the answer is cut short");
  return new ServiceError("passing", reason, "the answer is empty");
}

/** Groq limits each model of an account separately. */
function serviceOf(server: string, model: string): string {
  return `${server}-${model}`.replaceAll(/[^\w.-]+/g, "_");
}
