/** Asks a server that never ends its answer, and prints what came of it and the memory it took. */
import { askAppView } from "../../../etl/doctor/appview_answer.ts";
import { AppView } from "../../../etl/atproto/appview.ts";
import { CommentAnalyzer } from "../../../classifiers/clients/comment_analyzer.ts";
import { Groq } from "../../../classifiers/clients/groq.ts";
import { GroqBatch } from "../../../classifiers/clients/groq_batch.ts";
import { peakMegabytes } from "../../../etl/run/process.ts";
import { CATCH_UP } from "../../../demo/network/appview.ts";

const [client, url] = Deno.args as [string, string];
const { signal } = new AbortController();
const appView = new AppView(url, { signal, onWait() {} });
const groq = { key: "k", baseUrl: url };

const CLIENTS: Record<string, () => Promise<unknown>> = {
  "AppView.getFeed": () => appView.getFeed({ feed: CATCH_UP, limit: 100, cursor: undefined }),
  "AppView.getPosts": () => appView.getPosts([CATCH_UP]),
  "doctor": async () => {
    const { failure } = await askAppView(url, CATCH_UP, signal);
    throw new Error(failure);
  },
  "CommentAnalyzer": () =>
    new CommentAnalyzer({ rootUrl: url, key: "k" }).analyze("a", "en", signal),
  "Groq.chat": () =>
    new Groq(groq).chat({ model: "m", messages: [], max_completion_tokens: 1 }, signal),
  "Groq.models": () => new Groq(groq).models(signal),
  "GroqBatch.retrieveBatch": () => new GroqBatch(groq).retrieveBatch("b"),
  "GroqBatch.downloadLines": () => Array.fromAsync(new GroqBatch(groq).downloadLines("f")),
};

/** Memory once everything is loaded: a first request that is refused at once. */
const before = peakMegabytes()!;
const started = performance.now();
const message = await CLIENTS[client]!().then(() => "an answer", (error: Error) => error.message);
console.log(JSON.stringify({
  message,
  megabytes: peakMegabytes()! - before,
  seconds: (performance.now() - started) / 1000,
}));
