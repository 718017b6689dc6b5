/** A Comment Analyzer as a process of its own: prints its URL, then a report for each line on stdin. */
import { startCommentAnalyzer } from "../../../demo/perspective/comment_analyzer.ts";
import type { AnalyzerReport } from "./analyzer_process.ts";

const analyzer = await startCommentAnalyzer(JSON.parse(Deno.args[0]!));
console.log(analyzer.url);
for await (const _ of Deno.stdin.readable) {
  const { arrivals, answered, statuses } = analyzer;
  const report: AnalyzerReport = {
    arrivals: arrivals.length,
    seconds: ((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)) / 1000,
    mostWithinSecond: analyzer.mostWithin(1000),
    refused: statuses.get(429) ?? 0,
    texts: answered.size,
    answers: [...answered.values()].reduce((sum, count) => sum + count, 0),
  };
  console.log(JSON.stringify(report));
}
await analyzer.close();
