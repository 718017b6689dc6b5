/** Measures `deno task preprocess` as a process of its own, beside a plain copy of the same raw rows. */
import { join } from "node:path";
import { literal, openDatabase, row } from "../../etl/store/duckdb.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { runProcess } from "../task.ts";
import { type Bench, type Figure, interleaved } from "./measure.ts";
import { makePosts } from "./inputs/posts.ts";

const SMALL = 100_000;
const LARGE = 1_000_000;
/** Once: five times would take half an hour. */
const HUGE = 4_000_000;
/** How the network's posts lie, if a study collects four hours a day. */
const POSTS_PER_DAY = 500_000;
const ROUNDS = 5;
const SEED = 1;

export const bench: Bench = {
  description: `preprocess, ${LARGE} invented posts, medians of ${ROUNDS}`,
  async run(say) {
    const folder = await Deno.makeTempDir({ prefix: "civicsky-bench-" });
    try {
      return await measure(folder, say);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

async function measure(folder: string, say: (text: string) => void): Promise<Figure[]> {
  const [small, large, huge] = ["small", "large", "huge"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const expected = new Map<string, number>();
  const make = async (data: string, posts: number) => {
    say(`making ${posts} posts`);
    using database = await openDatabase(data);
    const made = { posts, postsPerDay: POSTS_PER_DAY, seed: SEED };
    expected.set(data, await makePosts(database, new DataPaths(data), made));
  };
  await make(small, SMALL);
  await make(large, LARGE);
  const memory: number[] = [];
  const again: number[] = [];
  const build = async (data: string) => {
    await Deno.remove(join(data, "posts"), { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    const seconds = await preprocess(data, expected.get(data)!);
    say(`${expected.get(data)} posts in ${seconds.toFixed(1)} s`);
    return seconds;
  };
  const found = await interleaved(ROUNDS, {
    small: () => build(small),
    copy: () => copy(large),
    large: async () => {
      const seconds = await build(large);
      memory.push(await peakMegabytes(large));
      again.push(await preprocess(large, expected.get(large)!));
      return seconds;
    },
  });
  await make(huge, HUGE);
  const ofHuge = await build(huge);
  memory.push(await peakMegabytes(huge));
  const plain = { name: "a plain COPY of the raw rows", value: found.copy };
  return [
    {
      name: "1M posts",
      value: found.large,
      unit: "s",
      comparedTo: plain,
      goal: { most: 120 },
    },
    {
      name: "1M posts, nothing changed",
      value: again.toSorted((a, b) => a - b)[again.length >> 1]!,
      unit: "s",
      comparedTo: plain,
    },
    { name: "peak memory", value: Math.max(...memory), unit: "MB", goal: { most: 1000 } },
    {
      name: "1M posts beside 100k",
      value: found.large,
      unit: "s",
      comparedTo: { name: "100k posts", value: found.small },
      goal: { most: LARGE / SMALL, of: "ratio" },
    },
    {
      name: "4M posts (once) beside 1M",
      value: ofHuge,
      unit: "s",
      comparedTo: { name: "1M posts", value: found.large },
      goal: { most: HUGE / LARGE, of: "ratio" },
    },
  ];
}

/** Run the task and give its seconds. Throws where it fails or does not give every post once. */
async function preprocess(data: string, posts: number): Promise<number> {
  const start = performance.now();
  const { code, stdout, stderr } = await runProcess(["preprocess", "--data", data, "--json"]);
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`preprocess ended with exit status ${code}: ${stderr}`);
  const found = JSON.parse(stdout).posts;
  if (found !== posts) throw new Error(`preprocess gave ${found} posts of ${posts}`);
  return seconds;
}

/** Give the peak memory of the last run, as its ledger row says. */
async function peakMegabytes(data: string): Promise<number> {
  using database = await openDatabase(data);
  const files = new DataPaths(data).files("runs").map(({ path }) => path);
  const { peak } = await row<{ peak: number }>(
    database,
    `SELECT arg_max(peak_rss_mb, started_at) AS peak FROM read_parquet(${literal(files)})`,
  );
  return peak;
}

/** Read every raw row and write it again, without any work on it. */
async function copy(data: string): Promise<number> {
  using database = await openDatabase(data);
  await database.run("SET preserve_insertion_order = false");
  const files = new DataPaths(data).files("raw/firehose").map(({ path }) => path);
  const start = performance.now();
  await database.run(`COPY (FROM read_parquet(${literal(files)}, hive_partitioning = false))
    TO ${literal(join(data, "copy"))} (FORMAT parquet, COMPRESSION zstd)`);
  return (performance.now() - start) / 1000;
}
