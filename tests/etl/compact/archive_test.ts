import assert from "node:assert/strict";
import { collectedSources } from "../../../etl/methods/collected_source.ts";
import { listInputs } from "../../../etl/raw/inputs.ts";
import { openRound } from "../../../etl/deletion/recheck.ts";
import { openDatabase, rows } from "../../../etl/store/duckdb.ts";
import { readArchive } from "../../../etl/store/archive.ts";
import { relation } from "../../../etl/store/parquet.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { RAW } from "../../../etl/store/tables.ts";
import { KEY, rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask, type TaskResult } from "../../task.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-30T00:00:00Z" };
const OTHER = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
const [FIRST, SECOND, YOUNG] = ["2026-06-01", "2026-06-02", "2026-06-25"];

function run(data: string, ...args: string[]): Promise<TaskResult> {
  return runTask([...args, "--data", data, "--json"], CLOCK);
}

/** Run a task that must succeed and give its summary. */
async function done(data: string, ...args: string[]) {
  const { code, stdout, stderr } = await run(data, ...args);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** Lay three days of a stream; a feed shows one post of the first day later. */
async function threeDays(data: string): Promise<DataPaths> {
  const folder = await rawFolder(data);
  const post = (rkey: string, day: string, did?: string) => ({
    uri: uri(rkey, did),
    cid: `c${rkey}`,
    event_time: `${day} 10:00:00`,
    created_at: `${day}T10:00:00Z`,
  });
  await folder.raw("firehose", FIRST, `a.${FIRST}_${FIRST}`, [
    post("1", FIRST),
    post("2", FIRST),
    post("3", FIRST, OTHER),
  ]);
  await folder.raw("firehose", SECOND, `b.${SECOND}_${SECOND}`, [
    post("4", SECOND),
    post("5", SECOND),
  ]);
  await folder.raw("firehose", YOUNG, `c.${YOUNG}_${YOUNG}`, [post("6", YOUNG)]);
  await folder.raw("most_liked", YOUNG, `d.${FIRST}_${FIRST}`, [post("2", FIRST)]);
  return folder.paths;
}

async function uris(data: string): Promise<string> {
  const found = await query(
    data,
    "SELECT uri FROM read_parquet('{data}/posts/*/*.parquet') ORDER BY uri",
  );
  return found.map((post) => String(post.uri).split("/").at(-1)).join("");
}

/** List what a folder holds of a table, as `date=…/name`. */
function names(folder: string): string[] {
  return new DataPaths(folder).files("raw/firehose").map(({ path }) =>
    path.split("/").slice(-2).join("/")
  );
}

/** Give the uris that raw parts of a folder name. */
async function rawUris(data: string, folder: string): Promise<string> {
  using database = await openDatabase(data);
  const files = new DataPaths(folder).files("raw/firehose").map(({ path }) => path);
  const found = await rows(database, `SELECT uri FROM ${relation(RAW, files)} ORDER BY uri`);
  return found.map((post) => String(post.uri).split("/").at(-1)).join("");
}

// Invariants 5 and 11
Deno.test("raw data of past days moves to an archive and back; posts stay, and deletions reach it when it is there", async () => {
  const disk = await Deno.makeTempDir({ prefix: "civicsky-archive-" });
  const archive = `${disk}/study`;
  await withData(async (data) => {
    const paths = await threeDays(data);
    const early = await run(data, "compact", "--older-than", "20", "--archive", archive);
    assert.equal(early.code, 1);
    assert.match(early.stderr, /Cannot move raw\/firehose of 2026-06-01: 3 posts of it are not in/);
    assert.equal((await done(data, "preprocess")).posts, 6);
    const posts = await query(data, "SELECT * FROM read_parquet('{data}/posts/*/*.parquet')");
    using database = await openDatabase(data);
    const collected = await collectedSources(database, paths);

    // A run that was killed left half a copy, and one that is whole.
    await Deno.mkdir(`${archive}/raw/firehose/date=${FIRST}`, { recursive: true });
    const [first] = paths.files("raw/firehose");
    const copy = `${archive}/raw/firehose/date=${FIRST}/a.${FIRST}_${FIRST}.parquet`;
    await Deno.copyFile(first!.path, copy);
    await Deno.writeTextFile(`${copy}.01234567.part`, "half");
    const moved = await done(data, "compact", "--older-than", "20");
    assert.deepEqual([moved.moved_files, moved.first_day, moved.last_day], [2, FIRST, SECOND]);
    assert.equal(moved.archive, archive);
    assert.deepEqual(names(data), [`date=${YOUNG}/c.${YOUNG}_${YOUNG}.parquet`]);
    assert.equal(names(archive).length, 2);
    assert.ok([...Deno.readDirSync(`${archive}/raw/firehose/date=${FIRST}`)].length === 1);
    assert.deepEqual(await collectedSources(database, paths), collected);
    const asked = await openRound({ paths, database }, listInputs(paths), KEY);
    assert.equal(asked.posts, 6, "--recheck asks after archived posts too");

    const built = await done(data, "preprocess");
    assert.deepEqual([built.posts, built.days_archived, built.warnings], [1, 2, []]);
    assert.deepEqual(
      await query(data, "SELECT * FROM read_parquet('{data}/posts/*/*.parquet')"),
      posts,
    );

    // Not there: what is deleted leaves posts, and the archive later.
    await Deno.rename(archive, `${disk}/away`);
    const forgotten = await done(data, "forget", uri("1"), OTHER);
    assert.deepEqual(forgotten.removed_rows, { posts: 2 });
    assert.match(forgotten.warnings[0], /^the archive .* is not there: deleted posts leave it/);
    await assert.rejects(collectedSources(database, paths), /the archive .* is not there/);
    assert.equal((await run(data, "compact", "--restore")).code, 1);
    assert.equal(await rawUris(data, `${disk}/away`), "12453");
    await Deno.rename(`${disk}/away`, archive);
    // A feed brings a post of an archived day that nothing brought before.
    const { raw } = await rawFolder(data);
    await raw("most_liked", "2026-06-26", `e.${FIRST}_${FIRST}`, [
      { uri: uri("7"), event_time: `${FIRST} 12:00:00`, created_at: `${FIRST}T12:00:00Z` },
    ]);
    const purged = await done(data, "preprocess");
    assert.equal(purged.removed_rows, 2);
    assert.match(purged.warnings[0], /^1 posts of archived days came later/);
    assert.equal(await rawUris(data, archive), "245");
    assert.equal((await done(data, "forget", uri("4"))).removed_rows.archive, 1);
    assert.equal(await rawUris(data, archive), "25");
    assert.equal(await uris(data), "256");

    const restored = await done(data, "compact", "--restore");
    assert.equal(restored.moved_files, 2);
    assert.deepEqual([names(archive).length, names(data).length], [0, 3]);
    const again = await done(data, "preprocess");
    assert.deepEqual([again.posts, again.days_archived], [4, 0]);
    assert.equal(await uris(data), "2567");
  }).finally(() => Deno.remove(disk, { recursive: true }));
});

// Invariant 11
Deno.test("a deletion of the same moment and a later revision reaches an archive that was purged before", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const [older, newer] = ["3k2aaaaaaaaa2", "3k2aaaaaaaab2"];
    const at = `${FIRST} 10:00:00`;
    const created_at = `${FIRST}T10:00:00Z`;
    await folder.raw("firehose", FIRST, `a.${FIRST}_${FIRST}`, [
      { uri: uri("1"), cid: "c1", rev: newer, event_time: at, created_at },
      { uri: uri("2"), cid: "c2", rev: newer, event_time: at, created_at },
    ]);
    const deleted = (rev: string) => [
      { subject: uri("1"), at, reason: "deleted", rev, with_rev: true },
    ];
    await folder.tombstone(FIRST, "t", deleted(older));
    await done(data, "preprocess");
    await done(data, "compact", "--older-than", "20");
    await done(data, "preprocess");
    assert.equal(await rawUris(data, `${data}/archive`), "12");
    await folder.tombstone(FIRST, "u", deleted(newer));
    await done(data, "preprocess");
    assert.equal(await rawUris(data, `${data}/archive`), "2");
  }));

