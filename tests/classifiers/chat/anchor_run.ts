/** Runs classifiers that ask a language model on invented posts, in a study with anchors. */
import { codedAnswer, type Coder, inventedCoder } from "../../../demo/groq/coded_answer.ts";
import { type GroqOptions, type LoopbackGroq, startGroq } from "../../../demo/groq/groq.ts";
import { runTask, taskProcess } from "../../task.ts";
import { query } from "../../rows.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";
import { withQuickPauses } from "../../quick_pauses.ts";

export const MODEL = "openai/gpt-oss-20b";
const KEY = "gsk_invented_key_of_tests";
export const LEANS = ["left", "right", "moderate", "unclear"];
export const REPLICATES = "read_parquet('{data}/replicates/*/*/*.parquet')";
export const PRICES = { [MODEL]: { input: 0.075, output: 0.3 } };

/** A server whose model can be made to say something else. */
export interface Labeller {
  server: LoopbackGroq;
  url: string;
  coder: Coder;
  /** Called at each answer, with how many came before. */
  onAnswer: (count: number) => void;
}

/** Run something with a server; `path: "/v1"` is one's own. */
export async function withLabeller(
  options: GroqOptions,
  run: (labeller: Labeller) => Promise<void>,
): Promise<void> {
  const labeller = { coder: inventedCoder(LEANS), onAnswer: () => {} } as unknown as Labeller;
  let count = 0;
  const server = await startGroq({
    key: KEY,
    answer: (request) => {
      labeller.onAnswer(count++);
      return codedAnswer(request, (post, fields) => labeller.coder(post, fields));
    },
    ...options,
  });
  labeller.server = server;
  labeller.url = `${server.url}${options.path ?? "/openai/v1"}`;
  try {
    await run(labeller);
  } finally {
    await server.close();
  }
}

/** Write a study of one classifier; keys replace those of the same name. */
export async function writeStudy(
  data: string,
  settings: Record<string, unknown> = {},
  { classifier = "sociopolitical", ...more }: Record<string, unknown> = {},
): Promise<void> {
  const section = {
    codebook: "us_politics",
    model: MODEL,
    reasoning_effort: "low",
    timeout_seconds: 5,
    sample: { label_rate: 1, filtered_out_rate: 1 },
    quota: {},
    ...settings,
  };
  const [head] = (await Deno.readTextFile(SHIPPED_STUDY)).split(/^classifiers:/m);
  const rest = {
    classifiers: { dictionary: { codebook: "us_politics" }, [String(classifier)]: section },
    prices: PRICES,
    after_deletion: "drop",
    time_zone: "UTC",
    ...more,
  };
  const lines = Object.entries(rest).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
  await Deno.mkdir(data, { recursive: true });
  await Deno.writeTextFile(`${data}/study.yaml`, head + lines.join(""));
}

function words(data: string, task: string, args: string[]): string[] {
  return [task, "--data", data, "--study", `${data}/study.yaml`, ...args];
}

function environment(labeller: Labeller, day: string, key: string | undefined = KEY) {
  return {
    GROQ_API_KEY: key,
    GROQ_BASE_URL: labeller.url,
    CIVICSKY_CLOCK: `${day}T12:00:00Z`,
  };
}

/** Run `classify:<classifier>` on a day, with quick pauses; `summary` is empty where it printed none. */
export async function label(
  data: string,
  labeller: Labeller,
  day: string,
  args: string[] = [],
  task = "classify:sociopolitical",
) {
  const result = await withQuickPauses(() =>
    runTask(words(data, task, ["--json", ...args]), environment(labeller, day))
  );
  return { ...result, summary: result.stdout.startsWith("{") ? JSON.parse(result.stdout) : {} };
}

/** Start the task; the caller ends it. */
export function startLabelling(data: string, labeller: Labeller, day: string): Deno.ChildProcess {
  const args = words(data, "classify:sociopolitical", ["--json"]);
  return taskProcess(args, environment(labeller, day));
}

/** Run another task on a day. */
export async function runOn(data: string, day: string, task: string, args: string[] = []) {
  return await runTask(words(data, task, args), { CIVICSKY_CLOCK: `${day}T12:00:00Z` });
}

/** Give what `status` says of drift. */
// deno-lint-ignore no-explicit-any
export async function drift(data: string, day: string): Promise<any[]> {
  const { stdout, stderr, code } = await runOn(data, day, "status", ["--json"]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout).drift;
}

/** Count the replicates of each round, by what came of them. */
export async function rounds(data: string): Promise<(number | string)[][]> {
  const found = await query<{ round: number; outcome: string; n: number }>(
    data,
    `SELECT round, coalesce(reason, 'labelled') AS outcome, count(*) AS n FROM ${REPLICATES}
     GROUP BY ALL ORDER BY ALL`,
  );
  return found.map(({ round, outcome, n }) => [round, outcome, n]);
}
