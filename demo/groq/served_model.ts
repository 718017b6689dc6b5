/** The models of the loopback Groq: served and retired ones. */
import { GroqError } from "./groq_reply.ts";

/** A model that the demo's Groq serves (https://console.groq.com/docs/models). */
export interface ServedModel {
  id: string;
  owned_by: string;
  /** Prompt and completion together, in tokens. */
  context_window: number;
  max_completion_tokens: number;
  /** The support of `response_format: json_schema`. */
  schema: "strict" | "best effort" | "none";
  /** Values of `reasoning_effort`; empty where the model does not reason. */
  efforts: readonly string[];
}

const LOW_TO_HIGH = ["low", "medium", "high"] as const;

/** The models that the demo's Groq serves. */
export const MODELS: readonly ServedModel[] = [
  gptOss("openai/gpt-oss-20b", "strict"),
  gptOss("openai/gpt-oss-120b", "strict"),
  gptOss("openai/gpt-oss-safeguard-20b", "best effort"),
  {
    id: "qwen/qwen3.6-27b",
    owned_by: "Alibaba Cloud",
    context_window: 131_072,
    max_completion_tokens: 16_384,
    schema: "none",
    efforts: ["none", "default"],
  },
];

function gptOss(id: string, schema: ServedModel["schema"]): ServedModel {
  return {
    id,
    owned_by: "OpenAI",
    context_window: 131_072,
    max_completion_tokens: 65_536,
    schema,
    efforts: LOW_TO_HIGH,
  };
}

/** How a model of the demo's Groq ended: it is known as retired, or no longer known. */
export type Retirement = "decommissioned" | "gone";

const RETIRED = [
  "gemma2-9b-it",
  "llama3-8b-8192",
  "llama3-70b-8192",
  "llama-3.1-8b-instant",
  "llama-3.3-70b-versatile",
];

/** The models that the demo's Groq serves at the moment. */
export class ServedModels {
  readonly #served: Map<string, ServedModel>;
  readonly #retired = new Set(RETIRED);

  constructor(models: readonly ServedModel[]) {
    this.#served = new Map(models.map((model) => [model.id, model]));
    for (const id of this.#served.keys()) this.#retired.delete(id);
  }

  /** Stop serving a model, at once. */
  retire(id: string, as: Retirement): void {
    this.#served.delete(id);
    if (as === "decommissioned") this.#retired.add(id);
  }

  /** Give a model that is served; throws 400 for one that is retired and 404 for one that is unknown. */
  find(id: string): ServedModel {
    // Ollama knows what it lists as name:latest by its name too.
    const model = this.#served.get(id) ?? this.#served.get(`${id}:latest`);
    if (model !== undefined) return model;
    if (this.#retired.has(id)) {
      throw new GroqError(
        400,
        `The model \`${id}\` has been decommissioned and is no longer supported. Please refer to ` +
          "https://console.groq.com/docs/deprecations for a recommendation on which model to use " +
          "instead.",
        { code: "model_decommissioned" },
      );
    }
    throw new GroqError(
      404,
      `The model \`${id}\` does not exist or you do not have access to it.`,
      { code: "model_not_found" },
    );
  }

  /** Give what `GET /models` lists. */
  list(): Record<string, unknown>[] {
    return [...this.#served.values()].map((model) => ServedModels.describe(model));
  }

  /** Give a model as `GET /models` describes it. */
  static describe(model: ServedModel): Record<string, unknown> {
    const { id, owned_by, context_window, max_completion_tokens } = model;
    return {
      id,
      object: "model",
      created: 1_754_408_224,
      owned_by,
      active: true,
      context_window,
      public_apps: null,
      max_completion_tokens,
    };
  }
}
