/** Runs of `classify:perspective` as processes, for measurements. */
import { KEY, startLabelling, writeStudy } from "../classifiers/perspective_run.ts";
import { type PaidRun, summaryOf, writePosts } from "./paid_runs.ts";
import { type AnalyzerProcess, startAnalyzerProcess } from "./servers/analyzer_process.ts";

/** Requests a second that the service grants. */
export const QUOTA = 100;
export const LATENCY_MS = 200;
const DAY = "2026-06-01";

/** Make a day of so many posts, each with a text of its own, and a study that labels all of them. */
export async function prepare(data: string, posts: number, quota = {}): Promise<void> {
  await writeStudy(data, { quota: { requests_per_second: QUOTA, ...quota } });
  const query =
    `SELECT 'at://did:plc:' || lpad(i::VARCHAR, 24, 'a') || '/app.bsky.feed.post/3k' || i
      AS uri, 'cid-' || i AS cid, sha256(i::VARCHAR) AS text_hash, 'en' AS detected_language,
    'what the author number ' || i || ' has to say about ' || sha256(i::VARCHAR) AS text,
    false AS in_most_liked, true AS passed_filters FROM range(${posts}) t(i)`;
  await writePosts(data, DAY, query);
}

export async function withAnalyzer<T>(
  options: { quota?: { requests: number; perMs: number } },
  run: (analyzer: AnalyzerProcess) => Promise<T>,
): Promise<T> {
  const analyzer = await startAnalyzerProcess({ key: KEY, latencyMs: LATENCY_MS, ...options });
  try {
    return await run(analyzer);
  } finally {
    await analyzer.close();
  }
}

/** Give the runs of a folder as `paid_runs.ts` measures them. */
export function labelling(data: string, analyzer: AnalyzerProcess): PaidRun {
  return {
    start: () => startLabelling(data, analyzer),
    async report() {
      const { arrivals, texts, answers } = await analyzer.report();
      return { asked: arrivals, different: texts, answers };
    },
  };
}

/** Label everything; throws where a post has no label afterwards. */
export async function finish(
  data: string,
  analyzer: AnalyzerProcess,
  say: (text: string) => void,
  posts: number,
) {
  const summary = await summaryOf(startLabelling(data, analyzer), 0);
  say(`${summary.labelled} posts in ${summary.seconds} s, at most ${summary.peak_rss_mb} MB`);
  if (summary.labelled !== posts) throw new Error(`${summary.labelled} labels of ${posts}`);
  return summary;
}
