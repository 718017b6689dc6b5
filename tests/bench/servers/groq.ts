/** A Groq as a process of its own: prints its URL, then a report for each line on stdin. */
import { codedAnswer, inventedCoder } from "../../../demo/groq/coded_answer.ts";
import { startGroq } from "../../../demo/groq/groq.ts";
import { LEANS } from "../../classifiers/chat/chat_run.ts";
import type { GroqReport } from "./groq_process.ts";

const coder = inventedCoder(LEANS);
const groq = await startGroq({
  ...JSON.parse(Deno.args[0]!),
  answer: (request) => codedAnswer(request, coder),
});
console.log(groq.url);
for await (const _ of Deno.stdin.readable) {
  const { record } = groq;
  const report: GroqReport = {
    at: performance.now(),
    arrivals: record.arrivals.length,
    refused: record.statuses.get(429) ?? 0,
    tokens: record.paid.live.prompt_tokens + record.paid.live.completion_tokens,
    requestsWithinMinute: record.mostWithin(60_000),
    tokensWithinMinute: record.tokensWithin(60_000),
    questions: record.answered.size,
    answers: record.paid.live.requests,
  };
  console.log(JSON.stringify(report));
}
await groq.close();
