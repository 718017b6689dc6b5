/** A copy of this repository in which the documents' commands run, on a network on loopback. */
import { dirname, join } from "node:path";
import { startAppView } from "../../demo/network/appview.ts";
import { codedAnswer, inventedCoder } from "../../demo/groq/coded_answer.ts";
import { startCommentAnalyzer } from "../../demo/perspective/comment_analyzer.ts";
import { sampleFrames } from "../../demo/sample/frames.ts";
import { startGroq } from "../../demo/groq/groq.ts";
import { startJetstream } from "../../demo/network/jetstream.ts";
import { jetstreamEvents } from "../../demo/network/jetstream_event.ts";
import { publishedPosts } from "../../demo/sample/published_post.ts";
import { startRelay } from "../../demo/network/relay.ts";
import { onlyThese } from "../../etl/run/environment.ts";
import { smallSample } from "../demo/small_sample.ts";
import { ROOT } from "../task.ts";
import type { Ended } from "./session.ts";
import { SHIPPED_STUDY } from "../shipped_study.ts";

const COPIED = [
  ...["etl", "classifiers", "notebooks", "demo", "docs", "tests/etl/filters"],
  ...[
    "tests/rows.ts",
    "tests/common_environment.ts",
    "tests/shipped_study.ts",
    "tests/fixtures/study.yaml",
    "tests/docs/session.ts",
    "main.ts",
    "deno.json",
    "deno.lock",
    "package.json",
  ],
  ...["README.md", "data/README.md", ".env.example"],
];
const NOW = "2026-06-10T00:00:00Z";
const KEY = "invented-key-of-tests";

export class StudyTree {
  private constructor(
    readonly root: string,
    /** What takes the place of the servers of the world. */
    readonly environment: Record<string, string>,
    readonly close: () => Promise<void>,
  ) {}

  /** Copy the tree and start the servers. */
  static async start(): Promise<StudyTree> {
    const root = await Deno.makeTempDir({ prefix: "civicsky-docs-" });
    for (const path of COPIED) await copy(path, root);
    await Deno.copyFile(SHIPPED_STUDY, join(root, "study.yaml"));
    const sample = smallSample();
    // Long enough for all classifiers.
    for (const post of sample.posts) post.text += " The senate will vote on the housing bill.";
    const frames = await Array.fromAsync(sampleFrames(sample));
    const jetstream = startJetstream({
      events: [...jetstreamEvents(frames)],
      startAt: "oldest",
    });
    const relay = startRelay({ frames, startAt: "oldest" });
    const posts = publishedPosts(sample);
    const appview = startAppView({ posts, now: new Date("2026-06-02T08:00:00Z") });
    const analyzer = await startCommentAnalyzer({ key: KEY });
    const coder = inventedCoder(["left", "right"]);
    const groq = await startGroq({
      key: KEY,
      limits: {},
      batchStep: { ms: 0 },
      answer: (request) => codedAnswer(request, coder),
    });
    const servers = [jetstream, relay, appview, analyzer, groq];
    const environment = {
      CIVICSKY_CLOCK: NOW,
      CIVICSKY_DATA: join(root, "data"),
      CIVICSKY_STUDY: join(root, "study.yaml"),
      BLUESKY_JETSTREAM: jetstream.url,
      BLUESKY_RELAY: relay.url,
      BLUESKY_APPVIEW: appview.url,
      PERSPECTIVE_ROOT_URL: analyzer.url,
      PERSPECTIVE_API_KEY: KEY,
      GROQ_BASE_URL: `${groq.url}/openai/v1`,
      GROQ_API_KEY: KEY,
    };
    return new StudyTree(root, environment, async () => {
      for (const server of servers) await server.close();
      await Deno.remove(root, { recursive: true });
    });
  }

  read(path: string): Promise<string> {
    return Deno.readTextFile(join(this.root, path));
  }

  async write(path: string, text: string): Promise<void> {
    await Deno.mkdir(dirname(join(this.root, path)), { recursive: true });
    await Deno.writeTextFile(join(this.root, path), text);
  }

  /** Run commands one after the other, to the last one. */
  async run(commands: string[]): Promise<Ended[]> {
    const session = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--allow-all", "tests/docs/session.ts"],
      cwd: this.root,
      env: {
        NO_COLOR: "1",
        PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`,
        ...onlyThese(this.environment),
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const output = session.output();
    const writer = session.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(commands)));
    await writer.close();
    const { code, stdout, stderr } = await output;
    const said = new TextDecoder().decode(stderr);
    if (code !== 0) throw new Error(`the session ended with ${code}: ${said}`);
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    return lines.map((line) => JSON.parse(line) as Ended);
  }
}

async function copy(path: string, root: string): Promise<void> {
  const from = join(ROOT, path);
  if ((await Deno.stat(from)).isDirectory) {
    for await (const { name } of Deno.readDir(from)) await copy(`${path}/${name}`, root);
    return;
  }
  await Deno.mkdir(dirname(join(root, path)), { recursive: true });
  await Deno.copyFile(from, join(root, path));
}
