import assert from "node:assert/strict";
import type { Relay } from "../../demo/network/relay.ts";
import { query, withData } from "../rows.ts";
import {
  collect,
  journalFiles,
  rawRows,
  startCollecting,
  summaryOf,
  withRelay,
} from "../etl/sources/firehose_run.ts";
import { END, expectedRows, sampleStream, untilEnd } from "../etl/sources/sample_stream.ts";

const stream = await sampleStream();
const frames = untilEnd(stream);

/**
 * When each run is killed: so many milliseconds after it started, connected or wrote into its journal, or
 * once a folder gets a new Parquet file.
 */
const KILLS: (["started" | "connected" | "journaled", number] | "raw/firehose" | "coverage")[] = [
  ["journaled", 0],
  "raw/firehose",
  ["journaled", 5],
  "coverage",
  ["started", 400],
  ["connected", 0],
  ["journaled", 40],
  "raw/firehose",
  ["started", 300],
  "coverage",
  ["connected", 220],
  "raw/firehose",
  ["started", 500],
  ["journaled", 300],
  "raw/firehose",
];
/** The run whose journal then gets a torn last line. */
const TORN = 6;

// Invariant 1, invariant 2
Deno.test("runs that are killed at any instant lose nothing and land nothing twice", async () => {
  await withRelay({}, (relay) =>
    withData(async (data) => {
      const pushing = push(relay);
      let interruptedLandings = 0;
      for (const [index, kill] of KILLS.entries()) {
        const before = relay.connections.length;
        const connected = () => relay.connections.length > before;
        const run = startCollecting(relay, data);
        if (typeof kill === "string") await newParquet(data, kill, connected);
        else {
          const [event, ms] = kill;
          while (event !== "started" && !connected()) await sleep(5);
          if (event === "journaled") await newLines(data);
          await sleep(ms);
        }
        run.kill("SIGKILL");
        assert.equal((await run.output()).signal, "SIGKILL");
        if (landingWasInterrupted(data)) interruptedLandings++;
        if (index === TORN) await tearLastLine(data);
        await readable(data);
      }
      await pushing;
      const last = await collect(relay, data, ["--until", END]);
      assert.equal(last.code, 0, last.stderr);
      assert.deepEqual(summaryOf(last).set_aside, {});
      assert.ok(interruptedLandings > 0, "no run was killed while it landed");
      assert.ok(new Set(relay.connections.map(({ cursor }) => cursor)).size > 2, "no run got far");
      assert.deepEqual(
        (await rawRows(data)).map(({ uri, rev }) => [uri, rev]),
        expectedRows({ ...stream, frames }).map(({ uri, rev }) => [uri, rev]),
      );
      const [coverage] = await query(
        data,
        `SELECT sum(events) AS events, sum(bytes) AS bytes
         FROM read_parquet('{data}/coverage/*/*.parquet')`,
      );
      assert.deepEqual(coverage, {
        events: frames.length,
        bytes: frames.reduce((sum, { bytes }) => sum + bytes.length, 0),
      });
      assert.deepEqual(journalFiles(data), []);
    }));
});

/** Push the stream in bursts with pauses, at which their time is known, so that kills fall between them. */
async function push(relay: Relay): Promise<void> {
  const burst = 120;
  for (let start = 0; start < stream.frames.length; start += burst) {
    relay.push(...stream.frames.slice(start, start + burst));
    await sleep(1400);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Wait for lines in the journal of a run that has landed what was there before. */
async function newLines(data: string): Promise<void> {
  const isEmpty = (name: string) => Deno.statSync(`${data}/journal/firehose/${name}`).size === 0;
  while (journalFiles(data).every(isEmpty)) await sleep(5);
}

/** Wait for a file that was not there, or until the run has nothing left to land. */
async function newParquet(data: string, folder: string, landed: () => boolean): Promise<void> {
  const before = parquetFiles(`${data}/${folder}`).length;
  while (!landed() && parquetFiles(`${data}/${folder}`).length === before) await sleep(0);
}

function parquetFiles(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
      isDirectory ? parquetFiles(`${folder}/${name}`) : name.endsWith(".parquet") ? [name] : []
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function landingWasInterrupted(data: string): boolean {
  const parts = parquetFiles(`${data}/raw/firehose`);
  return journalFiles(data).some((name) =>
    parts.some((part) => part.startsWith(name.replace(".jsonl", ".")))
  );
}

/** Leave half a line behind the last whole one, as a kill in the middle of a write does. */
async function tearLastLine(data: string): Promise<void> {
  const name = journalFiles(data).sort().at(-1);
  assert.ok(name, "the killed run left no journal");
  const path = `${data}/journal/firehose/${name}`;
  const line = (await Deno.readTextFile(path)).split("\n")[0] ?? "";
  await Deno.writeTextFile(path, line.slice(0, line.length >> 1), { append: true });
}

/** Read every Parquet file that a reader would see at this moment. */
async function readable(data: string): Promise<void> {
  for (const folder of ["raw/firehose", "raw/tombstones", "coverage"]) {
    if (parquetFiles(`${data}/${folder}`).length === 0) continue;
    await query(data, `SELECT max(hash(t)) FROM read_parquet('{data}/${folder}/*/*.parquet') t`);
  }
}
