import assert from "node:assert/strict";
import { DID, type RawFolder, rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

const OTHER = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
const DAY = "2026-06-01";
const DEACTIVATED = "2026-06-02 10:00:00";

async function preprocess(data: string, at: string) {
  const run = await runTask(["preprocess", "--data", data, "--json"], { CIVICSKY_CLOCK: at });
  assert.equal(run.code, 0, run.stderr);
  return JSON.parse(run.stdout);
}

async function uris(data: string, table: string): Promise<unknown[]> {
  const folder = `${data}/${table}`;
  const files = [...Deno.readDirSync(folder)].flatMap(({ name }) => [
    ...Deno.readDirSync(`${folder}/${name}`),
  ]);
  if (files.length === 0) return [];
  const sql = `SELECT DISTINCT uri FROM read_parquet('${folder}/*/*.parquet') ORDER BY uri`;
  return (await query(data, sql)).map((row) => row.uri);
}

/** Three posts of two accounts, of which the first is deactivated a day later. */
async function deactivated(data: string): Promise<RawFolder> {
  const folder = await rawFolder(data);
  const at = { event_time: `${DAY} 10:00:00`, created_at: `${DAY}T10:00:00Z` };
  await folder.raw("firehose", DAY, `a.${DAY}_${DAY}`, [
    { uri: uri("1"), cid: "c1", ...at },
    { uri: uri("2", OTHER), cid: "c2", ...at },
  ]);
  await folder.raw("import", DAY, `b.${DAY}_${DAY}`, [
    { uri: uri("3"), cid: "c3", created_at: at.created_at },
  ]);
  await preprocess(data, "2026-06-02T00:00:00Z");
  const classified = await runTask(["classify:dictionary", "--data", data], {
    CIVICSKY_CLOCK: "2026-06-02T00:00:00Z",
  });
  assert.equal(classified.code, 0, classified.stderr);
  await folder.tombstone("2026-06-02", "t", [
    { subject: DID, at: DEACTIVATED, reason: "deactivated" },
    // Hosts say it again; the days are counted from the first time.
    { subject: DID, at: "2026-06-20 10:00:00", reason: "deactivated" },
  ]);
  return folder;
}

// Invariant 11
Deno.test("posts of a deactivated account are hidden, and come back with it, labels and all", () =>
  withData(async (data) => {
    const folder = await deactivated(data);
    const before = await uris(data, "labels/dictionary");
    const hidden = await preprocess(data, "2026-07-02T09:59:00Z");
    assert.deepEqual([hidden.posts, hidden.hidden_posts, hidden.removed_rows], [1, 2, 0]);
    assert.deepEqual(await uris(data, "posts"), [uri("2", OTHER)]);
    assert.deepEqual(await uris(data, "raw/firehose"), [uri("1"), uri("2", OTHER)]);
    assert.deepEqual(await uris(data, "labels/dictionary"), before);
    await folder.tombstone("2026-07-02", "u", [
      { subject: DID, at: "2026-07-02 09:00:00", reason: "active" },
    ]);
    const back = await preprocess(data, "2026-08-30T00:00:00Z");
    assert.deepEqual([back.posts, back.hidden_posts, back.removed_rows], [3, 0, 0]);
    assert.deepEqual(await uris(data, "posts"), [uri("1"), uri("3"), uri("2", OTHER)].sort());
  }));

// Invariant 11
Deno.test("an account that was suspended and is active again gets back what it had", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const at = { event_time: `${DAY} 10:00:00`, created_at: `${DAY}T10:00:00Z` };
    await folder.raw("firehose", DAY, `a.${DAY}_${DAY}`, [{ uri: uri("1"), cid: "c1", ...at }]);
    const suspended = { subject: DID, at: "2026-06-02 10:00:00", reason: "suspended" };
    await folder.tombstone("2026-06-02", "t", [suspended]);
    const hidden = await preprocess(data, "2026-06-03T00:00:00Z");
    assert.deepEqual([hidden.posts, hidden.hidden_posts, hidden.removed_rows], [0, 1, 0]);
    const active = { subject: DID, at: "2026-06-03 10:00:00", reason: "active" };
    await folder.tombstone("2026-06-03", "u", [active]);
    const back = await preprocess(data, "2026-08-01T00:00:00Z");
    assert.deepEqual([back.posts, back.hidden_posts], [1, 0]);
  }));

// Invariant 11
Deno.test("an account that stays deactivated for 30 days is purged from every table", () =>
  withData(async (data) => {
    const folder = await deactivated(data);
    // It came back once before, which counts for that time alone.
    await folder.tombstone(DAY, "u", [
      { subject: DID, at: "2026-05-20 09:00:00", reason: "deactivated" },
      { subject: DID, at: "2026-05-25 09:00:00", reason: "active" },
    ]);
    // A clock that was set ahead ends no term: a stream or a run of a week ago has to confirm it.
    for (const clock of ["2026-07-02T10:00:00Z", "2027-07-02T10:00:00Z", "2027-07-03T10:00:00Z"]) {
      const kept = await preprocess(data, clock);
      assert.deepEqual([kept.posts, kept.hidden_posts, kept.removed_rows], [1, 2, 0], clock);
      assert.match(kept.warnings.join(), /1 accounts are away for 30 days by this clock/);
    }
    await Deno.remove(`${data}/runs`, { recursive: true });
    await folder.coverage("2026-07-03", "c", ["2026-07-03 00:00:00"]);
    const early = await preprocess(data, "2026-07-02T09:59:00Z");
    assert.deepEqual([early.hidden_posts, early.warnings], [2, []]);
    const purged = await preprocess(data, "2026-07-03T10:00:00Z");
    assert.deepEqual([purged.posts, purged.hidden_posts], [1, 0]);
    for (const table of ["posts", "raw/firehose", "labels/dictionary"]) {
      assert.deepEqual(await uris(data, table), [uri("2", OTHER)], table);
    }
    assert.deepEqual(await uris(data, "raw/import"), []);
  }));

Deno.test("an account that writes is back, although nobody told us", () =>
  withData(async (data) => {
    const folder = await deactivated(data);
    await folder.raw("jetstream", "2026-06-25", "c.2026-06-25_2026-06-25", [
      { uri: uri("4"), event_time: "2026-06-25 10:00:00", created_at: "2026-06-25T10:00:00Z" },
    ]);
    const back = await preprocess(data, "2026-08-30T00:00:00Z");
    assert.deepEqual([back.posts, back.hidden_posts, back.removed_rows], [4, 0, 0]);
  }));
