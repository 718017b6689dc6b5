import assert from "node:assert/strict";
import { journalFiles, rawRows, startCollecting } from "../etl/sources/firehose_run.ts";
import { withData } from "../rows.ts";
import type { Author, Published } from "./author.ts";
import { beginCollecting, collectToNow, published, sleep } from "./collection.ts";
import type { Network } from "./network.ts";

const POSTS = 600;
/**
 * When each run is killed: so many milliseconds after it started, after it wrote to its journal, or
 * once it landed what the run before it left.
 */
const KILLS: [("started" | "journal" | "landed"), number][] = [
  ["journal", 0],
  ["landed", 0],
  ["journal", 150],
  ["started", 300],
  ["journal", 40],
  ["landed", 30],
  ["journal", 300],
  ["started", 700],
  ["journal", 10],
  ["landed", 5],
  ["journal", 80],
  ["started", 500],
  ["journal", 200],
  ["landed", 100],
  ["journal", 120],
];

/** 600 posts are written while 15 runs are killed; they land once each, whoever was killed when. */
export async function killedRunsLoseNothing(
  network: Network,
  authors: Author[],
): Promise<Published[]> {
  return await inFolder(async (data) => {
    await beginCollecting(network, authors[0]!, data);
    const writing = { allowed: 0, over: false };
    const killing = killRuns(network, data, writing).finally(() => writing.over = true);
    const [posts, grew] = await Promise.all([write(authors, writing), killing]);
    assert.ok(grew >= KILLS.length / 2, `only ${grew} of the killed runs had collected anything`);
    assert.equal(posts.length, POSTS);
    const summary = await collectToNow(network, authors[0]!, data);
    assert.deepEqual(summary.set_aside, {});
    const rows = published(await rawRows(data));
    assert.deepEqual(
      rows.map(({ uri, cid, text }) => `${uri} ${cid} ${text}`).sort(),
      posts.map(({ uri, cid, record }) => `${uri} ${cid} ${record.text}`).sort(),
    );
    assert.deepEqual(journalFiles(data), []);
    console.log(
      `${KILLS.length} kills, ${grew} of runs with a journal; ${rows.length} posts landed once`,
    );
    return posts;
  });
}

interface Writing {
  /** Posts that may have been written by now. */
  allowed: number;
  over: boolean;
}

/** Start and kill the runs; gives how many of them had written to their journal. */
async function killRuns(network: Network, data: string, writing: Writing): Promise<number> {
  let grew = 0;
  for (const [event, ms] of KILLS) {
    writing.allowed += POSTS / KILLS.length;
    const [left, landed] = [journalFiles(data), partsOf(data)];
    const run = startCollecting({ url: network.relay }, data);
    const output = run.output();
    let ended = false;
    void output.then(() => ended = true);
    // What the run before left may be longer than all that this one writes.
    const written = () => journalBytes(data, left) > 0;
    while (!ended && event !== "started" && !written()) {
      if (event === "landed" && partsOf(data) > landed) break;
      await sleep(2);
    }
    if (written()) grew++;
    await sleep(ms);
    run.kill("SIGKILL");
    assert.equal((await output).signal, "SIGKILL");
  }
  return grew;
}

/** Write posts by several authors at once, a share of them with each kill. */
async function write(authors: Author[], writing: Writing): Promise<Published[]> {
  const posts: Published[] = [];
  await Promise.all(authors.map(async (author, index) => {
    for (let number = index; number < POSTS; number += authors.length) {
      while (number >= writing.allowed && !writing.over) await sleep(5);
      const text = `Post ${number} of ${author.handle}: rents rise.`;
      posts.push(await author.post({ text }));
      await sleep(20);
    }
  }));
  return posts;
}

function partsOf(data: string): number {
  const days = `${data}/raw/firehose`;
  return [...Deno.readDirSync(days)].flatMap(({ name }) => [...Deno.readDirSync(`${days}/${name}`)])
    .filter(({ name }) => name.endsWith(".parquet")).length;
}

/** Give the bytes of the segments in the journal, but for those that were left there. */
function journalBytes(data: string, left: string[]): number {
  const folder = `${data}/journal/firehose`;
  return journalFiles(data).filter((name) => !left.includes(name))
    .reduce((sum, name) => sum + Deno.statSync(`${folder}/${name}`).size, 0);
}

async function inFolder<T>(use: (data: string) => Promise<T>): Promise<T> {
  let result: T;
  await withData(async (data) => {
    result = await use(data);
  });
  return result!;
}
