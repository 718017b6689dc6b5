import type { CommentAnalyzerOptions } from "../../../demo/perspective/comment_analyzer.ts";
import { type ServerProcess, startServerProcess } from "./server_process.ts";

/** What a Comment Analyzer has seen so far. */
export interface AnalyzerReport {
  arrivals: number;
  /** From the first arrival to the last. */
  seconds: number;
  mostWithinSecond: number;
  /** Requests that were refused with 429. */
  refused: number;
  /** Different texts with scores. */
  texts: number;
  /** Scores sent. */
  answers: number;
}

export type AnalyzerProcess = ServerProcess<AnalyzerReport>;

/** Start a Comment Analyzer as its own process. */
export function startAnalyzerProcess(options: CommentAnalyzerOptions): Promise<AnalyzerProcess> {
  return startServerProcess("analyzer.ts", options);
}
