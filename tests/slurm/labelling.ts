/** A week of invented posts, labelled by two classifiers as jobs of a cluster. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import type { LoopbackGroq } from "../../demo/groq/groq.ts";
import { environment, MODEL, numberedPosts, writeDays } from "../classifiers/chat/chat_run.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { query } from "../rows.ts";
import { runTask } from "../task.ts";
import type { Cluster } from "./cluster.ts";
import { SHIPPED_STUDY } from "../shipped_study.ts";

export const CLASSIFIERS = ["sociopolitical", "attributes"];
export const DAYS = [1, 2, 3, 4, 5, 6, 7].map((day) => `2026-06-0${day}`);
export const POSTS_A_DAY = 100;
const MODELS = [MODEL, "openai/gpt-oss-120b"];
/** Requests a second of all jobs. */
export const QUOTA = 25;

/** Write a week of posts, and a study whose two classifiers ask two models, as one run asks each at a time. */
export async function writeWeek(data: string): Promise<void> {
  const posts = DAYS.flatMap((day) =>
    numberedPosts(POSTS_A_DAY, `p${day}-`).map((post) => ({ ...post, day }))
  );
  await writeDays(data, posts);
  const section = {
    codebook: "us_politics",
    reasoning_effort: "low",
    sample: { label_rate: 1 },
    quota: { requests_per_second: QUOTA / CLASSIFIERS.length },
  };
  let study = await Deno.readTextFile(SHIPPED_STUDY);
  for (const [index, name] of CLASSIFIERS.entries()) {
    const model = MODELS[index];
    const old = new RegExp(`^ {2}${name}:\\n(?: {4}.*\\n)+`, "m");
    study = study.replace(old, () => `  ${name}: ${JSON.stringify({ ...section, model })}\n`);
  }
  await Deno.writeTextFile(`${data}/study.yaml`, study);
}

/** Write the scripts of a classifier; gives the path of the one that submits them. */
export async function writeScripts(data: string, classifier: string): Promise<string> {
  const { code, stdout, stderr } = await runTask([
    ...["slurm", "--task", `classify:${classifier}`, "--data", data, "--json"],
    ...["--study", `${data}/study.yaml`, "--sbatch", "--mem=1500M --time=00:20:00"],
  ]);
  assert.equal(code, 0, stderr);
  return join(JSON.parse(stdout).folder, "submit.sh");
}

/** Submit scripts; gives the id of the array and of the job that comes after it. */
export async function submit(
  cluster: Cluster,
  script: string,
  server: LoopbackGroq,
): Promise<{ array: string; after: string }> {
  const said = await cluster.say(["bash", script], environment(server));
  const [, array, after] = /^submitted (\d+) \(label\.sh\) and after it (\d+)/.exec(said) ?? [];
  assert.ok(array && after, said);
  return { array, after };
}

/** Give all that the jobs of a script printed. */
export async function logs(script: string): Promise<string> {
  const folder = join(dirname(script), "logs");
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  return (await Promise.all(names.map((name) => Deno.readTextFile(join(folder, name))))).join("\n");
}

/** Count the label rows of a classifier, the posts that they label, and those without a label. */
export async function counts(data: string, classifier: string) {
  const [row] = await query<{ rows: number; posts: number; failed: number }>(
    data,
    `SELECT count(*)::INTEGER AS rows, count(DISTINCT uri)::INTEGER AS posts,
       count(*) FILTER (NOT was_successfully_labeled)::INTEGER AS failed
     FROM read_parquet('{data}/labels/${classifier}/*/*.parquet')`,
  );
  return row!;
}

/** Give the path of the newest segment of a classifier's answers, and how many it has. */
export async function newestAnswers(
  data: string,
  classifier: string,
): Promise<{ segment: string; answers: number } | undefined> {
  const folders = new DataPaths(data).names(`answers/${classifier}`)
    .map((name) => `${data}/answers/${classifier}/${name}`);
  const segment = folders.flatMap((folder) =>
    [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) =>
      `${folder}/${name}`
    )
  ).sort().at(-1);
  if (segment === undefined) return undefined;
  // It goes when it is merged.
  const text = await Deno.readTextFile(segment).catch(() => "");
  return { segment, answers: text.split("\n").filter((line) => line.startsWith("{")).length };
}

/** A task of an array that runs right now. */
export interface RunningTask {
  job: string;
  /** The processes of its batch script, and of the run that this started. */
  script: number;
  run: number;
}

/** Give the task of an array that runs right now, once it has a process that labels. */
export async function running(
  cluster: Cluster,
  array: string,
  classifier: string,
): Promise<RunningTask | undefined> {
  const task = (await cluster.queue()).map((line) => line.split(" "))
    .find(([job, state]) => job!.startsWith(`${array}_`) && state === "RUNNING");
  if (task === undefined) return undefined;
  const [job, , id] = task as [string, string, string];
  const { stdout } = await cluster.run(["scontrol", "listpids", id]);
  const pids = stdout.split("\n").slice(1).map((line) => Number(line.trim().split(/\s+/)[0]));
  const found = async (words: string) => {
    for (const pid of pids) if ((await commandLine(pid)).includes(words)) return pid;
  };
  const [script, run] = [
    await found("slurm_script"),
    await found(`main.ts\0classify:${classifier}`),
  ];
  return script && run ? { job, script, run } : undefined;
}

async function commandLine(pid: number): Promise<string> {
  return await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
}

/** Wait until something holds. */
export async function until<T>(
  what: string,
  find: () => Promise<T | undefined | false>,
  seconds = 120,
): Promise<T> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${seconds} s`);
}
