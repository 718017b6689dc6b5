/** Measures `classify:sociopolitical` as a process of its own against a Groq on loopback. */
import { join } from "node:path";
import { FAST, LATENCY_MS, LIMITS, prepare, type Servers, withServers } from "./llm_runs.ts";
import type { Bench, Figure } from "./measure.ts";
import {
  describePaidRuns,
  firstAsked,
  holdMany,
  kill,
  type PaidRun,
  pause,
  summaryOf,
} from "./paid_runs.ts";

const [BURST_SECONDS, PACED_SECONDS] = [30, 180];
const PACKED = 10;
const PENDING = 1_000_000;
const KILLED = 1500;

export const bench: Bench = {
  description:
    `classify:sociopolitical, ${LATENCY_MS} ms latency: ${PACED_SECONDS} s at the limits of a\n` +
    `developer (${LIMITS.requestsPerMinute} requests and ${LIMITS.tokensPerMinute} tokens a minute), ` +
    `one post and ${PACKED} posts a request at\nthe same time; ${
      describePaidRuns(PENDING, KILLED)
    }.`,
  async run(say) {
    const folder = await Deno.makeTempDir({ prefix: "civicsky-bench-" });
    try {
      const paced = await Promise.all(
        [1, PACKED].map((posts) => pace(join(folder, `paced-${posts}`), posts, say)),
      );
      return [
        ...paced.flat(),
        ...await many(join(folder, "many"), say),
        ...await killed(join(folder, "killed"), say),
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
  return await withServers(LIMITS, async (servers) => {
    const { groq } = servers;
    const run = labelling(data, servers, ["--posts-per-request", String(postsPerRequest)]);
    const child = run.start();
    await firstAsked(run.report, 0, child);
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

async function many(data: string, say: Say): Promise<Figure[]> {
  await prepare(data, PENDING);
  return await withServers(LIMITS, (servers) => holdMany(labelling(data, servers), PENDING, say));
}

async function killed(data: string, say: Say): Promise<Figure[]> {
  await prepare(data, KILLED, FAST);
  const what = { data, classifier: "sociopolitical", posts: KILLED };
  const perSecond = FAST.requestsPerMinute / 60;
  return await withServers(FAST, (servers) => kill(labelling(data, servers), what, perSecond, say));
}

/** Give the runs of a folder as `paid_runs.ts` measures them. */
function labelling(
  data: string,
  { groq, start }: Servers,
  args?: string[],
): PaidRun {
  return {
    start: () => start(data, args),
    async report() {
      const { answers, questions } = await groq.report();
      return { asked: answers, different: questions, answers };
    },
  };
}
