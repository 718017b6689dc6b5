/** Runs of `sync:firehose` against a real PDS, which begins with what is live, as relays do. */
import assert from "node:assert/strict";
import { collect, summaryOf } from "../etl/sources/firehose_run.ts";
import { runTask, type TaskResult } from "../task.ts";
import type { Author } from "./author.ts";
import type { Network } from "./network.ts";

const KNOCK = "Is anybody there?";

/** Give a data folder a cursor; what is collected next begins now. */
export async function beginCollecting(
  network: Network,
  author: Author,
  data: string,
): Promise<void> {
  await collectOne(network, author, data);
  await collectToNow(network, author, data);
}

/** Collect one post, while the author publishes some; without a cursor a relay sends live ones. */
export async function collectOne(
  network: Network,
  author: Author,
  data: string,
): Promise<TaskResult> {
  let ended = false;
  const run = collect({ url: network.relay }, data, ["--limit", "1", "--minutes", "2"]).finally(
    () => ended = true,
  );
  const knocking = (async () => {
    while (!ended) {
      await author.post({ text: KNOCK });
      await sleep(100);
    }
  })();
  const [result] = await Promise.all([run, knocking]);
  assert.equal(result.code, 0, result.stderr);
  return result;
}

/** Collect everything that was published until now, and give the run's summary. */
// deno-lint-ignore no-explicit-any
export async function collectToNow(network: Network, author: Author, data: string): Promise<any> {
  await sleep(2);
  const until = new Date().toISOString();
  await sleep(2);
  // An event behind the end tells the run that it has seen all that came before.
  const createdAt = new Date().toISOString();
  await author.create("app.bsky.graph.block", { subject: author.did, createdAt });
  const run = await collect({ url: network.relay }, data, ["--until", until]);
  assert.equal(run.code, 0, run.stderr);
  return summaryOf(run);
}

/** Run `preprocess`. */
export async function preprocess(data: string): Promise<void> {
  const { code, stderr } = await runTask(["preprocess", "--data", data]);
  assert.equal(code, 0, stderr);
}

/** Leave out the posts of `collectOne`. */
export function published<Row>(rows: Row[]): Row[] {
  return rows.filter((row) => (row as { text?: string }).text !== KNOCK);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
