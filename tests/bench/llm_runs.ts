/** Runs of `classify:sociopolitical` as processes, for measurements. */
import { DAY, environment, KEY, words, writeStudy } from "../classifiers/chat/chat_run.ts";
import { startCountingAppView } from "../etl/context/counting_appview.ts";
import { taskProcess } from "../task.ts";
import { writePosts } from "./paid_runs.ts";
import { type GroqProcess, startGroqProcess } from "./servers/groq_process.ts";

export const LATENCY_MS = 500;
/** What a developer's account has a minute. */
export const LIMITS = { requestsPerMinute: 1000, tokensPerMinute: 250_000 };
/** The same requests with tokens for all of them, so that kills hit as many as there may be. */
export const FAST = { ...LIMITS, tokensPerMinute: 60_000_000 };

/**
 * Make a day of so many posts, each with a text of its own, and a study that labels all of them.
 *
 * Of 20 posts 9 are replies, 4 show an image with a text, 2 link to a page.
 */
export async function prepare(data: string, posts: number, limits = LIMITS): Promise<void> {
  await writeStudy(data, {
    quota: {
      requests_per_minute: limits.requestsPerMinute,
      tokens_per_minute: limits.tokensPerMinute,
    },
  });
  const query =
    `SELECT 'at://did:plc:' || lpad(i::VARCHAR, 24, 'a') || '/app.bsky.feed.post/3k' || i
      AS uri, 'cid-' || i AS cid, sha256(i::VARCHAR) AS text_hash, 'en' AS detected_language,
    'what the author number ' || i || ' has to say about ' ||
      repeat('rent, coffee and a dog ', (i % 7)::INTEGER) AS text,
    if(i % 20 < 9, 'at://did:plc:' || lpad((i // 3)::VARCHAR, 24, 'b') || '/app.bsky.feed.post/3k'
      || (i // 3), NULL) AS reply_parent_uri,
    if(i % 20 IN (9, 10, 11, 12), ['a picture of the house number ' || i], []) AS image_alts,
    if(i % 20 > 17, 'the council met for the time number ' || i, NULL) AS external_title,
    false AS in_most_liked, true AS passed_filters FROM range(${posts}) t(i)`;
  await writePosts(data, DAY, query);
}

export interface Servers {
  groq: GroqProcess;
  /** Start the task; the caller ends it. */
  start(data: string, args?: string[]): Deno.ChildProcess;
}

/** Run something with a Groq, and an AppView that has every post. */
export async function withServers<T>(
  limits: typeof LIMITS,
  run: (servers: Servers) => Promise<T>,
): Promise<T> {
  const appView = startCountingAppView();
  const groq = await startGroqProcess({ key: KEY, latencyMs: LATENCY_MS, limits });
  const env = { ...environment(groq), BLUESKY_APPVIEW: appView.url };
  try {
    return await run({
      groq,
      start: (data, args = []) => taskProcess(words(data, args, "sociopolitical"), env),
    });
  } finally {
    await groq.close();
    await appView.close();
  }
}
