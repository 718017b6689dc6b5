/** Tokens of chat requests, counted with the encoding of the gpt-oss models. */
import type { ChatCompletionRequest } from "./chat_request.ts";

/** Tokens of a text, as the demo's Groq counts them. */
export interface Tokenizer {
  encode(text: string): number[];
  decode(tokens: number[]): string;
  count(text: string): number;
}

/**
 * Load the encoding by which the demo's Groq counts, `o200k_harmony`; it takes a fifth of a second
 * and 60 MB.
 */
export async function loadTokenizer(): Promise<Tokenizer> {
  const { countTokens, decode, encode } = await import("gpt-tokenizer/encoding/o200k_harmony");
  // A post that writes `<|end|>` writes text: Groq's does not obey it either.
  const asText = { disallowedSpecial: new Set<string>() };
  return {
    encode: (text) => encode(text, asText),
    decode,
    count: (text) => countTokens(text, asText),
  };
}

/**
 * The preamble of every conversation with a gpt-oss model
 * (https://developers.openai.com/cookbook/articles/openai-harmony).
 */
const PREAMBLE = "You are ChatGPT, a large language model trained by OpenAI.\n" +
  "Knowledge cutoff: 2024-06\nCurrent date: 2026-01-01\n\nReasoning: low\n\n" +
  "# Valid channels: analysis, commentary, final. Channel must be included for every message.";
/** `<|start|>`, the role, `<|message|>` and `<|end|>`. */
const MESSAGE_TOKENS = 4;
/** `<|start|>assistant`, where the model goes on. */
const OPENING_TOKENS = 2;
const REMEMBERED = 100;

/** Counts the tokens of the prompts that the demo's Groq is sent; what all of them share is counted once. */
export class PromptCounter {
  readonly #counts = new Map<string, number>();

  constructor(readonly tokenizer: Tokenizer) {}

  /** Give how many tokens a prompt has, its schema among them. */
  count({ messages, response_format }: ChatCompletionRequest): number {
    let tokens = this.#shared(PREAMBLE) + MESSAGE_TOKENS + OPENING_TOKENS;
    for (const { role, content } of messages) {
      tokens += MESSAGE_TOKENS +
        (role === "user" ? this.tokenizer.count(content) : this.#shared(content));
    }
    if (response_format?.type !== "json_schema") return tokens;
    const { name, description, schema } = response_format.json_schema;
    return tokens + this.#shared(
      `# Response Formats\n\n## ${name}\n\n// ${description ?? ""}\n${JSON.stringify(schema)}`,
    );
  }

  #shared(text: string): number {
    const known = this.#counts.get(text);
    if (known !== undefined) return known;
    if (this.#counts.size >= REMEMBERED) this.#counts.clear();
    const tokens = this.tokenizer.count(text);
    this.#counts.set(text, tokens);
    return tokens;
  }
}
