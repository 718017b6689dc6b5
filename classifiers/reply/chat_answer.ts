import { type ChatAnswer, readChatAnswer } from "../clients/groq_answer.ts";
import { isRefusal } from "./refusal.ts";

/** The reply of a chat model, and its circumstances. */
export interface ChatReply extends Omit<ChatAnswer, "content" | "refusal" | "tokens_cached"> {
  /** The reply, or the reason why it is unreadable. */
  reply: { content: string } | { reason: "refused" | "cut_short" | "invalid_answer" };
}

/**
 * Read the body of a chat completion, as it came.
 *
 * `refused` where the model or a filter of the service refuses, `cut_short` where the answer met its
 * cap. Throws a `ServiceError` (`invalid_answer`) where the body is no chat completion.
 */
export function readChatReply(body: string): ChatReply {
  const { content: written, refusal, tokens_cached: _, ...answer } = readChatAnswer(body);
  const content = answerIn(written ?? "");
  const reason = refusal || answer.finish_reason === "content_filter"
    ? "refused"
    : answer.finish_reason === "length"
    ? "cut_short"
    : content === ""
    ? "invalid_answer"
    : isRefusal(content)
    ? "refused"
    : undefined;
  return { ...answer, reply: reason === undefined ? { content } : { reason } };
}

/** Give what a model answers, without the thoughts that its server left before it and a fence around. */
function answerIn(written: string): string {
  const said = written.replace(/^\s*<think(?:ing)?>[^]*?<\/think(?:ing)?>/i, "").trim();
  return /^```\w*\n([^]*)\n```$/.exec(said)?.[1]?.trim() ?? said;
}
