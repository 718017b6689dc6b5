import assert from "node:assert/strict";
import { startAppView } from "../../demo/network/appview.ts";
import { startRelay } from "../../demo/network/relay.ts";
import { query } from "../rows.ts";
import { runTask, type TaskResult } from "../task.ts";
import { collect, journalFiles, rawRows } from "../etl/sources/firehose_run.ts";
import { expectedRows, sampleStream } from "../etl/sources/sample_stream.ts";
import { fill, fillBut, testOnSmallDisk } from "../etl/store/small_disk.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { Quarantine } from "../../etl/store/quarantine.ts";
import { lines } from "../etl/store/quarantined_lines.ts";

const MEGABYTES = 8;
const KB = 1024;
/** Enough for the row of the run, the lock and the key, and for little else. */
const LITTLE = 20 * KB;
const NOW = "2026-06-05T18:00:00Z";

const stream = await sampleStream();
const until = stream.frames.at(-1)!;

// Invariant 1, invariant 2
testOnSmallDisk(
  "a disk that is full while a stream is collected, landed or preprocessed costs no event",
  async (disk) => {
    const relay = startRelay({ startAt: "oldest", frames: stream.frames });
    const sync = () => collect(relay, disk, ["--until", until.time]);
    const preprocess = () => runTask(["preprocess", "--data", disk, "--json"]);
    try {
      // The journal would have about 1.1 MB, and Parquet of it a tenth.
      await onFullDisk(disk, 1000 * KB, sync, /^Cannot write the journal .*: No space left/m);
      assert.equal(journalFiles(disk).length, 1);
      // Now the journal has its place, and some days' Parquet: they land again, and once.
      const landing = /^Cannot write .*\/raw\/firehose\/.*: the disk is full$/m;
      for (const free of [1210 * KB, LITTLE]) await onFullDisk(disk, free, sync, landing);
      assert.equal(journalFiles(disk).length, 1);
      for (const free of [4 * KB, 8 * KB]) await onFullDisk(disk, free, sync, /^Cannot /m);

      const last = await sync();
      assert.equal(last.code, 0, last.stderr);
      assert.deepEqual(journalFiles(disk), []);
      const expected = expectedRows({
        ...stream,
        frames: stream.frames.filter(({ time }) => time < until.time),
      });
      assert.deepEqual(
        (await rawRows(disk)).map(({ uri, rev }) => [uri, rev]),
        expected.map(({ uri, rev }) => [uri, rev]),
      );

      const posts = /^Cannot write .*\/posts\/.*: the disk is full$/m;
      await onFullDisk(disk, LITTLE, preprocess, posts);
      const built = await preprocess();
      assert.equal(built.code, 0, built.stderr);
      const [found] = await query(
        disk,
        `SELECT count(*) AS posts, count(DISTINCT uri) AS uris, (SELECT count(DISTINCT uri)
           FROM read_parquet('{data}/raw/firehose/*/*.parquet', hive_partitioning = false)) AS raw
         FROM read_parquet('{data}/posts/*/*.parquet')`,
      );
      assert.equal(found!.posts, found!.uris);
      assert.equal(JSON.parse(built.stdout).posts, found!.posts);
    } finally {
      await relay.close();
    }
  },
  MEGABYTES,
);

testOnSmallDisk("a disk that is full while a feed is collected costs no post", async (disk) => {
  const appView = startAppView({ posts: stream.posts, now: new Date(NOW) });
  const env = { BLUESKY_APPVIEW: appView.url, CIVICSKY_CLOCK: NOW };
  const sync = () => runTask(["sync:most-liked", "--data", disk, "--json", "--limit", "100"], env);
  try {
    await onFullDisk(disk, 12 * KB, sync, /^Cannot write the journal .*: No space left/m);
    assert.deepEqual(journalFiles(disk, "most_liked"), []);
    await onFullDisk(
      disk,
      LITTLE,
      sync,
      /^Cannot write .*\/raw\/most_liked\/.*: the disk is full$/m,
    );
    assert.equal(journalFiles(disk, "most_liked").length, 1);
    assert.deepEqual(files(disk, ".parquet").filter((path) => !path.startsWith("runs/")), []);
    const { code, stdout, stderr } = await sync();
    assert.equal(code, 0, stderr);
    // What the run before asked for, and what this one did.
    const uris = (await rawRows(disk, "most_liked")).map(({ uri }) => uri);
    assert.equal(uris.length, JSON.parse(stdout).posts);
    const feed = [...new Set(uris)].sort();
    assert.deepEqual(uris.toSorted(), [...feed, ...feed].sort());
    assert.deepEqual(journalFiles(disk, "most_liked"), []);
  } finally {
    await appView.close();
  }
}, MEGABYTES);

// Invariant 9
testOnSmallDisk(
  "a full disk leaves whole lines, and none is lost when there is space again",
  async (disk) => {
    const paths = new DataPaths(disk);
    const quarantine = new Quarantine(paths, "firehose");
    quarantine.add("malformed_frame", { after: 1 }, "");
    await quarantine.commit();
    const filling = await fill(disk);
    quarantine.add("malformed_record", { uri: "at://x", after: 2 }, new Uint8Array(60_000));
    await assert.rejects(quarantine.commit(), /^UserError: Cannot write the quarantine .*No space/);
    assert.deepEqual((await lines(paths)).map((line) => line.after), [1]);
    await Deno.remove(filling);
    await quarantine.commit();
    assert.deepEqual((await lines(paths)).map((line) => line.after), [1, 2]);
  },
);

/** Run a task with so many bytes free: it must fail clearly, and leave nothing in the way. */
async function onFullDisk(
  disk: string,
  free: number,
  task: () => Promise<TaskResult>,
  message: RegExp,
): Promise<void> {
  const ballast = await fillBut(disk, free);
  const { code, stdout, stderr } = await task();
  await Deno.remove(ballast);
  assert.equal(code, 1, `${stdout}${stderr}`);
  assert.match(stderr, message);
  assert.match(stderr, /^ {2}Free some space/m);
  assert.doesNotMatch(stderr, /^\s+at /m);
  assert.deepEqual(files(disk, ".lock"), []);
  assert.deepEqual(files(disk, ".part"), []);
  for (const path of files(disk, ".parquet")) {
    await query(disk, `SELECT max(hash(t)) FROM read_parquet('{data}/${path}') t`);
  }
}

/** List the files under a folder whose names end so. */
function files(folder: string, ending: string, within = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${within}`)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? files(folder, ending, `${within}${name}/`)
      : name.endsWith(ending)
      ? [`${within}${name}`]
      : []
  );
}
