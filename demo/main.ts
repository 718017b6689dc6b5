/**
 * `deno task demo`: the whole pipeline on the invented sample, with no key and no network.
 *
 * A relay, an AppView, a Comment Analyzer and a Groq on loopback serve the sample as the real ones
 * would; every step is the real task in a process of its own.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, type Context, type Outcome } from "../etl/command/command.ts";
import { onlyThese, type Variable } from "../etl/run/environment.ts";
import { EXIT, UserError } from "../etl/run/error.ts";
import { taskCommand } from "../etl/run/task_command.ts";
import { shellWord } from "../etl/run/shell_word.ts";
import { readStudy } from "../etl/study/study.ts";
import { lock } from "../etl/store/lock.ts";
import type { DataPaths } from "../etl/store/paths.ts";
import { CATCH_UP, startAppView } from "./network/appview.ts";
import { startCommentAnalyzer } from "./perspective/comment_analyzer.ts";
import { codedAnswer } from "./groq/coded_answer.ts";
import { sampleFrames } from "./sample/frames.ts";
import { startGroq } from "./groq/groq.ts";
import { publishedPosts } from "./sample/published_post.ts";
import { startRelay } from "./network/relay.ts";
import { readSample, SAMPLE_DAYS } from "./sample/sample.ts";
import { sampleCoder } from "./groq/sample_coder.ts";
import { SAMPLE_MARK, sampleScores } from "./sample/sample_scores.ts";
import type { ServedModel } from "./groq/served_model.ts";
import { countStages, type StageCounts } from "./stage_counts.ts";

const STUDY = fileURLToPath(new URL("study.yaml", import.meta.url));
/** Any fixed key will do: the data is invented, and the demo must give the same hashes. */
const HASH_KEY = "0".repeat(64);
/** The key of the loopback Comment Analyzer and Groq; it opens nothing. */
const DEMO_KEY = "demo";
/** Its name is in each label, so that no label passes for a real model's. */
const DEMO_MODEL: ServedModel = {
  id: "civicsky/demo",
  owned_by: "civicsky",
  context_window: 131_072,
  max_completion_tokens: 65_536,
  schema: "strict",
  efforts: ["low"],
};
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** The task `demo`. */
export const command: Command = {
  task: "demo",
  description:
    "Run the whole pipeline on an invented sample: collect, preprocess, label, count, render.\n\n" +
    "Needs no key and no network. Its data folder is rebuilt from scratch each time.",
  options: [],
  examples: ["deno task demo"],
  ledger: false,
  data: "data/demo",
  study: "demo/study.yaml",
  run: (context) => demo(context),
};

/** Run the demo; `run` takes what follows `deno task` and its variables, and gives the exit status. */
export async function demo(
  { paths, database, signal }: Context,
  run: typeof runStep = runStep,
): Promise<Outcome> {
  const started = performance.now();
  await checkFolder(paths);
  await using _lock = await lock(paths.locks(), "demo", "run demo");
  await startAnew(paths);
  const sample = readSample();
  const frames = await Array.fromAsync(sampleFrames(sample));
  const relay = startRelay({ frames, startAt: "oldest" });
  const appview = startAppView({
    posts: publishedPosts(sample),
    now: new Date(),
    feeds: [CATCH_UP],
    // So that a feed of the sample comes in several pages, as a real one does.
    pageSize: 5,
  });
  const analyzer = await startCommentAnalyzer({
    key: DEMO_KEY,
    recorded: sampleScores(sample),
    mark: SAMPLE_MARK,
  });
  const coder = sampleCoder(sample);
  const groq = await startGroq({
    key: DEMO_KEY,
    models: [DEMO_MODEL],
    // At the limits of an account the sample would take minutes.
    limits: {},
    answer: (request) => codedAnswer(request, coder),
  });
  let isStopped = false;
  const step = async (name: string, clock: number, ...args: string[]) => {
    isStopped ||= signal.aborted;
    if (isStopped) return;
    const words = [name, ...args, "--data", paths.root, "--study", STUDY];
    console.error(`\n$ deno task ${words.map(shellWord).join(" ")}`);
    const code = await run(words, {
      CIVICSKY_CLOCK: new Date(clock).toISOString(),
      BLUESKY_RELAY: relay.url,
      BLUESKY_APPVIEW: appview.url,
      PERSPECTIVE_ROOT_URL: analyzer.url,
      PERSPECTIVE_API_KEY: DEMO_KEY,
      GROQ_BASE_URL: `${groq.url}/openai/v1`,
      GROQ_API_KEY: DEMO_KEY,
    });
    isStopped = code === EXIT.stopped;
    if (code === EXIT.done || isStopped) return;
    throw new UserError(
      "finish the demo",
      `${name} ended with exit status ${code}`,
      "Its output above says why",
    );
  };
  try {
    for (const day of SAMPLE_DAYS) {
      const midnight = Date.parse(day) + DAY_MS;
      appview.now = new Date(midnight);
      const until = ["--until", new Date(midnight).toISOString()];
      await step("sync:firehose", midnight + MINUTE_MS, ...until);
      await step("sync:most-liked", midnight + 2 * MINUTE_MS);
    }
    const end = Date.parse(SAMPLE_DAYS.at(-1)!) + DAY_MS + 10 * MINUTE_MS;
    for (const [index, name] of LAST_STEPS.entries()) await step(name, end + index * MINUTE_MS);
  } finally {
    await relay.close();
    await appview.close();
    await analyzer.close();
    await groq.close();
  }
  if (isStopped) {
    return {
      summary: { stopped: true },
      text: "Stopped early. The next deno task demo begins anew.",
      stopped: true,
    };
  }
  const counts = await countStages(database, paths.root);
  const report = join(paths.reports(), "01-overview.html");
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const summary = {
    published: sample.posts.length,
    frames: frames.length,
    ...counts,
    report,
    seconds,
  };
  return { summary, text: describe(summary) };
}

