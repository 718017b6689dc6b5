/** What every paid classifier is measured by: how much it holds, and what it pays twice where it is killed. */
import { openDatabase, row } from "../../etl/store/duckdb.ts";
import { relation, writeParquet } from "../../etl/store/parquet.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { POSTS } from "../../etl/store/tables.ts";
import type { Figure } from "./measure.ts";

const PENDING_SECONDS = 30;
const KILLS = 12;

/** Write the posts of a day; a query gives the columns that matter. */
export async function writePosts(data: string, day: string, query: string): Promise<void> {
  using database = await openDatabase(data);
  const posts = `SELECT * FROM ${relation(POSTS, [])} UNION ALL BY NAME (${query})`;
  await writeParquet(database, POSTS, posts, new DataPaths(data).posts(day));
}

/** A classifier at work against a server of its own. */
export interface PaidRun {
  /** Start a run in the data folder; the caller ends it. */
  start(): Deno.ChildProcess;
  /** What the server has seen: how often it was asked, how many different things, and what it gave. */
  report(): Promise<{ asked: number; different: number; answers: number }>;
}

/** What `holdMany` and `kill` do, for the description of a bench. */
export function describePaidRuns(pending: number, killed: number): string {
  return `${pending} pending posts for ${PENDING_SECONDS} s, ${KILLS} × kill -9 during ${killed} posts`;
}

/** Measure memory and start with so many posts that are pending. */
export async function holdMany(
  { start, report }: PaidRun,
  pending: number,
  say: (text: string) => void,
): Promise<Figure[]> {
  const child = start();
  const started = performance.now();
  await firstAsked(report, 0, child);
  const wait = (performance.now() - started) / 1000;
  await pause(PENDING_SECONDS * 1000);
  child.kill("SIGTERM");
  const summary = await summaryOf(child, 4);
  say(`${pending} pending: begun after ${wait.toFixed(1)} s, ${summary.done} done`);
  return [
    {
      name: `peak memory, ${pending} pending`,
      value: summary.peak_rss_mb,
      unit: "MB",
      goal: { most: 300 },
    },
    { name: "until its server hears of it", value: wait, unit: "s" },
  ];
}

/**
 * Kill runs until so many posts are labelled, and measure what was paid twice.
 *
 * A kill may cost what a second of latency, syncs and a busy machine has in flight: `perSecond`.
 * Throws where a post has no label or two.
 */
export async function kill(
  { start, report }: PaidRun,
  { data, classifier, posts: killed }: { data: string; classifier: string; posts: number },
  perSecond: number,
  say: (text: string) => void,
): Promise<Figure[]> {
  const starts: number[] = [];
  const begin = async () => {
    const { asked } = await report();
    const started = performance.now();
    const child = start();
    await firstAsked(report, asked, child);
    starts.push((performance.now() - started) / 1000);
    return child;
  };
  for (let count = 0; count < KILLS; count++) {
    const child = await begin();
    const enough = killed * (count + Math.random()) / (KILLS + 1);
    while ((await report()).different < enough) await pause(20);
    child.kill("SIGKILL");
    await child.output();
  }
  const summary = await summaryOf(await begin(), 0);
  const { answers, different } = await report();
  const [first, ...others] = starts as [number, ...number[]];
  say(`starts: ${starts.map((seconds) => seconds.toFixed(2)).join(", ")} s`);
  using database = await openDatabase(data);
  const { labels, posts } = await row<{ labels: number; posts: number }>(
    database,
    `SELECT count(*) AS labels, count(DISTINCT uri) AS posts
     FROM read_parquet('${data}/labels/${classifier}/*/*.parquet') WHERE was_successfully_labeled`,
  );
  if (labels !== killed || posts !== killed || summary.pending !== 0) {
    throw new Error(`${labels} labels of ${posts} posts, ${summary.pending} pending`);
  }
  const twice = answers - different;
  return [
    { name: `paid twice after ${KILLS} kills`, value: twice, unit: "answers" },
    { name: "the same a kill", value: twice / KILLS, unit: "answers", goal: { most: perSecond } },
    {
      name: "longest recovery, beyond a first start",
      value: Math.max(...others) - first,
      unit: "s",
      goal: { most: 1 },
    },
  ];
}

/** Wait until the server is asked again; throws where the run ends before. */
export async function firstAsked(
  report: PaidRun["report"],
  after: number,
  child: Deno.ChildProcess,
): Promise<void> {
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  while ((await report()).asked <= after) {
    if (hasEnded) throw new Error(`nothing was asked: ${(await summaryOf(child, 0)).status}`);
    await pause(20);
  }
}

export async function summaryOf(child: Deno.ChildProcess, expected: number) {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  if (code !== expected) throw new Error(`exit status ${code}: ${decoder.decode(stderr)}`);
  return JSON.parse(decoder.decode(stdout));
}

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
