/** Runs `classify:sociopolitical` on invented posts against a Groq on loopback. */
import { labelOutcomes } from "../label_outcomes.ts";
import assert from "node:assert/strict";
import { codedAnswer, inventedCoder } from "../../../demo/groq/coded_answer.ts";
import { type GroqOptions, type LoopbackGroq, startGroq } from "../../../demo/groq/groq.ts";
import { runTask, taskProcess, type TaskResult } from "../../task.ts";
import { numberedPosts, type TestPost, writeDays } from "../perspective_run.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

export const KEY = "gsk_invented_key_of_tests";
export const LABELS = "read_parquet('{data}/labels/sociopolitical/*/*.parquet')";
const LEANS = ["left", "right", "moderate", "unclear"];

/** Write posts and a study that labels all of them. */
export async function writeStudy(
  data: string,
  posts: TestPost[] | number,
  settings: Record<string, unknown> = {},
): Promise<void> {
  await writeDays(data, typeof posts === "number" ? numberedPosts(posts) : posts);
  const section = {
    codebook: "us_politics",
    model: "openai/gpt-oss-20b",
    reasoning_effort: "low",
    timeout_seconds: 5,
    sample: { label_rate: 1 },
    quota: { requests_per_second: 500 },
    ...settings,
  };
  const study = await Deno.readTextFile(SHIPPED_STUDY);
  await Deno.writeTextFile(
    `${data}/study.yaml`,
    study.replace(
      /^ {2}sociopolitical:\n(?: {4}.*\n)+/m,
      () => `  sociopolitical: ${JSON.stringify(section)}\n`,
    ),
  );
}

/** Run something with a Groq whose batches are over when they are next asked for. */
export async function withGroq(
  options: GroqOptions,
  run: (server: LoopbackGroq) => Promise<void>,
): Promise<void> {
  const server = await startGroq({
    key: KEY,
    batchStep: { ms: 0 },
    answer: (request) => codedAnswer(request, inventedCoder(LEANS)),
    ...options,
  });
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

function words(data: string, args: string[]): string[] {
  return [
    ...["classify:sociopolitical", "--data", data, "--study", `${data}/study.yaml`, "--json"],
    ...args,
  ];
}

export function environment({ url }: { url: string }): Record<string, string> {
  return { GROQ_API_KEY: KEY, GROQ_BASE_URL: `${url}/openai/v1` };
}

/** Run the task to its end; `summary` is empty where it printed none. */
export async function label(
  data: string,
  server: { url: string } | undefined,
  args: string[] = ["--batch"],
  // deno-lint-ignore no-explicit-any
): Promise<TaskResult & { summary: any }> {
  const result = await runTask(words(data, args), server ? environment(server) : {});
  return { ...result, summary: result.stdout.startsWith("{") ? JSON.parse(result.stdout) : {} };
}

/** Start the task; the caller ends it. */
export function startLabelling(data: string, server: { url: string }): Deno.ChildProcess {
  return taskProcess(words(data, ["--batch"]), environment(server));
}

/** Run until nothing is under way; gives the last summary. */
// deno-lint-ignore no-explicit-any
export async function untilDone(data: string, server: { url: string }): Promise<any> {
  for (let runs = 0; runs < 4; runs++) {
    const { code, summary, stderr } = await label(data, server);
    if (code === 0) return summary;
    assert.equal(code, 4, stderr);
  }
  assert.fail("the batches do not end");
}

/** Count the label rows by their reason; labels stand under `labelled`. */
export const outcomes = (data: string) => labelOutcomes(data, "sociopolitical");

/** Give the names of the files of open batches. */
export function batchFiles(data: string): string[] {
  try {
    return [...Deno.readDirSync(`${data}/batches/sociopolitical`)].flatMap(({ name }) =>
      [...Deno.readDirSync(`${data}/batches/sociopolitical/${name}`)].map((file) => file.name)
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Give the folder of the one label set that has batches. */
export function batchFolder(data: string): string {
  const folder = `${data}/batches/sociopolitical`;
  return `${folder}/${[...Deno.readDirSync(folder)][0]!.name}`;
}

/** Read what stands on the server, as its owner sees it. */
export async function listed(server: { url: string }, what: "files" | "batches") {
  const response = await fetch(`${server.url}/openai/v1/${what}`, {
    headers: { authorization: `Bearer ${KEY}` },
  });
  // deno-lint-ignore no-explicit-any
  return (await response.json()).data as any[];
}

/** Give how many answers were paid for beyond the first of each request. */
export function paidTwice({ record }: LoopbackGroq): number {
  return [...record.answered.values()].reduce((sum, count) => sum + count - 1, 0);
}
