/** Measures what researchers ask of a month of the network, through the engine of the notebooks. */
import { join } from "node:path";
import process from "node:process";
import { openDatabase } from "../../etl/store/duckdb.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { type Data, open } from "../../notebooks/query/data.ts";
import { aggregatedSharesByDay } from "../../notebooks/measures/aggregated_shares.ts";
import { runProcess } from "../task.ts";
import { type Bench, type Figure, interleaved, median } from "./measure.ts";
import { makeStudyPosts, repeatDay } from "./inputs/study_posts.ts";

const POSTS = 24_000_000;
const DAYS = 30;
const ROUNDS = 3;
const SEED = 1;

export const bench: Bench = {
  takesPosts: true,
  description:
    `queries over a month of ${DAYS} days, ${POSTS} posts where --posts names no other ` +
    `number\n(6 GB in the folder for temporary files), medians of ${ROUNDS}, the engine as it is ` +
    "after opening;\nall days but the first are copies of it, moved",
  async run(say, { posts = POSTS } = {}) {
    const folder = await Deno.makeTempDir({ prefix: "civicsky-bench-" });
    try {
      return await measure(folder, posts, say);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

/** A query of which both engines must say the same. */
type Query = (data: Data) => Promise<unknown>;

async function measure(
  folder: string,
  posts: number,
  say: (text: string) => void,
): Promise<Figure[]> {
  const data = join(folder, "data");
  const day = await make(data, posts, say);
  const started = performance.now();
  const { code, stderr } = await runProcess(["aggregate", "--data", data]);
  if (code !== 0) throw new Error(`aggregate ended with exit status ${code}: ${stderr}`);
  const aggregated = (performance.now() - started) / 1000;
  say(`aggregated in ${aggregated.toFixed(0)} s`);
  const cells: Query = (data) =>
    aggregatedSharesByDay(data, { classifier: "dictionary", label: "is_political" }, {
      source: "firehose",
    });
  const joined: Query = async ({ sql }) =>
    (await sql`
      SELECT detected_language, count(*) AS posts, count(is_political) AS labelled,
        count(*) FILTER (is_political) AS political, count(DISTINCT did) AS authors
      FROM posts_dictionary WHERE date = ${day}::DATE GROUP BY ALL ORDER BY ALL`).objects();
  return [
    ...await beside("cells of the month, by day", data, cells, 2),
    ...await beside("posts and labels of one day, joined", data, joined, 5),
    { name: "aggregating the month", value: aggregated, unit: "s" },
  ];
}

/** Write posts and labels of all days; gives one of them. */
async function make(
  data: string,
  posts: number,
  say: (text: string) => void,
): Promise<string> {
  say(`making ${posts} posts`);
  await Deno.mkdir(data);
  using database = await openDatabase(data);
  const paths = new DataPaths(data);
  const first = { posts: Math.ceil(posts / DAYS), days: 1, seed: SEED };
  const [day] = await makeStudyPosts(database, paths, first);
  let last = day!;
  for (let later = 1; later < DAYS; later++) last = await repeatDay(database, paths, day!, later);
  return last;
}

/**
 * Time a query in DuckDB-WASM and in native DuckDB, by the clock and by processors, as a clock depends
 * on what else a machine does. Throws where the engines differ.
 */
async function beside(name: string, data: string, query: Query, most: number): Promise<Figure[]> {
  const said = new Map<string, string>();
  const used = { wasm: [] as number[], native: [] as number[] };
  const timed = (engine: "wasm" | "native") => async () => {
    const opened = await open(data, { engine });
    const [before, started] = [process.cpuUsage(), performance.now()];
    said.set(engine, rounded(await query(opened)));
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(before);
    used[engine].push((user + system) / 1e6);
    return seconds;
  };
  const found = await interleaved(ROUNDS, { wasm: timed("wasm"), native: timed("native") });
  if (said.get("wasm") !== said.get("native")) throw new Error(`${name}: the engines differ`);
  const native = { name: "native DuckDB", value: found.native };
  return [
    { name, value: found.wasm, unit: "s", comparedTo: native, goal: { most } },
    {
      name: `${name}: processor time`,
      value: median(used.wasm),
      unit: "s",
      comparedTo: { ...native, value: median(used.native) },
    },
  ];
}

/** Sums of doubles depend on their order. */
function rounded(value: unknown): string {
  return JSON.stringify(
    value,
    (_, part) => typeof part === "number" ? Number(part.toPrecision(9)) : part,
  );
}
