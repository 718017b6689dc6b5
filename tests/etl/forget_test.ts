import assert from "node:assert/strict";
import { readSubject } from "../../etl/forget.ts";
import { lock } from "../../etl/store/lock.ts";
import { subjectHash } from "../../etl/raw/tombstone.ts";
import { DID, KEY, rawFolder, uri } from "../raw.ts";
import { query, withData } from "../rows.ts";
import { runTask } from "../task.ts";

const OTHER = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
const DAY = "2026-06-01";
const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };

function run(data: string, ...args: string[]) {
  return runTask([...args, "--data", data, "--json"], CLOCK);
}

async function collected(data: string): Promise<void> {
  const folder = await rawFolder(data);
  const at = { event_time: `${DAY} 10:00:00`, created_at: `${DAY}T10:00:00Z` };
  await folder.raw("firehose", DAY, `a.${DAY}_${DAY}`, [
    { uri: uri("1"), cid: "c1", ...at },
    { uri: uri("2"), cid: "c2", ...at },
    { uri: uri("3", OTHER), cid: "c3", ...at },
  ]);
  // What a run that was killed left behind: it is landed first, or its posts would come back.
  await Deno.mkdir(`${data}/journal/most_liked`, { recursive: true });
  const post = { uri: uri("4", OTHER), cid: "c4", did: OTHER, rkey: "4", text: "liked", rank: 1 };
  const time = `${DAY}T11:00:00.000Z`;
  const line = { host: "h", cursor: null, event_time: time, seen_at: time, events: 1, bytes: 0 };
  await Deno.writeTextFile(
    `${data}/journal/most_liked/20260601T110000000Z-0.jsonl`,
    `${JSON.stringify({ ...line, reconnects: 0, notes: [], posts: [post], tombstones: [] })}\n`,
  );
  await Deno.mkdir(`${data}/quarantine/import`, { recursive: true });
  await Deno.writeTextFile(
    `${data}/quarantine/import/date=${DAY}.jsonl`,
    `${JSON.stringify({ uri: uri("9", OTHER), reason: "no_text", payload: btoa("marker") })}\n`,
  );
  for (const task of ["preprocess", "classify:dictionary"]) {
    const { code, stderr } = await run(data, task);
    assert.equal(code, 0, stderr);
  }
}

/** Every file under a folder as text; Parquet compresses, so that tables are read as tables too. */
async function everything(folder: string): Promise<string> {
  const texts: string[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) texts.push(await everything(path));
    else if (path.endsWith(".parquet")) {
      const rows = await query(folder, `SELECT * FROM read_parquet('${path}')`);
      texts.push(
        JSON.stringify(rows, (_, value) => typeof value === "bigint" ? `${value}` : value),
      );
    } else texts.push(await Deno.readTextFile(path));
  }
  return texts.join("\n");
}

// Invariants 11 and 12
Deno.test("forget removes a post and an account from every file, and its receipt and ledger name neither", () =>
  withData(async (data) => {
    await collected(data);
    assert.ok((await everything(data)).includes(OTHER));
    const forgotten = await run(data, "forget", uri("1"), OTHER, uri("1"));
    assert.equal(forgotten.code, 0, forgotten.stderr);
    const receipt = JSON.parse(forgotten.stdout);
    assert.deepEqual(receipt.forgotten, [
      { kind: "post", subject_hash: subjectHash(KEY, uri("1")) },
      { kind: "account", subject_hash: subjectHash(KEY, OTHER) },
    ]);
    assert.deepEqual(receipt.removed_rows, {
      "raw/firehose": 2,
      "raw/most_liked": 1,
      posts: 2,
      "labels/dictionary": 2,
      quarantine: 1,
    });
    const left = await everything(data);
    assert.ok(left.includes(uri("2")));
    for (const gone of [OTHER, uri("1"), "marker", btoa("marker")]) {
      assert.ok(!`${left}${forgotten.stdout}${forgotten.stderr}`.includes(gone), gone);
    }
    const again = await run(data, "preprocess");
    assert.deepEqual([JSON.parse(again.stdout).posts, again.code], [1, 0]);
    const nothing = await runTask(["forget", uri("1"), "--data", data], CLOCK);
    assert.match(
      nothing.stdout,
      /^Forgotten at 2026-06-10T00:00:00\.000Z:\n {2}post with the keyed/,
    );
    assert.match(nothing.stdout, /\nNo table had a row to remove\.\n/);
  }));

