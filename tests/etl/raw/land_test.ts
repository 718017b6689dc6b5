import assert from "node:assert/strict";
import { basename } from "node:path";
import { UNPROVEN } from "../../../etl/raw/journal_line.ts";
import { landLeftovers, landSegment, lastPosition } from "../../../etl/raw/land.ts";
import { type Database, openDatabase } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { query, withData } from "../../rows.ts";

const DAY = "2026-06-01";
const DID = "did:plc:abc";

function post(rkey: string, changes: Record<string, unknown> = {}) {
  const uri = `at://${DID}/app.bsky.feed.post/${rkey}`;
  const lists = { langs: ["en"], image_alts: [], hashtags: [], links: [], self_labels: [] };
  return {
    uri,
    cid: `cid ${rkey}`,
    did: DID,
    rkey,
    rev: rkey,
    text: `text ${rkey}`,
    record: "{}",
    ...lists,
    ...changes,
  };
}

function line(cursor: number, changes: Record<string, unknown> = {}) {
  return {
    host: "relay",
    cursor,
    event_time: `${DAY}T10:00:00.000Z`,
    seen_at: `${DAY}T10:00:01.000Z`,
    events: 1,
    bytes: 100,
    reconnects: 0,
    notes: [],
    posts: [],
    tombstones: [],
    ...changes,
  };
}