// Invariant 11
Deno.test("an account that wrote again in an archived day is not taken for gone", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const post = (rkey: string, day: string) => [
      { uri: uri(rkey), event_time: `${day} 10:00:00`, created_at: `${day}T10:00:00Z` },
    ];
    await folder.raw("firehose", FIRST, `a.${FIRST}_${FIRST}`, post("1", FIRST));
    await folder.raw("firehose", SECOND, `b.${SECOND}_${SECOND}`, post("2", SECOND));
    await folder.tombstone(FIRST, "t", [
      {
        subject: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa",
        at: `${FIRST} 11:00:00`,
        reason: "deactivated",
      },
    ]);
    await done(data, "preprocess");
    assert.equal(await uris(data), "12");
    assert.equal((await done(data, "compact", "--older-than", "20")).archive, `${data}/archive`);
    assert.equal(readArchive(new DataPaths(data))?.folder, `${data}/archive`);
    assert.equal(JSON.parse(await Deno.readTextFile(`${data}/archive.json`)).folder, "archive");
    await done(data, "preprocess");
    assert.equal(await uris(data), "12");
    const other = await run(data, "compact", "--older-than", "20", "--archive", `${data}/other`);
    assert.equal(other.code, 2);
    assert.match(other.stderr, /raw data was moved to .*archive before/);
  }));

Deno.test("a folder of a table is refused as archive, as tasks would read it as a part of the table", () =>
  withData(async (data) => {
    await threeDays(data);
    for (const folder of ["posts", "raw", "raw/firehose", "labels/dictionary", "panels"]) {
      const archive = `${data}/${folder}`;
      const { code, stderr } = await run(
        data,
        "compact",
        "--older-than",
        "10",
        "--archive",
        archive,
      );
      assert.equal(code, 2, folder);
      assert.match(stderr, /: it lies in the table \w+ of the data folder\n {2}Name another/);
    }
    assert.equal((await run(data, "preprocess")).code, 0);
  }));