// Invariant 11
Deno.test("what is forgotten stays so, whatever time its servers wrote and whenever it comes again", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const lay = (name: string, year: number) => {
      const time = { event_time: `${year}-06-01 10:00:00`, created_at: `${year}-06-01T10:00:00Z` };
      return folder.raw("firehose", DAY, `${name}.${DAY}_${year}-06-01`, [
        { uri: uri("1"), cid: "c1", ...time },
        { uri: uri("3", OTHER), cid: "c3", ...time },
        { uri: uri("2"), cid: "c2", event_time: `${DAY} 10:00:00`, created_at: `${DAY}T10:00:00Z` },
      ]);
    };
    const posts = () =>
      query(
        data,
        `SELECT DISTINCT uri FROM read_parquet(['{data}/raw/firehose/*/*.parquet',
           '{data}/posts/*/*.parquet'], union_by_name = true)`,
      );
    // The clock of the server was a year ahead.
    await lay("a", 2027);
    assert.equal((await run(data, "preprocess")).code, 0);
    assert.equal((await run(data, "forget", uri("1"), OTHER)).code, 0);
    assert.deepEqual(await posts(), [{ uri: uri("2") }]);
    await lay("b", 2028);
    assert.equal((await run(data, "preprocess")).code, 0);
    assert.deepEqual(await posts(), [{ uri: uri("2") }]);
  }));

Deno.test("forget says of which source the journal is still being written", () =>
  withData(async (data) => {
    await collected(data);
    await Deno.mkdir(`${data}/journal/jetstream`, { recursive: true });
    await using _held = await lock(`${data}/locks`, "sync-jetstream", "collect");
    const { code, stdout, stderr } = await run(data, "forget", OTHER);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).still_collecting, ["jetstream"]);
  }));

Deno.test("forget refuses what is no subject without repeating it, and needs one", () =>
  withData(async (data) => {
    const handle = await run(data, "forget", DID, "at://alice.example/app.bsky.feed.post/1");
    assert.equal(handle.code, 2);
    assert.match(
      handle.stderr,
      /^Cannot forget that: argument 2 is neither .*\n {2}Name the author/,
    );
    for (const subject of ["did:web:", "did:plc:a b", "did:plc", uri("1", "did:web:")]) {
      assert.throws(() => readSubject(subject, 0), /^UserError: Cannot forget that: argument 1/);
    }
    for (const link of ["", "?ref=x", "/"].map((end) => `profile/${DID}/post/1${end}`)) {
      assert.equal(readSubject(`https://bsky.app/${link}`, 0).subject, uri("1"));
    }
    for (const link of ["profile/alice.example/post/1", `profile/${DID}`, ""]) {
      assert.throws(() => readSubject(`https://bsky.app/${link}`, 0), /argument 1 is neither/);
    }
    for (const subject of ["did:web:example.org", "did:web:localhost%3A2583", uri("1", OTHER)]) {
      assert.equal(readSubject(subject, 0).subject, subject);
    }
    assert.ok(!`${handle.stderr}${await everything(data)}`.includes("alice"));
    assert.equal((await run(data, "forget")).code, 2);
    assert.equal((await run(data, "forget", "--recheck", DID)).code, 2);
  }));

// Invariant 11
Deno.test("whatever did a row has can be forgotten, and one that its method does not give is doubted", () =>
  withData(async (data) => {
    const dids = ["did:plc:short", `did:plc:${"A".repeat(24)}`, "did:web:host"];
    const folder = await rawFolder(data);
    const at = { event_time: null, created_at: `${DAY}T10:00:00Z` };
    const posts = dids.map((did) => ({ uri: uri("1", did), cid: "c", ...at }));
    await folder.raw("import", DAY, `a.${DAY}_${DAY}`, posts);
    for (const subject of [dids[0]!, uri("1", dids[1]), dids[2]!]) {
      const { code, stdout, stderr } = await run(data, "forget", subject);
      assert.equal(code, 0, stderr);
      const { removed_rows, warnings } = JSON.parse(stdout);
      assert.deepEqual(removed_rows, { "raw/import": 1 });
      assert.match(warnings.join(), /^the did of argument 1 .* is it whole\?$/);
      assert.ok(!stderr.includes(subject));
    }
  }));