async function writeSegment(paths: DataPaths, name: string, lines: unknown[]): Promise<string> {
  const folder = paths.journal("firehose");
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder}/${name}.jsonl`;
  const texts = lines.map((one) => typeof one === "string" ? one : `${JSON.stringify(one)}\n`);
  await Deno.writeTextFile(path, texts.join(""));
  return path;
}

async function withDatabase(
  use: (database: Database, paths: DataPaths, data: string) => Promise<void>,
) {
  await withData(async (data) => {
    using database = await openDatabase(data);
    await use(database, new DataPaths(data), data);
  });
}

async function counts(data: string) {
  const [found] = await query(
    data,
    `SELECT (SELECT count(*) FROM '{data}/raw/firehose/*/*.parquet') AS posts,
       (SELECT count(*) FROM '{data}/raw/tombstones/*/*.parquet') AS tombstones,
       (SELECT sum(events) FROM '{data}/coverage/*/*.parquet') AS events`,
  );
  return found;
}

const tombstone = { subject_hash: "ab12", subject_kind: "post", reason: "deleted" };
const SEGMENT = [
  line(1, { posts: [post("a"), post("b")] }),
  line(5, { events: 4, first_cursor: 2, tombstones: [tombstone] }),
  line(6, { event_time: `${DAY}T10:01:00.000Z`, notes: ["OutdatedCursor"], reconnects: 2 }),
];

// Invariant 1, invariant 2
Deno.test("a segment lands once, however often a crash makes it land again", async () => {
  await withDatabase(async (database, paths, data) => {
    const path = await writeSegment(paths, "segment", SEGMENT);
    const copy = await Deno.readFile(path);
    assert.deepEqual(await landSegment(database, paths, "firehose", path), {
      posts: 2,
      deletions: 1,
    });
    const expected = { posts: 2, tombstones: 1, events: 6 };
    assert.deepEqual(await counts(data), expected);
    assert.deepEqual([...Deno.readDirSync(paths.journal("firehose"))], []);
    const parts = [
      paths.files("raw/firehose"),
      paths.files("raw/tombstones"),
      paths.files("coverage"),
    ];
    // Killed after any number of its steps: what stands has the same names when it lands again.
    for (let standing = parts.length; standing >= 0; standing--) {
      for (const { path } of parts.slice(standing).flat()) await Deno.remove(path);
      await Deno.writeFile(path, copy);
      assert.deepEqual(await landLeftovers(database, paths, "firehose"), {
        posts: 2,
        deletions: 1,
        errors: [],
      });
      assert.deepEqual(await counts(data), expected);
    }
  });
});

Deno.test("coverage adds up by minute, with the cursors that the minute spans", async () => {
  await withDatabase(async (database, paths, data) => {
    await landSegment(database, paths, "firehose", await writeSegment(paths, "segment", SEGMENT));
    const coverage = await query(
      data,
      "SELECT * EXCLUDE date FROM '{data}/coverage/*/*.parquet' ORDER BY minute",
    );
    const common = { source: "firehose", host: "relay" };
    assert.deepEqual(coverage, [
      {
        ...common,
        minute: `${DAY} 10:00:00`,
        events: 5,
        posts: 2,
        bytes: 200,
        first_cursor: 1,
        last_cursor: 5,
        covered_from: `${DAY} 10:00:00`,
        covered_until: `${DAY} 10:00:00`,
        skipped: 0,
        set_aside: 0,
        reconnects: 0,
        notes: [],
      },
      {
        ...common,
        minute: `${DAY} 10:01:00`,
        events: 1,
        posts: 0,
        bytes: 100,
        first_cursor: 6,
        last_cursor: 6,
        covered_from: `${DAY} 10:01:00`,
        covered_until: `${DAY} 10:01:00`,
        skipped: 0,
        set_aside: 0,
        reconnects: 2,
        notes: ["OutdatedCursor"],
      },
    ]);
  });
});

Deno.test("a gap within a minute parts it in two rows, each with the time that it covers", async () => {
  await withDatabase(async (database, paths, data) => {
    const at = (second: number) => `${DAY}T10:00:${String(second).padStart(2, "0")}.000Z`;
    const path = await writeSegment(paths, "segment", [
      line(1, { event_time: at(5), covered_from: `${DAY}T09:59:50.000Z`, stretch: 1 }),
      line(2, { event_time: at(9), covered_from: at(5), stretch: 1 }),
      line(7, { event_time: at(30), covered_from: at(20), stretch: 2, skipped: 4 }),
    ]);
    await landSegment(database, paths, "firehose", path);
    const coverage = await query(
      data,
      `SELECT covered_from, covered_until, events, skipped FROM '{data}/coverage/*/*.parquet'
       ORDER BY covered_from`,
    );
    assert.deepEqual(coverage.map((row) => Object.values(row)), [
      [`${DAY} 09:59:50`, `${DAY} 10:00:09`, 2, 0],
      [`${DAY} 10:00:20`, `${DAY} 10:00:30`, 1, 4],
    ]);
  });
});

Deno.test("posts land under the day they were seen, in parts named after the days they span", async () => {
  await withDatabase(async (database, paths) => {
    const path = await writeSegment(paths, "segment", [
      line(1, { posts: [post("a")], event_time: "2026-05-30T23:59:59.999Z" }),
      line(2, { posts: [post("b")] }),
      line(3, { posts: [post("c")], seen_at: "2026-06-02T00:00:00.000Z" }),
    ]);
    await landSegment(database, paths, "firehose", path);
    assert.deepEqual(
      paths.files("raw/firehose").map(({ day, path }) => [day, basename(path)]),
      [
        [DAY, "segment.2026-05-30_2026-06-01.parquet"],
        ["2026-06-02", "segment.2026-06-01_2026-06-01.parquet"],
      ],
    );
  });
});

// Invariant 1
Deno.test("a torn last line is left out, and the lines before it land", async () => {
  await withDatabase(async (database, paths, data) => {
    const torn = JSON.stringify(line(7, { posts: [post("c")] })).slice(0, 150);
    await writeSegment(paths, "segment", [...SEGMENT, torn]);
    await writeSegment(paths, "nothing", [torn]);
    const { errors, posts } = await landLeftovers(database, paths, "firehose");
    assert.deepEqual([errors, posts], [[], 2]);
    assert.equal((await lastPosition(database, paths, "firehose", "relay"))?.cursor, 6);
    assert.deepEqual(await counts(data), { posts: 2, tombstones: 1, events: 6 });
    assert.deepEqual([...Deno.readDirSync(paths.journal("firehose"))], []);
  });
});

// Invariant 2, invariant 12
Deno.test("a damaged segment stays and is named without its text, and the others land", async () => {
  await withDatabase(async (database, paths, data) => {
    const damaged = [
      '{"host":"relay","posts":[{"text":"secret"\n',
      line(9, { posts: [post("d")] }),
    ];
    const path = await writeSegment(paths, "1-damaged", damaged);
    await writeSegment(paths, "2-whole", SEGMENT);
    const { errors, posts } = await landLeftovers(database, paths, "firehose");
    assert.equal(posts, 2);
    assert.equal(errors.length, 1);
    assert.equal(errors[0]!.message, `Cannot land the journal ${path}: line 1 of it is damaged`);
    assert.doesNotMatch(errors[0]!.format() + Deno.inspect(errors[0]!.cause), /secret/);
    assert.deepEqual([...Deno.readDirSync(paths.journal("firehose"))].map(({ name }) => name), [
      "1-damaged.jsonl",
    ]);
    assert.deepEqual(await counts(data), { posts: 2, tombstones: 1, events: 6 });
  });
});

Deno.test("the number of a damaged line is told, whatever is wrong with it", async () => {
  await withDatabase(async (database, paths) => {
    const whole = JSON.stringify(line(1, { posts: [post("a")] }));
    const damages = {
      "no JSON": whole.slice(0, 80),
      "bytes that are lost": whole.slice(0, 20) + "\0".repeat(30) + whole.slice(50),
      "no line of ours": '{"posts":[]}',
      "no object": "7",
      "a post without uri": JSON.stringify(line(2, { posts: [{ ...post("b"), uri: null }] })),
      "a cursor that is no number": whole.replace(/"cursor":\d+/, '"cursor":"x"'),
    };
    for (const [what, damaged] of Object.entries(damages)) {
      const lines = [...Array(2000).fill(whole), damaged, whole].map((text) => `${text}\n`);
      const path = await writeSegment(paths, "segment", lines);
      const { errors } = await landLeftovers(database, paths, "firehose");
      assert.deepEqual(errors.map(({ found }) => found), ["line 2001 of it is damaged"], what);
      await Deno.remove(path);
    }
  });
});

Deno.test("the last cursor is that of the host and the source", async () => {
  await withDatabase(async (database, paths) => {
    assert.equal(await lastPosition(database, paths, "firehose", "relay"), undefined);
    const path = await writeSegment(paths, "segment", [
      line(9_007_199_254_740_991),
      line(8, { host: "other" }),
      line(7, { host: "other" }),
    ]);
    await landSegment(database, paths, "firehose", path);
    const last = async (source: string, host: string) =>
      (await lastPosition(database, paths, source, host))?.cursor;
    assert.equal(await last("firehose", "relay"), 9_007_199_254_740_991);
    assert.equal(await last("firehose", "other"), 8);
    assert.equal(await last("jetstream", "relay"), undefined);
    assert.equal(await last("firehose", "third"), undefined);
  });
});

Deno.test("the last place says how many events came in the minute before it", async () => {
  await withDatabase(async (database, paths) => {
    const at = (time: string, events: number) => ({ event_time: `${DAY}T${time}Z`, events });
    const path = await writeSegment(paths, "segment", [
      line(1, at("09:59:59", 7)),
      line(2, at("10:00:00", 300)),
      line(3, at("10:00:59", 212)),
      line(4, at("10:01:30", 5)),
      line(9, { host: "other", ...at("10:00:30", 99) }),
    ]);
    await landSegment(database, paths, "firehose", path);
    const last = async (host: string) => await lastPosition(database, paths, "firehose", host);
    assert.deepEqual(await last("relay"), {
      cursor: 4,
      time: `${DAY}T10:01:30.000Z`,
      isUnproven: false,
      minuteEvents: 512,
    });
    assert.equal((await last("other"))!.minuteEvents, 0);
  });
});

Deno.test("the last place says where few events behind a gap told its time", async () => {
  await withDatabase(async (database, paths) => {
    const unproven = { notes: [UNPROVEN] };
    for (
      const [name, ...lines] of [
        ["first", line(1), line(9, { ...unproven, stretch: 2 })],
        ["second", line(10, { event_time: `${DAY}T23:00:00Z` })],
      ] as const
    ) {
      const path = await writeSegment(paths, name, [...lines]);
      await landSegment(database, paths, "firehose", path);
      const last = await lastPosition(database, paths, "firehose", "relay");
      assert.equal(last!.isUnproven, name === "first", name);
    }
  });
});

Deno.test("texts land as they are, whatever characters they hold", async () => {
  await withDatabase(async (database, paths, data) => {
    const texts = ["a\0b", "'; DROP TABLE posts; --", '\u2028\u2029\\n\t"', "👩‍👩‍👧 é\u0301", ""];
    const posts = texts.map((text, index) => post(`p${index}`, { text, hashtags: [text] }));
    await landSegment(
      database,
      paths,
      "firehose",
      await writeSegment(paths, "s", [line(1, { posts })]),
    );
    const found = await query(
      data,
      "SELECT text, hashtags[1] AS tag FROM '{data}/raw/firehose/*/*.parquet' ORDER BY uri",
    );
    assert.deepEqual(found, texts.map((text) => ({ text, tag: text })));
  });
});

Deno.test("a line that claims nothing lands what it takes back, and no coverage", async () => {
  await withDatabase(async (database, paths, data) => {
    const late = line(1, { cursor: null, events: 0, bytes: 0, tombstones: [tombstone] });
    const segment = await writeSegment(paths, "late", [late]);
    assert.deepEqual(await landSegment(database, paths, "firehose", segment), {
      posts: 0,
      deletions: 1,
    });
    const found = await query(
      data,
      "SELECT subject_hash, reason, cursor FROM '{data}/raw/tombstones/*/*.parquet'",
    );
    assert.deepEqual(found, [{ subject_hash: "ab12", reason: "deleted", cursor: null }]);
    assert.deepEqual(paths.files("coverage"), []);
  });
});
