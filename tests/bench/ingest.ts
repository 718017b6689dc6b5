/** Measures `sync:firehose` as a process of its own, from the socket over the journal to Parquet. */
import { join } from "node:path";
import { literal, openDatabase, row } from "../../etl/store/duckdb.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { startCollecting } from "../etl/sources/firehose_run.ts";
import { timeOf } from "./inputs/frame_cycle.ts";
import { benchFrames } from "./inputs/frames.ts";
import { type Bench, type Figure, interleaved, median } from "./measure.ts";
import { startRelayProcess, subscribeTo } from "./servers/relay_process.ts";

const FRAMES = 20_000;
const EVENTS = 500_000;
const MANY_EVENTS = 5_000_000;
const ROUNDS = 5;
const SEED = 20261122;
const SAMPLE_MS = 250;

export const bench: Bench = {
  description:
    `sync:firehose: medians of ${ROUNDS} interleaved rounds of ${EVENTS} events, and one run of ` +
    `${MANY_EVENTS}.\nThe relay sends ${FRAMES} frames again and again; varied are seq, time, rev, ` +
    "since and the record's key,\nso that no post comes twice. Accounts, records and other blocks recur.",
  async run(say) {
    const relay = await startRelayProcess(FRAMES, SEED, "endless_relay.ts");
    const folder = await Deno.makeTempDir({ prefix: "civicsky-bench-" });
    try {
      return await measure(relay.url, folder, say);
    } finally {
      await Deno.remove(folder, { recursive: true });
      await relay.close();
    }
  },
};

async function measure(
  url: string,
  folder: string,
  say: (text: string) => void,
): Promise<Figure[]> {
  const isPost = Array.from(benchFrames(FRAMES, SEED), ({ created }) => created !== undefined);
  const postsOf = (events: number) => {
    let posts = 0;
    for (let i = 0; i < events; i++) if (isPost[i % FRAMES]) posts++;
    return posts;
  };
  let runs = 0;
  const ingest = async (events: number) => {
    const data = join(folder, String(runs++));
    const found = await collect(url, data, events, postsOf(events));
    say(
      `${events} events in ${found.seconds.toFixed(1)} s, at most ${found.peak.toFixed(0)} MB`,
    );
    await Deno.remove(data, { recursive: true });
    return found;
  };
  const found = await interleaved(ROUNDS, {
    ingest: async () => EVENTS / (await ingest(EVENTS)).seconds,
    nothing: () => readOnly(url, EVENTS),
  });
  const many = await ingest(MANY_EVENTS);
  const comparedTo = { name: "nothing decoded", value: found.nothing };
  return [
    {
      name: "socket to Parquet",
      value: found.ingest,
      unit: "events/s",
      comparedTo,
      goal: { least: 20_000 },
    },
    {
      name: "the same over ten times as many",
      value: MANY_EVENTS / many.seconds,
      unit: "events/s",
      comparedTo,
      goal: { least: 20_000 },
    },
    { name: "peak memory of that run", value: many.peak, unit: "MB", goal: { most: 250 } },
    {
      name: "its memory in the last quarter",
      value: Math.max(...quarter(many.samples, 3)),
      unit: "MB",
      comparedTo: { name: "in the first", value: Math.max(...quarter(many.samples, 0)) },
      goal: { most: 1.1, of: "ratio" },
    },
    {
      name: "the same, medians",
      value: median(quarter(many.samples, 3)),
      unit: "MB",
      comparedTo: { name: "in the first", value: median(quarter(many.samples, 0)) },
      goal: { most: 1.1, of: "ratio" },
    },
  ];
}

interface Ingested {
  /** From the start of the process to its end. */
  seconds: number;
  /** Megabytes, as the run's ledger row says. */
  peak: number;
  /** Megabytes over time, start and end left out. */
  samples: number[];
}

/** Collect so many events. Throws where the run fails or does not land every post once. */
async function collect(
  url: string,
  data: string,
  events: number,
  posts: number,
): Promise<Ingested> {
  const started = performance.now();
  const until = new Date(timeOf(events)).toISOString();
  const child = startCollecting({ url }, data, ["--until", until]);
  const samples: number[] = [];
  const sampler = setInterval(async () => {
    const megabytes = await residentMegabytes(child.pid);
    if (megabytes !== undefined) samples.push(megabytes);
  }, SAMPLE_MS);
  const { code, stdout, stderr } = await child.output();
  clearInterval(sampler);
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`exit status ${code}: ${new TextDecoder().decode(stderr)}`);
  const summary = JSON.parse(new TextDecoder().decode(stdout));
  using database = await openDatabase(data);
  const paths = new DataPaths(data);
  const files = (table: string) => literal(paths.files(table).map(({ path }) => path));
  const { landed } = await row<{ landed: number }>(
    database,
    `SELECT count(DISTINCT uri) AS landed FROM read_parquet(${files("raw/firehose")})`,
  );
  if (summary.events !== events || summary.posts !== posts || landed !== posts) {
    throw new Error(`${summary.events} events of ${events}, ${landed} posts of ${posts}`);
  }
  const { peak } = await row<{ peak: number }>(
    database,
    `SELECT max(peak_rss_mb) AS peak FROM read_parquet(${files("runs")})`,
  );
  return { seconds, peak, samples };
}

/** Read so many messages and do nothing with them; what is measured is how fast the relay sends. */
async function readOnly(url: string, events: number): Promise<number> {
  const stop = new AbortController();
  const started = performance.now();
  let left = events;
  const messages = subscribeTo(url, stop.signal);
  for await (const _ of messages) if (--left === 0) break;
  return events / ((performance.now() - started) / 1000);
}

/** Give the memory that a process has, undefined once it has ended. */
async function residentMegabytes(pid: number): Promise<number | undefined> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] })
    .output();
  const kilobytes = Number(new TextDecoder().decode(stdout));
  return kilobytes > 0 ? kilobytes / 1024 : undefined;
}

function quarter(samples: number[], index: number): number[] {
  const length = samples.length / 4;
  return samples.slice(Math.floor(index * length), Math.floor((index + 1) * length));
}
