/** Runs `classify:perspective` on invented posts against a Comment Analyzer on loopback. */
import { labelOutcomes } from "./label_outcomes.ts";
import {
  type CommentAnalyzerOptions,
  type CommentAnalyzerServer,
  startCommentAnalyzer,
} from "../../demo/perspective/comment_analyzer.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { POSTS } from "../../etl/store/tables.ts";
import { uri } from "../raw.ts";
import { writeRows } from "../table_file.ts";
import { runTask, taskProcess } from "../task.ts";
import { SHIPPED_STUDY } from "../shipped_study.ts";
import { withQuickPauses } from "../quick_pauses.ts";

export const KEY = "AIza-invented-key-of-tests";
export const DAY = "2026-06-01";
export const LABELS = "read_parquet('{data}/labels/perspective/*/*.parquet')";

/** A post of a table `posts`, as far as a test cares. */
export interface TestPost {
  name: string;
  text?: string;
  day?: string;
  language?: string | null;
  stratum?: "most_liked" | "passed" | "filtered_out";
  /** Name of the post that it replies to. */
  replyTo?: string;
}

/** Give so many posts, each with a text of its own. */
export function numberedPosts(count: number, post: Partial<TestPost> = {}): TestPost[] {
  return Array.from({ length: count }, (_, index) => ({ name: `p${index}`, ...post }));
}

export function textOf({ name, text }: TestPost): string {
  return text ?? `this is what the post ${name} says to the world`;
}

/** Write the days of posts. */
export async function writeDays(data: string, posts: TestPost[]): Promise<void> {
  const days = Map.groupBy(posts, ({ day = DAY }) => day);
  for (const [day, ofDay] of days) {
    const rows = ofDay.map((post) => ({
      uri: uri(post.name),
      cid: `cid-${post.name}`,
      text: textOf(post),
      text_hash: textOf(post),
      detected_language: post.language === undefined ? "en" : post.language,
      in_most_liked: post.stratum === "most_liked",
      passed_filters: post.stratum !== "filtered_out",
      reply_parent_uri: post.replyTo === undefined ? null : uri(post.replyTo),
    }));
    await writeRows(POSTS, rows, new DataPaths(data).posts(day));
  }
}

/** What a study says of Perspective; keys replace those of the same name. */
export async function writeStudy(
  data: string,
  settings: Record<string, unknown> = {},
): Promise<string> {
  const section = {
    languages: ["en"],
    minimum_characters: 10,
    timeout_seconds: 5,
    sample: { label_rate: 1 },
    quota: { requests_per_second: 500 },
    ...settings,
  };
  const study = await Deno.readTextFile(SHIPPED_STUDY);
  const path = `${data}/study.yaml`;
  await Deno.mkdir(data, { recursive: true });
  await Deno.writeTextFile(
    path,
    study.replace(
      /^ {2}perspective:\n(?: {4}.*\n)+/m,
      () => `  perspective: ${JSON.stringify(section)}\n`,
    ),
  );
  return path;
}

export function environment({ url }: { url: string }): Record<string, string> {
  return { PERSPECTIVE_API_KEY: KEY, PERSPECTIVE_ROOT_URL: url };
}

function words(data: string, args: string[]): string[] {
  return ["classify:perspective", "--data", data, "--study", `${data}/study.yaml`, ...args];
}

/** Run the task to its end, with quick pauses; `summary` is empty where it printed none. */
export async function label(
  data: string,
  server: { url: string },
  args: string[] = [],
  env: Record<string, string> = {},
) {
  const result = await withQuickPauses(() =>
    runTask(words(data, ["--json", ...args]), { ...environment(server), ...env })
  );
  return { ...result, summary: result.stdout.startsWith("{") ? JSON.parse(result.stdout) : {} };
}

/** Start the task; the caller ends it. */
export function startLabelling(
  data: string,
  server: { url: string },
  args: string[] = [],
): Deno.ChildProcess {
  return taskProcess(words(data, ["--json", ...args]), environment(server));
}

/** Run something with a Comment Analyzer that knows the key of the tests. */
export async function withAnalyzer(
  options: Partial<CommentAnalyzerOptions>,
  run: (server: CommentAnalyzerServer) => Promise<void>,
): Promise<void> {
  const server = await startCommentAnalyzer({ key: KEY, ...options });
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

/** Count the label rows by their reason; labels stand under `labelled`. */
export const outcomes = (data: string) => labelOutcomes(data, "perspective");

/** Give how many scores were sent beyond the first of each text. */
export function paidTwice({ answered }: CommentAnalyzerServer): number {
  return [...answered.values()].reduce((sum, count) => sum + count - 1, 0);
}

/** Wait until something holds. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((wait) => setTimeout(wait, 10));
}