const LAST_STEPS = [
  "preprocess",
  "classify:dictionary",
  "classify:perspective",
  "classify:sociopolitical",
  "classify:attributes",
  "aggregate",
  "render",
  "status",
];

async function runStep(
  words: string[],
  variables: Partial<Record<Variable, string>>,
): Promise<number> {
  const { code, stdout } = await taskCommand(words, {
    env: onlyThese(variables),
    // stdout is for the demo's own summary.
    stdout: "piped",
    stderr: "inherit",
  }).output();
  Deno.stderr.writeSync(stdout);
  return code;
}

/** Refuse a folder that is not empty and that no demo made. */
async function checkFolder(paths: DataPaths): Promise<void> {
  const [folder, keyFile] = [paths.root, paths.hashKey()];
  await Deno.mkdir(folder, { recursive: true });
  const isEmpty = entries(paths).length === 0;
  const key = isEmpty ? HASH_KEY : await Deno.readTextFile(keyFile).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return undefined;
  });
  if (key !== HASH_KEY) {
    throw new UserError(
      "run the demo",
      `${folder} holds other data, and the demo would remove it`,
      "Name an empty folder with --data",
      { exitCode: EXIT.usage },
    );
  }
}

/** Empty the folder but for its locks, by which a second demo knows of this one. */
async function startAnew(paths: DataPaths): Promise<void> {
  for (const path of entries(paths)) await Deno.remove(path, { recursive: true });
  await Deno.writeTextFile(paths.hashKey(), HASH_KEY, { mode: 0o600 });
  // The data folder holds the notice too: it can be read with any study file.
  await Deno.writeTextFile(paths.notice(), `${readStudy(STUDY).notice}\n`);
}

/** List what stands in the folder beside the locks. */
function entries(paths: DataPaths): string[] {
  return [...Deno.readDirSync(paths.root)].map(({ name }) => join(paths.root, name))
    .filter((path) => path !== paths.locks());
}

function describe(
  counts: StageCounts & { published: number; frames: number; report: string; seconds: number },
): string {
  const share = (part: number, whole: number) => `${(100 * part / whole).toFixed(1)}%`;
  const number = (value: number) => String(value).padStart(6);
  const { posts, passed_filters, labelled, not_labelled, political, scored, not_scored } = counts;
  const { coded, not_coded, with_context, sociopolitical, rated, not_rated } = counts;
  return [
    "",
    "Demo data: every account, post and label is invented.",
    `${number(counts.published)} posts published by the sample, in ${counts.frames} frames`,
    `${number(counts.received)} versions of posts received from the firehose, with ` +
    `${counts.deletions} deletions, which took ${
      counts.received - counts.collected.firehose!
    } of them`,
    `${number(counts.received_most_liked)} received from the most-liked feed, day by day`,
    `${number(posts)} posts after preprocess, one row each`,
    `${number(passed_filters)} pass the filters (${share(passed_filters, posts)} of posts)`,
    `${number(labelled)} labelled by the dictionary (${share(labelled, posts)} of posts), ` +
    `${not_labelled} not, each with its reason`,
    `${number(political)} political (${share(political, labelled)} of those labelled)`,
    ...counts.categories.map(({ category, posts }) => `${number(posts)}   ${category}`),
    `${number(scored)} scored by Perspective's client with demo scores (${
      share(scored, posts)
    } of posts), ` + `${not_scored} not, each with its reason`,
    `${number(coded)} coded by the language model's client with demo answers (${
      share(coded, posts)
    } of posts), ` + `${not_coded} not, each with its reason; ${with_context} in their context`,
    `${number(sociopolitical)} sociopolitical (${share(sociopolitical, coded)} of those coded)`,
    ...counts.leans.map(({ lean, posts }) => `${number(posts)}   ${lean}`),
    `${number(rated)} given attribute scores by the same client (${
      share(rated, posts)
    } of posts), ` +
    `${not_rated} not, each with its reason`,
    "",
    `Done in ${counts.seconds} s. Open this page in a browser:`,
    `  ${counts.report}`,
  ].join("\n");
}
