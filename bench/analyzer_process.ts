import { fileURLToPath } from "node:url";
import type { CommentAnalyzerOptions } from "../demo/comment_analyzer.ts";

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

export interface AnalyzerProcess {
  url: string;
  report(): Promise<AnalyzerReport>;
  close(): Promise<void>;
}

/** Start a Comment Analyzer as its own process, so that it takes no time of what is measured. */
export async function startAnalyzerProcess(
  options: CommentAnalyzerOptions,
): Promise<AnalyzerProcess> {
  const script = fileURLToPath(new URL("analyzer.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-all", script, JSON.stringify(options)],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const input = child.stdin.getWriter();
  const line = async () => {
    let text = "";
    while (!text.endsWith("\n")) {
      const { value, done } = await output.read();
      if (done) throw new Error("Cannot measure: the Comment Analyzer of the bench ended");
      text += value;
    }
    return text;
  };
  const url = (await line()).trim();
  return {
    url,
    async report() {
      await input.write(new TextEncoder().encode("\n"));
      return JSON.parse(await line());
    },
    async close() {
      await output.cancel();
      await input.close();
      await child.status;
    },
  };
}
