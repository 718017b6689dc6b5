/** Runs the classifiers that ask a language model on invented posts against a Groq on loopback. */
import { createHash } from "node:crypto";
import { readFence, type ShownPost } from "../../../classifiers/prompt/material.ts";
import { type ChatCompletionRequest, userMessage } from "../../../demo/groq/chat_request.ts";
import { codedAnswer, type Coder } from "../../../demo/groq/coded_answer.ts";
import { type GroqOptions, type LoopbackGroq, startGroq } from "../../../demo/groq/groq.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { POSTS } from "../../../etl/store/tables.ts";
import { uri } from "../../raw.ts";
import { query } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { runTask, taskProcess } from "../../task.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";
import { withQuickPauses } from "../../quick_pauses.ts";

export const KEY = "gsk_invented_key_of_tests";
export const MODEL = "openai/gpt-oss-20b";
export const DAY = "2026-06-01";
export const LEANS = ["left", "right", "moderate", "unclear"];
/** Nobody listens there. */
export const NOWHERE = "http://127.0.0.1:9";

/** A post of a table `posts`, as far as a test cares; columns replace those of the same name. */
export interface TestPost {
  name: string;
  text?: string;
  day?: string;
  language?: string | null;
  columns?: Record<string, unknown>;
}

/** Give so many posts, each with a text of its own. */
export function numberedPosts(count: number, prefix = "p"): TestPost[] {
  return Array.from({ length: count }, (_, index) => ({ name: `${prefix}${index}` }));
}

export function textOf({ name, text }: TestPost): string {
  return text ?? `this is what the post ${name} says to the world`;
}

/** Write the days of posts. */
export async function writeDays(data: string, posts: TestPost[]): Promise<void> {
  for (const [day, ofDay] of Map.groupBy(posts, ({ day = DAY }) => day)) {
    const rows = ofDay.map((post) => ({
      uri: uri(post.name),
      cid: `cid-${post.name}`,
      text: textOf(post),
      text_hash: textOf(post),
      detected_language: post.language === undefined ? "en" : post.language,
      in_most_liked: false,
      passed_filters: true,
      ...post.columns,
    }));
    await writeRows(POSTS, rows, new DataPaths(data).posts(day));
  }
}

/** What a study says of a classifier; keys replace those of the same name. */
export async function writeStudy(
  data: string,
  settings: Record<string, unknown> = {},
  name = "sociopolitical",
): Promise<void> {
  const section = {
    codebook: "us_politics",
    model: MODEL,
    reasoning_effort: "low",
    timeout_seconds: 5,
    sample: { label_rate: 1 },
    quota: { requests_per_minute: 60_000 },
    ...settings,
  };
  const study = await Deno.readTextFile(SHIPPED_STUDY);
  const old = new RegExp(`^ {2}${name}:\\n(?: {4}.*\\n)+`, "m");
  await Deno.mkdir(data, { recursive: true });
  const changed = study.replace(old, () => `  ${name}: ${JSON.stringify(section)}\n`);
  await Deno.writeTextFile(`${data}/study.yaml`, changed);
}

export function environment({ url }: { url: string }): Record<string, string> {
  return { GROQ_API_KEY: KEY, GROQ_BASE_URL: `${url}/openai/v1`, BLUESKY_APPVIEW: NOWHERE };
}

export function words(data: string, args: string[], name: string): string[] {
  return [`classify:${name}`, "--data", data, "--study", `${data}/study.yaml`, "--json", ...args];
}

/** Run a task to its end, with quick pauses; `summary` is empty where it printed none. */
export async function label(
  data: string,
  server: { url: string },
  args: string[] = [],
  env: Record<string, string> = {},
  name = "sociopolitical",
  isQuick = true,
) {
  const run = () => runTask(words(data, args, name), { ...environment(server), ...env });
  const result = await (isQuick ? withQuickPauses(run) : run());
  return { ...result, summary: result.stdout.startsWith("{") ? JSON.parse(result.stdout) : {} };
}

/** Start the task; the caller ends it. */
export function startLabelling(data: string, server: { url: string }, args: string[] = []) {
  return taskProcess(words(data, args, "sociopolitical"), environment(server));
}

/** Run something with a Groq that knows the key of the tests, and codes by the text of a post alone. */
export async function withGroq<T>(
  options: GroqOptions,
  run: (server: LoopbackGroq) => Promise<T>,
): Promise<T> {
  const answer = (request: ChatCompletionRequest) => codedAnswer(request, coder);
  const server = await startGroq({ key: KEY, answer, ...options });
  try {
    return await run(server);
  } finally {
    await server.close();
  }
}

/** Gives labels that hang on a post's text and on nothing else, so that no two can be mixed up. */
export const coder: Coder = ({ text }, fields) => {
  const bytes = createHash("sha256").update(text).digest();
  const isSociopolitical = bytes[0]! < 192;
  const said: Record<string, unknown> = {
    reason: `as ${bytes.toString("hex").slice(0, 8)} says`,
    is_sociopolitical: isSociopolitical,
    lean: isSociopolitical ? LEANS[bytes[1]! % LEANS.length] : null,
  };
  return Object.fromEntries(
    fields.map((name, index) => [name, name in said ? said[name] : bytes[index % 32]! / 256]),
  );
};

/** A label row as tests look at it. */
export interface LabelRow extends Record<string, unknown> {
  name: string;
  label_set_id: string;
  reason: string | null;
  is_sociopolitical: boolean | null;
  lean: string | null;
  reason_text: string | null;
  context_kinds: string[] | null;
}

export async function labels(data: string, name = "sociopolitical"): Promise<LabelRow[]> {
  return await query<LabelRow>(
    data,
    `SELECT split_part(uri, '/', -1) AS name, * FROM read_parquet('{data}/labels/${name}/*/*.parquet')
     ORDER BY name, label_set_id`,
  );
}

/** Count the label rows by their reason; labels stand under `labelled`. */
export function outcomes(rows: { reason: string | null }[]): Record<string, number> {
  const groups = Map.groupBy(rows, ({ reason }) => reason ?? "labelled");
  return Object.fromEntries([...groups].map(([reason, of]) => [reason, of.length]).toSorted());
}

/** Give the names of labelled posts whose label is not what the coder says of that very post. */
export function mixedUp(rows: LabelRow[], posts: TestPost[]): string[] {
  const said = new Map(
    posts.map((post) => [
      post.name,
      coder({ text: textOf(post) }, ["is_sociopolitical", "lean"]),
    ]),
  );
  return rows.filter(({ name, reason, is_sociopolitical, lean }) =>
    reason === null &&
    JSON.stringify({ is_sociopolitical, lean }) !== JSON.stringify(said.get(name))
  ).map(({ name }) => name);
}

/** Give what requests showed of posts, each as often as it was shown. */
export function shown({ record }: LoopbackGroq): ShownPost[] {
  return record.requests.flatMap((request) => readFence(userMessage(request)));
}

/** Give how many answers were sent beyond the first to the same question. */
export function paidTwice({ record }: LoopbackGroq): number {
  return [...record.answered.values()].reduce((sum, count) => sum + count - 1, 0);
}
