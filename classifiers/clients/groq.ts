import { z } from "zod";
import { ServiceError } from "../../etl/answers/service_error.ts";
import { GroqConnection, type GroqOptions, type ServerText } from "./groq_connection.ts";
import { readJson } from "../../etl/store/json.ts";

/** Identifiers are shown to people: no control characters. */
const ModelId = z.string().regex(/^[\x21-\x7e]{1,200}$/);
const Models = z.object({
  // Ollama gives null for none.
  data: z.array(
    z.object({
      id: ModelId,
      context_window: z.int().optional().catch(undefined),
      /** The name in vLLM. */
      max_model_len: z.int().optional().catch(undefined),
      active: z.boolean().optional().catch(undefined),
    }).nullable().catch(null),
  ).nullable(),
});

/** A request for one chat completion, as the API takes it. */
export interface ChatRequest {
  model: string;
  messages: { role: "system" | "user"; content: string }[];
  response_format?: unknown;
  /** The cap of the answer; the service counts it as used when it admits the request. */
  max_completion_tokens: number;
  temperature?: number;
  seed?: number;
  reasoning_effort?: "low" | "medium" | "high";
}

/** The whole response body as received, and the limits in the headers. */
export type ChatReply = ServerText;

/**
 * A model in the list that a server gives of its models; tokens of prompt and answer together,
 * where it says so.
 */
export interface ServedModel {
  id: string;
  context_window?: number;
  active?: boolean;
}

/**
 * Asks an LLM at Groq, or at any OpenAI-compatible server (vLLM, llama.cpp, Ollama).
 *
 * Source of the API: https://console.groq.com/docs/api-reference.
 */
export class Groq {
  readonly #connection: GroqConnection;

  /** Throws a usage error where the base URL or the key cannot be one. */
  constructor(options: GroqOptions) {
    this.#connection = new GroqConnection(options);
  }

  /** Name and port of the server. */
  get host(): string {
    return this.#connection.host;
  }

  /**
   * Ask for one chat completion, and give the JSON of the answer as it came.
   *
   * Throws a `ServiceError` (see `readRefusal`), and the signal's reason once it is aborted.
   */
  chat(request: ChatRequest, signal: AbortSignal): Promise<ChatReply> {
    // JSON can escape half a surrogate pair; parsers of other languages refuse it.
    const messages = request.messages.map((message) => ({
      ...message,
      content: message.content.toWellFormed(),
    }));
    const body = { ...request, messages };
    const { model } = request;
    return this.#connection.text({
      method: "post",
      path: "/chat/completions",
      body,
      signal,
      model,
    });
  }

  /** List the models that the server has now; throws a `ServiceError`. */
  async models(signal?: AbortSignal): Promise<ServedModel[]> {
    const { body } = await this.#connection.text({ method: "get", path: "/models", signal });
    const { data: found } = Models.safeParse(readJson(body));
    if (found === undefined) {
      const message = `the answer of ${this.host} is not a list of models`;
      throw new ServiceError("passing", "invalid_answer", message);
    }
    return (found.data ?? []).flatMap((model) => {
      if (model === null) return [];
      const { id, active, context_window, max_model_len } = model;
      const tokens = context_window ?? max_model_len;
      return [{
        id,
        ...tokens === undefined ? {} : { context_window: tokens },
        ...active === undefined ? {} : { active },
      }];
    });
  }
}
