/** Measures `classify:sociopolitical` as a process of its own against a Groq on loopback. */
import { join } from "node:path";
import { openDatabase, row } from "../../etl/store/duckdb.ts";
import type { GroqReport } from "./servers/groq_process.ts";
import { FAST, LATENCY_MS, LIMITS, prepare, type Servers, withServers } from "./llm_runs.ts";
import type { Bench, Figure } from "./measure.ts";
import { pause, summaryOf } from "./perspective_runs.ts";

const [BURST_SECONDS, PACED_SECONDS] = [30, 180];
const PACKED = 10;
const PENDING = 1_000_000;
const PENDING_SECONDS = 30;
const [KILLS, KILLED] = [12, 1500];

export const bench: Bench = {
  description:
    `classify:sociopolitical, ${LATENCY_MS} ms latency: ${PACED_SECONDS} s at the limits of a\n` +
    `developer (${LIMITS.requestsPerMinute} requests and ${LIMITS.tokensPerMinute} tokens a minute), ` +
    `one post and ${PACKED} posts a request at\nthe same time; ${PENDING} pending posts for ` +
    `${PENDING_SECONDS} s; ${KILLS} × kill -9 during ${KILLED} posts.`,
  async run(say) {
    const folder = await Deno.makeTempDir({ prefix: "civicsky-bench-" });
    try {
      const paced = await Promise.all(
        [1, PACKED].map((posts) => pace(join(folder, `paced-${posts}`), posts, say)),
      );
      return [
        ...paced.flat(),
        ...await holdMany(join(folder, "many"), say),
        ...await kill(join(folder, "killed"), say),
      ];
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

type Say = (text: string) => void;

/** Measure the pace after the first burst, against the tighter limit by what answers really took. */
async function pace(data: string, postsPerRequest: number, say: Say): Promise<Figure[]> {
  await prepare(data, 2000 * postsPerRequest);
  return await withServers(LIMITS, async ({ groq, start }) => {
    const child = start(data, ["--posts-per-request", String(postsPerRequest)]);
    await firstAnswer(groq, 0, child);
    await pause(BURST_SECONDS * 1000);
    const from = await groq.report();
    await pause(PACED_SECONDS * 1000);
    const to = await groq.report();
    child.kill("SIGTERM");
    await summaryOf(child, 4);
    const minutes = (to.at - from.at) / 60_000;
    const requests = (to.answers - from.answers) / minutes;
    const tokens = (to.tokens - from.tokens) / minutes;
    const share = Math.max(requests / LIMITS.requestsPerMinute, tokens / LIMITS.tokensPerMinute);
    say(
      `${postsPerRequest} a request: ${Math.round(requests * postsPerRequest)} posts, ` +
        `${Math.round(requests)} requests, ${Math.round(tokens)} tokens a minute; ` +
        `${to.refused} refused with 429`,
    );
    const name = `${postsPerRequest} a request: `;
    const over = Math.max(
      to.requestsWithinMinute / LIMITS.requestsPerMinute,
      to.tokensWithinMinute / LIMITS.tokensPerMinute,
    );
    return [
      { name: `${name}share of the limits`, value: 100 * share, unit: "%", goal: { least: 95 } },
      { name: `${name}the most of any minute`, value: 100 * over, unit: "%", goal: { most: 105 } },
      { name: `${name}refused`, value: to.refused, unit: "requests", goal: { most: 0 } },
      { name: `${name}pace`, value: requests * postsPerRequest, unit: "posts/min" },
    ];
  });
}

async function holdMany(data: string, say: Say): Promise<Figure[]> {
  await prepare(data, PENDING);
  return await withServers(LIMITS, async ({ groq, start }) => {
    const child = start(data);
    const started = performance.now();
    await firstAnswer(groq, 0, child);
    const wait = (performance.now() - started) / 1000;
    await pause(PENDING_SECONDS * 1000);
    child.kill("SIGTERM");
    const summary = await summaryOf(child, 4);
    say(`${PENDING} pending: the first answer after ${wait.toFixed(1)} s, ${summary.done} done`);
    return [
      {
        name: `peak memory, ${PENDING} pending`,
        value: summary.peak_rss_mb,
        unit: "MB",
        goal: { most: 300 },
      },
      { name: "from start to its first answer", value: wait, unit: "s" },
    ];
  });
}

async function kill(data: string, say: Say): Promise<Figure[]> {
  await prepare(data, KILLED, FAST);
  return await withServers(FAST, async ({ groq, start }) => {
    const starts: number[] = [];
    const begin = async () => {
      const { answers } = await groq.report();
      const started = performance.now();
      const child = start(data);
      await firstAnswer(groq, answers, child);
      starts.push((performance.now() - started) / 1000);
      return child;
    };
    for (let count = 0; count < KILLS; count++) {
      const child = await begin();
      const enough = KILLED * (count + Math.random()) / (KILLS + 1);
      while ((await groq.report()).questions < enough) await pause(100);
      child.kill("SIGKILL");
      await child.output();
    }
    const summary = await summaryOf(await begin(), 0);
    const { answers, questions } = await groq.report();
    const [first, ...others] = starts as [number, ...number[]];
    say(`starts: ${starts.map((seconds) => seconds.toFixed(2)).join(", ")} s`);
    using database = await openDatabase(data);
    const { labels, posts } = await row<{ labels: number; posts: number }>(
      database,
      `SELECT count(*) AS labels, count(DISTINCT uri) AS posts
       FROM read_parquet('${data}/labels/sociopolitical/*/*.parquet') WHERE was_successfully_labeled`,
    );
    if (labels !== KILLED || posts !== KILLED || summary.pending !== 0) {
      throw new Error(`${labels} labels of ${posts} posts, ${summary.pending} pending`);
    }
    return [
      { name: `paid twice after ${KILLS} kills`, value: answers - questions, unit: "answers" },
      {
        name: "the same a kill",
        value: (answers - questions) / KILLS,
        unit: "answers",
        // What a second of latency, syncs and a busy machine has in flight.
        goal: { most: FAST.requestsPerMinute / 60 },
      },
      {
        name: "longest recovery, beyond a first start",
        value: Math.max(...others) - first,
        unit: "s",
        goal: { most: 1 },
      },
    ];
  });
}

/** Wait for an answer; throws where the run ends before. */
async function firstAnswer(
  groq: Servers["groq"],
  after: GroqReport["answers"],
  child: Deno.ChildProcess,
): Promise<void> {
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  while ((await groq.report()).answers <= after) {
    if (hasEnded) throw new Error(`no answer: ${(await summaryOf(child, 0)).status}`);
    await pause(20);
  }
}
