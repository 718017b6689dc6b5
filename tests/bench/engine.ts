/** Measures `classify:perspective` as a process of its own against a Comment Analyzer on loopback. */
import { join } from "node:path";
import { CommentAnalyzer } from "../../classifiers/clients/comment_analyzer.ts";
import { KEY } from "../classifiers/perspective_run.ts";
import type { AnalyzerProcess } from "./servers/analyzer_process.ts";
import type { Bench, Figure } from "./measure.ts";
import { describePaidRuns, holdMany, kill } from "./paid_runs.ts";
import { finish, labelling, LATENCY_MS, prepare, QUOTA, withAnalyzer } from "./perspective_runs.ts";

const PACED = 10_000;
const BATCHES = 30;
const PENDING = 1_000_000;
const KILLED = 6000;
/** Of the pipeline that this one replaces, and the posts that it took for them. */
const [ORIGINAL_MB, ORIGINAL_POSTS] = [839, 165_163];
/** Requests a second: what memory is held does not hang on it, and so it takes minutes. */
const FAST = 600;

export const bench: Bench = {
  description:
    `classify:perspective at a quota of ${QUOTA} requests a second, ${LATENCY_MS} ms latency:\n` +
    `${PACED} posts, ${describePaidRuns(PENDING, KILLED)}, and the memory for ` +
    `${ORIGINAL_POSTS} posts at ${FAST} a second.`,
  async run(say) {
    const folder = await Deno.makeTempDir({ prefix: "civicsky-bench-" });
    try {
      return [
        ...await pace(join(folder, "paced"), say),
        ...await many(join(folder, "many"), say),
        ...await killed(join(folder, "killed"), say),
        ...await holdAnswers(join(folder, "answers"), say),
      ];
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

type Say = (text: string) => void;

async function pace(data: string, say: Say): Promise<Figure[]> {
  await prepare(data, PACED);
  return await withAnalyzer({}, async (analyzer) => {
    await finish(data, analyzer, say, PACED);
    const { arrivals, seconds, mostWithinSecond } = await analyzer.report();
    const original = await inBatches(analyzer, say);
    const perSecond = (arrivals - 1) / seconds;
    return [
      {
        name: "share of the quota",
        value: 100 * perSecond / QUOTA,
        unit: "%",
        goal: { least: 98 },
      },
      {
        name: "requests over it in any second",
        value: Math.max(0, mostWithinSecond - QUOTA),
        unit: "requests",
        goal: { most: 5 },
      },
      {
        name: "throughput",
        value: perSecond,
        unit: "posts/s",
        comparedTo: { name: "batches of 90", value: original },
        goal: { least: 1.3, of: "ratio" },
      },
    ];
  });
}

/** The original's way: 90 requests at once, wait for all of them, then 1.05 s. Gives posts a second. */
async function inBatches({ url }: AnalyzerProcess, say: Say): Promise<number> {
  const client = new CommentAnalyzer({ rootUrl: url, key: KEY });
  const { signal } = new AbortController();
  const started = performance.now();
  for (let batch = 0; batch < BATCHES; batch++) {
    await Promise.all(
      Array.from({ length: 90 }, async (_, index) => {
        const text = `post ${index} of batch ${batch} of the old way`;
        CommentAnalyzer.readAnswer(await client.analyze(text, "en", signal));
      }),
    );
    await new Promise((wait) => setTimeout(wait, 1050));
  }
  const perSecond = BATCHES * 90 / ((performance.now() - started) / 1000);
  say(`${BATCHES} batches of 90: ${perSecond.toFixed(1)} posts/s`);
  return perSecond;
}

async function holdAnswers(data: string, say: Say): Promise<Figure[]> {
  await prepare(data, ORIGINAL_POSTS, { requests_per_second: FAST });
  return await withAnalyzer({}, async (analyzer) => {
    const { peak_rss_mb } = await finish(data, analyzer, say, ORIGINAL_POSTS);
    return [{
      name: `peak memory, ${ORIGINAL_POSTS} posts labelled`,
      value: peak_rss_mb,
      unit: "MB",
      comparedTo: { name: "the original", value: ORIGINAL_MB },
      goal: { most: 1 / 3, of: "ratio" },
    }];
  });
}

async function many(data: string, say: Say): Promise<Figure[]> {
  await prepare(data, PENDING);
  return await withAnalyzer({}, (analyzer) => holdMany(labelling(data, analyzer), PENDING, say));
}

async function killed(data: string, say: Say): Promise<Figure[]> {
  await prepare(data, KILLED);
  const what = { data, classifier: "perspective", posts: KILLED };
  return await withAnalyzer({}, (analyzer) => kill(labelling(data, analyzer), what, QUOTA, say));
}
