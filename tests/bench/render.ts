/** Measures `deno task render` as a process of its own, with all that it starts. */
import { join } from "node:path";
import { openDatabase } from "../../etl/store/duckdb.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { open } from "../../notebooks/query/data.ts";
import { ROOT, runProcess, taskProcess } from "../task.ts";
import type { Bench, Figure } from "./measure.ts";
import { ProcessTree } from "./process_tree.ts";
import { makeStudyPosts, STUDY } from "./inputs/study_posts.ts";

const POSTS = 1_000_000;
const DAYS = 30;
const SEED = 1;
const SAMPLE_MS = 250;
const DEMO_STUDY = `${ROOT}demo/study.yaml`;

export const bench: Bench = {
  takesPosts: true,
  description:
    `render: all notebooks over the demo, and over ${POSTS} invented posts where --posts ` +
    `names no\nother number, of ${DAYS} days, with labels of the dictionary, Perspective and a ` +
    "language model; one run each",
  async run(say, { posts = POSTS } = {}) {
    const folder = await Deno.makeTempDir({ prefix: "civicsky-bench-" });
    try {
      return [
        ...await demo(join(folder, "demo"), say),
        ...await many(join(folder, "many"), posts, say),
      ];
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

type Say = (text: string) => void;

async function demo(data: string, say: Say): Promise<Figure[]> {
  say("making the demo");
  const { code, stderr } = await runProcess(["demo", "--data", data]);
  if (code !== 0) throw new Error(`demo ended with exit status ${code}: ${stderr}`);
  const { seconds, largestPage } = await render(data, DEMO_STUDY, say);
  return [
    { name: "the demo", value: seconds, unit: "s", goal: { most: 20 } },
    { name: "its largest page", value: largestPage, unit: "KB", goal: { most: 300 } },
  ];
}

async function many(data: string, posts: number, say: Say): Promise<Figure[]> {
  say(`making ${posts} posts`);
  await Deno.mkdir(data);
  {
    using database = await openDatabase(data);
    const made = { posts, days: DAYS, seed: SEED };
    await makeStudyPosts(database, new DataPaths(data), made);
  }
  const scanned = await scan(data);
  const { seconds, cpuSeconds, peak, largestPage } = await render(data, STUDY, say);
  return [
    {
      name: `${posts} posts`,
      value: seconds,
      unit: "s",
      comparedTo: { name: "reading posts and labels once in DuckDB-WASM", value: scanned },
      goal: { most: 60 },
    },
    { name: "processor time, all processes", value: cpuSeconds, unit: "s" },
    { name: "peak memory, all processes", value: peak, unit: "MB", goal: { most: 1500 } },
    { name: "largest page", value: largestPage, unit: "KB", goal: { most: 300 } },
  ];
}

interface Rendered {
  seconds: number;
  cpuSeconds: number;
  /** Megabytes of the task and of what it started. */
  peak: number;
  /** Kilobytes. */
  largestPage: number;
}

/** Render all notebooks. Throws where one fails. */
async function render(data: string, study: string, say: Say): Promise<Rendered> {
  const started = performance.now();
  const child = taskProcess(["render", "--data", data, "--study", study, "--json"]);
  const tree = new ProcessTree(child.pid);
  const sampler = setInterval(() => tree.look(), SAMPLE_MS);
  const { code, stdout, stderr } = await child.output();
  clearInterval(sampler);
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`exit status ${code}: ${new TextDecoder().decode(stderr)}`);
  const files: string[] = JSON.parse(new TextDecoder().decode(stdout)).files;
  const sizes = files.filter((file) => file.endsWith(".html")).map((file) => {
    const kilobytes = Deno.statSync(file).size / 1000;
    say(`${file.split("/").at(-1)}: ${kilobytes.toFixed(0)} KB`);
    return kilobytes;
  });
  say(`${sizes.length} pages in ${seconds.toFixed(1)} s, at most ${tree.peak.toFixed(0)} MB`);
  return { seconds, cpuSeconds: tree.cpuSeconds, peak: tree.peak, largestPage: Math.max(...sizes) };
}

/** Read what the notebooks ask of posts and labels once, with the engine of the notebooks. */
async function scan(data: string): Promise<number> {
  const { sql } = await open(data);
  const started = performance.now();
  await sql`SELECT max(hash(uri, did, text_normalized, reference_time)) AS posts FROM posts`;
  await sql`SELECT max(hash(uri, is_political, label_prob)) AS labels FROM labels_dictionary`;
  await sql`SELECT max(hash(uri, prob_toxic, label_prob)) AS labels FROM labels_perspective`;
  await sql`SELECT max(hash(uri, lean, label_prob)) AS labels FROM labels_sociopolitical`;
  return (performance.now() - started) / 1000;
}
