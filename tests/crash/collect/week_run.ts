/** Seven days of cron: runs at odd times, and what goes wrong with some of them. */
import assert from "node:assert/strict";
import type { Windows } from "../../../etl/study/window.ts";
import { runTask, taskProcess } from "../../task.ts";
import { randomNumbers } from "../../etl/atproto/mutation.ts";
import type { Span } from "./week_account.ts";
import { END, START, type WeekEvent } from "./week_events.ts";
import { WeekRelay } from "./week_relay.ts";

const HOUR_MS = 3_600_000;

/** What goes wrong with a run. */
export type Mishap =
  /** Killed at once, or when something of the stretch it reads is durable. */
  | "killed"
  | "killed_late"
  /** Told to stop. */
  | "stopped"
  /** The relay tears the connection. */
  | "torn"
  /** The relay begins its sequence anew while it is read, and forgets what was before. */
  | "reset"
  /** The relay begins its sequence anew before the run, with all that it held. */
  | "renumbered"
  /** The relay cannot be reached. */
  | "dead";

export interface WeekPlan {
  seed: number;
  windows: Windows;
  /** Hours between runs, at least and at most. */
  every: [number, number];
  /** By the number of the run. */
  mishaps: Record<number, Mishap>;
  /** Hours after the start between which the machine is off. */
  off?: [number, number];
  replayHours: number;
}

export interface WeekRun {
  at: Date;
  mishap: Mishap | undefined;
  code: number | null;
  stderr: string;
  /** As printed with `--json`. */
  // deno-lint-ignore no-explicit-any
  summary: any;
}

export interface Week {
  host: string;
  runs: WeekRun[];
  /** Sequence numbers of the events, by index, as they were when it was their time. */
  seqs: number[];
  /** Time of which the relay could give nothing any more when it was asked. */
  lost: Span[];
}

/** Give when cron starts runs: at odd minutes, the last one when the week is over. */
export function instants({ seed, every: [least, most], off }: WeekPlan): Date[] {
  const random = randomNumbers(seed);
  const found: Date[] = [];
  for (let time = START + 17 * 60_000; time < END - HOUR_MS;) {
    const hours = (time - START) / HOUR_MS;
    if (off === undefined || hours < off[0] || hours >= off[1]) found.push(new Date(time));
    time += least * HOUR_MS + random((most - least) * 60 + 1) * 60_000;
  }
  return [...found, new Date(END)];
}

/** Let a week go by: start `sync:firehose` again and again, each run at a later instant. */
export async function runWeek(
  data: string,
  events: WeekEvent[],
  plan: WeekPlan,
): Promise<Week> {
  const random = randomNumbers(plan.seed);
  const study = (await Deno.readTextFile("demo/study.yaml"))
    .replace("windows: all", `windows: ${JSON.stringify(plan.windows)}`);
  await Deno.writeTextFile(`${data}/study.yaml`, study);
  const relay = new WeekRelay(events, plan.replayHours * HOUR_MS);
  const week: Week = { host: new URL(relay.url).host, runs: [], seqs: [], lost: [] };
  try {
    for (const [number, at] of instants(plan).entries()) {
      relay.goTo(at.getTime());
      const last = week.runs.findLast(({ code }) => code === 0)?.at.getTime() ?? START;
      const lastIndex = events.findIndex(({ time }) => time >= last);
      if (relay.oldest > lastIndex) week.lost.push([last, events[relay.oldest]!.time]);
      const mishap = plan.mishaps[number];
      if (mishap === "renumbered") relay.renumber(1);
      if (mishap === "reset") {
        const index = events.findIndex(({ time }) => time >= at.getTime() - 20 * 60_000);
        relay.resetAt = index;
        week.lost.push([events[index - 1]!.time, events[index]!.time]);
      }
      if (isSignalled(mishap)) relay.arm({ after: 40 + random(90), what: "hold" });
      if (mishap === "torn") relay.arm({ after: 40 + random(90), what: "tear" });
      if (mishap === "dead") await relay.goDown();
      const { promise } = relay.happened;
      week.runs.push(await runOnce(data, "firehose", relay.url, at, mishap, promise));
      if (mishap === "dead") relay.comeBack();
      assert.equal(relay.incident, undefined, "what was to happen has happened");
      if (mishap === "reset") assert.equal(relay.resetAt, Infinity, "the sequence began anew");
      for (let i = lastIndex; i < events.length; i++) week.seqs[i] = relay.seqOf(i);
    }
  } finally {
    await relay.goDown();
  }
  return week;
}

export function isSignalled(mishap: Mishap | undefined): boolean {
  return mishap === "killed" || mishap === "killed_late" || mishap === "stopped";
}

/** Run the task of a source at an instant; the signal that ends it comes when something happened. */
export async function runOnce(
  data: string,
  source: "firehose" | "jetstream",
  url: string,
  at: Date,
  mishap: Mishap | undefined,
  happened: Promise<void>,
): Promise<WeekRun> {
  const args = ["--data", data, "--study", `${data}/study.yaml`, "--json"];
  const variable = source === "firehose" ? "BLUESKY_RELAY" : "BLUESKY_JETSTREAM";
  const env = { [variable]: url, CIVICSKY_CLOCK: at.toISOString() };
  const ended = (code: number | null, stdout: string, stderr: string) => {
    const summary = stdout === "" ? undefined : JSON.parse(stdout);
    return { at, mishap, code, stderr, summary };
  };
  if (!isSignalled(mishap)) {
    const { code, stdout, stderr } = await runTask([`sync:${source}`, ...args], env);
    return ended(code, stdout, stderr);
  }
  const process = taskProcess([`sync:${source}`, ...args], env);
  const output = process.output();
  await happened;
  if (mishap === "killed_late") await durable(`${data}/journal/${source}`);
  process.kill(mishap === "stopped" ? "SIGTERM" : "SIGKILL");
  const { signal, code, stdout, stderr } = await output;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return ended(signal === null ? code : null, text(stdout), text(stderr));
}

/** Wait until a journal holds something. */
async function durable(folder: string): Promise<void> {
  const size = () =>
    [...Deno.readDirSync(folder)].reduce(
      (sum, { name }) => sum + Deno.statSync(`${folder}/${name}`).size,
      0,
    );
  while (size() === 0) await new Promise((done) => setTimeout(done, 10));
}
