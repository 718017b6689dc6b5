import { createHash } from "node:crypto";
import { z } from "zod";
import type { ContextKind } from "../../etl/context/context_part.ts";
import { hashAttributes, readAttributes } from "../codebooks/attribute_codebook.ts";
import { hashSociopolitical, readSociopolitical } from "../codebooks/sociopolitical_codebook.ts";
import { attributeColumns, attributeFormat } from "../reply/attribute_reply.ts";
import { CHAT_COLUMNS, SOCIOPOLITICAL_COLUMNS } from "../reply/reply_columns.ts";
import type { LabelReason } from "../../etl/labels/label_reason.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";
import { readFreeReply } from "../reply/free_reply.ts";
import {
  type LabelRow,
  readReply,
  type ReplyFormat,
  responseFormat,
} from "../reply/reply_format.ts";
import { sociopoliticalFormat } from "../reply/sociopolitical_reply.ts";
import { attributeInstructions, sociopoliticalInstructions } from "../prompt/instructions.ts";
import { buildPrompt, type PromptPost } from "../prompt/prompt.ts";
import { countTokens, requestTokens } from "../prompt/token_count.ts";

/** As long as observed reasons. */
const USUAL_REASON = "The post argues for a law that a party wants and names the vote about it.";

/** The questions of a codebook to a language model, and the form of the answers. */
interface Question {
  /** Name of the codebook. */
  codebook: string;
  codebookHash: string;
  /** Detected languages (ISO 639-1) that it is written for. */
  languages: string[];
  instructions: string;
  format: ReplyFormat;
  /** Reads replies of models without an enforced schema. */
  readFree?(content: string): { row: LabelRow } | { reason: LabelReason };
  /** DuckDB types of the label columns, after those that all paid labels have. */
  columns: Record<string, string>;
}

/** The part of a chat request that comes from codebook and posts. */
export interface Asked {
  messages: { role: "system" | "user"; content: string }[];
  response_format: unknown;
}

/** What a language model is asked about posts, by a section of a codebook, and what its replies become. */
export class Questionnaire {
  /** By the instructions: there are those for one post and those for several. */
  #fixedTokens = new Map<string, number>();

  constructor(readonly question: Question) {}

  /** Read the section `sociopolitical` of the codebook at a path; throws as `readSection` does. */
  static async sociopolitical(path: string): Promise<Questionnaire> {
    const codebook = await readSociopolitical(path);
    return new Questionnaire({
      codebook: codebook.head.name,
      codebookHash: hashSociopolitical(codebook),
      languages: codebook.head.languages,
      instructions: sociopoliticalInstructions(codebook),
      format: sociopoliticalFormat(codebook.sociopolitical),
      readFree: (content) => readFreeReply(codebook.sociopolitical, content),
      columns: { ...SOCIOPOLITICAL_COLUMNS, ...CHAT_COLUMNS },
    });
  }

  /** Read the section `attributes` of the codebook at a path; throws as `readSection` does. */
  static async attributes(path: string): Promise<Questionnaire> {
    const codebook = await readAttributes(path);
    return new Questionnaire({
      codebook: codebook.head.name,
      codebookHash: hashAttributes(codebook),
      languages: codebook.head.languages,
      instructions: attributeInstructions(codebook),
      format: attributeFormat(codebook.attributes),
      columns: { ...attributeColumns(codebook.attributes), ...CHAT_COLUMNS },
    });
  }

  /**
   * Ask about one post, or about several under the ids of their places (`shortId`).
   *
   * `contextTokens` bounds the context of each post. Gives also which kinds of context were shown, by
   * post in their order.
   */
  ask(
    posts: readonly PromptPost[],
    contextTokens: number,
  ): { asked: Asked; contextKinds: ContextKind[][] } {
    const { instructions, format } = this.question;
    const { system, user, contextKinds } = buildPrompt(instructions, posts, contextTokens);
    const asked: Asked = {
      messages: [{ role: "system", content: system }, { role: "user", content: user }],
      response_format: responseFormat(format, posts.length > 1),
    };
    return { asked, contextKinds };
  }

  /**
   * Read the reply to one post as label columns: by the schema, and of a model that is not held to it,
   * else as free text. Throws a `ServiceError` where it cannot be read.
   */
  read(content: string, isHeld: boolean): LabelRow {
    const { format, readFree } = this.question;
    try {
      return readReply(format, content);
    } catch (error) {
      const free = isHeld ? undefined : readFree?.(content);
      if (!(error instanceof ServiceError) || free === undefined) throw error;
      if ("row" in free) return free.row;
      const problem = free.reason === "refused" ? "rejected" : "passing";
      throw new ServiceError(problem, free.reason, "the reply cannot be read");
    }
  }

  /** Count the tokens that a request is admitted with, without its cap; see `requestTokens`. */
  tokens(model: string, { messages: [system, user], response_format }: Asked): number {
    let fixed = this.#fixedTokens.get(system!.content);
    if (fixed === undefined) {
      fixed = countTokens(system!.content) + countTokens(JSON.stringify(response_format));
      this.#fixedTokens.set(system!.content, fixed);
    }
    return requestTokens(model, fixed, user!.content);
  }

  /** Count the tokens of a usual reply about one post, without the reasoning before it. */
  replyTokens(): number {
    const { shape } = this.question.format.fields;
    const fields = Object.entries(shape).map(([name, type]) => {
      if (type instanceof z.ZodBoolean) return [name, false];
      if (type instanceof z.ZodNumber) return [name, 0.15];
      return [name, type instanceof z.ZodString ? USUAL_REASON : "unclear"];
    });
    return countTokens(JSON.stringify(Object.fromEntries(fields)));
  }

  /** Hash the whole question without the posts: 64 hexadecimal digits (SHA-256). */
  promptHash(isPacked: boolean): string {
    return createHash("sha256").update(JSON.stringify(this.#example(isPacked))).digest("hex");
  }

  /** Give the question with posts without text. */
  #example(isPacked: boolean): Asked {
    return this.ask(Array.from({ length: isPacked ? 2 : 1 }, () => ({ text: "" })), 0).asked;
  }
}
