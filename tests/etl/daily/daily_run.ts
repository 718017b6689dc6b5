/** Runs `deno task daily` on the network of a sample, on loopback. */
import { type AppView, startAppView } from "../../../demo/network/appview.ts";
import { codedAnswer, inventedCoder } from "../../../demo/groq/coded_answer.ts";
import { startCommentAnalyzer } from "../../../demo/perspective/comment_analyzer.ts";
import { accountFrame, type Frame, sampleFrames } from "../../../demo/sample/frames.ts";
import { startGroq } from "../../../demo/groq/groq.ts";
import { type Jetstream, startJetstream } from "../../../demo/network/jetstream.ts";
import { FIRST_EVENT_SEQ, jetstreamEvents } from "../../../demo/network/jetstream_event.ts";
import { publishedPosts } from "../../../demo/sample/published_post.ts";
import { smallSample } from "../../demo/small_sample.ts";
import { DID } from "../../raw.ts";
import { startWebhook, type WebhookServer } from "../watch/webhook_server.ts";
import { ROOT, runTask, taskProcess } from "../../task.ts";

const BEFORE = "2026-05-31T23:00:00.000Z";
/** Minutes on which the host sends something else than the sample, so that its time can be told. */
const MINUTES = 171 * 60;
const KEY = "invented-key-of-tests";
const MODEL = "openai/gpt-oss-20b";

/** A step as `daily --json` tells it. */
export interface StepRow {
  task: string;
  arguments: string[];
  status: string;
  exit_status: number | null;
  seconds: number;
  did: string;
  left: string;
  reason: string | null;
  remedy: string | null;
}

export interface DailyResult {
  code: number;
  stderr: string;
  steps: StepRow[];
  // deno-lint-ignore no-explicit-any
  summary: any;
}

/** A network and a study on it. */
export class SampleNetwork {
  private constructor(
    readonly data: string,
    /** Events of the sample. */
    readonly events: number,
    readonly jetstream: Jetstream,
    readonly appview: AppView,
    readonly analyzer: Awaited<ReturnType<typeof startCommentAnalyzer>>,
    /** Its batches are over when they are next asked for. */
    readonly groq: Awaited<ReturnType<typeof startGroq>>,
    /** Who is told of failures, and whom the heartbeat asks. */
    readonly webhook: WebhookServer,
  ) {}

  /** Start one of a small sample, or of another with what it is coded as. */
  static async start(
    data: string,
    sample = smallSample(),
    coder = inventedCoder(["left", "right"]),
  ): Promise<SampleNetwork> {
    const appview = startAppView({ posts: publishedPosts(sample), now: new Date(0) });
    // The host holds more than the study wants: what it no longer had would be lost.
    const frames = [accountFrame(1, BEFORE, DID, "deleted"), ...steady()];
    frames.push(...await Array.fromAsync(sampleFrames(sample)));
    const events = [...jetstreamEvents(frames.sort((a, b) => a.time < b.time ? -1 : 1))];
    const network = new SampleNetwork(
      data,
      events.length,
      startJetstream({ events }),
      appview,
      await startCommentAnalyzer({ key: KEY }),
      await startGroq({
        key: KEY,
        limits: {},
        batchStep: { ms: 0 },
        answer: (request) => codedAnswer(request, coder),
      }),
      startWebhook(),
    );
    await network.writeStudy();
    return network;
  }

  get studyPath(): string {
    return `${this.data}/study.yaml`;
  }

  /** Write the demo's study, with changes. */
  async writeStudy(change = (text: string) => text): Promise<void> {
    await Deno.writeTextFile(
      this.studyPath,
      change(
        (await Deno.readTextFile(`${ROOT}demo/study.yaml`)).replaceAll("civicsky/demo", MODEL),
      ),
    );
  }

  /** Give the keys of the paid services, which nobody has otherwise. */
  get keys(): Record<string, string> {
    return {
      PERSPECTIVE_API_KEY: KEY,
      GROQ_API_KEY: KEY,
      GROQ_BASE_URL: `${this.groq.url}/openai/v1`,
    };
  }

  /** Let the host send an event of a time, at which whoever reads up to there ends. */
  pass(time: string): void {
    const seq = FIRST_EVENT_SEQ + this.events;
    this.jetstream.push(...jetstreamEvents([accountFrame(1, time, DID, "deleted")], seq));
  }

  /** Run a task to its end at an instant. */
  run(clock: string, args: string[], env: Record<string, string> = {}) {
    return runTask(this.#args(args), this.#env(clock, env));
  }

  /** Run `daily` at an instant; what it says on stderr is told while it runs. */
  async daily(
    clock: string,
    args: string[] = [],
    env: Record<string, string> = {},
    onStderr: (text: string, daily: Deno.ChildProcess) => void | Promise<void> = () => {},
  ): Promise<DailyResult> {
    const daily = taskProcess(this.#args(["daily", ...args, "--json"]), this.#env(clock, env));
    const stdout = new Response(daily.stdout).text();
    let stderr = "";
    for await (const text of daily.stderr.pipeThrough(new TextDecoderStream())) {
      stderr += text;
      await onStderr(stderr, daily);
    }
    const { code } = await daily.status;
    const printed = await stdout;
    const summary = printed === "" ? undefined : JSON.parse(printed);
    return { code, stderr, steps: summary?.steps ?? [], summary };
  }

  async close(): Promise<void> {
    await this.jetstream.close();
    await this.appview.close();
    await this.analyzer.close();
    await this.groq.close();
    await this.webhook.close();
  }

  #args(args: string[]): string[] {
    return [...args, "--data", this.data, "--study", this.studyPath];
  }

  #env(clock: string, env: Record<string, string>): Record<string, string> {
    this.appview.now = new Date(clock);
    return {
      CIVICSKY_CLOCK: clock,
      BLUESKY_JETSTREAM: this.jetstream.url,
      BLUESKY_APPVIEW: this.appview.url,
      PERSPECTIVE_ROOT_URL: this.analyzer.url,
      PERSPECTIVE_API_KEY: "",
      GROQ_API_KEY: "",
      GROQ_BASE_URL: "",
      CIVICSKY_WEBHOOK: this.webhook.url,
      CIVICSKY_HEARTBEAT: `${new URL(this.webhook.url).origin}/beat`,
      ...env,
    };
  }
}

/** Give an event of each minute: an account is active, as it was. */
function steady(): Frame[] {
  return Array.from({ length: MINUTES }, (_, minute) => {
    const time = new Date(Date.parse(BEFORE) + minute * 60_000).toISOString();
    return accountFrame(1, time, DID);
  });
}

/** Give a step as one would type it. */
export function nameOf({ task, arguments: args }: StepRow): string {
  return [task, ...args].join(" ");
}

/** Give what became of each step, as `task: status`. */
export function outcomes(steps: StepRow[]): string[] {
  return steps.map((step) => `${nameOf(step)}: ${step.status}`);
}
