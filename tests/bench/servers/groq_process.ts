import type { GroqOptions } from "../../../demo/groq/groq.ts";
import { type ServerProcess, startServerProcess } from "./server_process.ts";

/** What a Groq has seen so far. */
export interface GroqReport {
  /** When it is said, in milliseconds. */
  at: number;
  arrivals: number;
  /** Requests that were refused with 429. */
  refused: number;
  /** Tokens of its answers, prompts included. */
  tokens: number;
  /** The most of any minute. */
  requestsWithinMinute: number;
  tokensWithinMinute: number;
  /** Different requests with an answer. */
  questions: number;
  /** Answers sent. */
  answers: number;
}

export type GroqProcess = ServerProcess<GroqReport>;

/** Start a Groq as its own process; its answers are invented. */
export function startGroqProcess(
  options: Pick<GroqOptions, "key" | "limits" | "latencyMs">,
): Promise<GroqProcess> {
  return startServerProcess("groq.ts", options);
}
