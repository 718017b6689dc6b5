import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { query, withData } from "../../rows.ts";
import { runTask, type TaskResult } from "../../task.ts";
import { journalFiles, quarantined, rawRows, summaryOf } from "../sources/firehose_run.ts";

const CLOCK = "2026-06-10T00:00:00Z";
const DID = "did:plc:abc";
const uri = (rkey: string) => `at://${DID}/app.bsky.feed.post/${rkey}`;

function task(name: string, data: string, args: string[], clock = CLOCK): Promise<TaskResult> {
  return runTask([name, ...args, "--data", data, "--json"], { CIVICSKY_CLOCK: clock });
}

/** Write rows as a CSV file, every field quoted, with CRLF as a spreadsheet does. */
async function csvFile(data: string, name: string, rows: string[][]): Promise<string> {
  const quoted = rows.map((row) =>
    row.map((field) => `"${field.replaceAll('"', '""')}"`).join(",")
  );
  await Deno.writeTextFile(`${data}/${name}`, `\uFEFF${quoted.join("\r\n")}\r\n`);
  return `${data}/${name}`;
}

async function labels(data: string) {
  return await query(
    data,
    `SELECT date, uri, text_hash, coder, label_set_id, to_json(labels) AS labels
     FROM read_parquet('{data}/labels/human/*/*.parquet', hive_partitioning = true,
       hive_types_autocast = false)
     ORDER BY uri, coder`,
  );
}

const HEADER = [
  "uri",
  "created_at",
  "text",
  "like_count",
  "quote_count",
  "coder",
  "topic_label",
  "mood",
];
const T = "2026-06-01T10:00:00Z";

// Invariant 9
Deno.test("good rows land, and each bad one is set aside with its line and reason", async () => {
  await withData(async (data) => {
    const text = 'She said "vote",\nand\r\nleft 🏡';
    const rows = [
      HEADER,
      [uri("a"), T, text, "12", "3.0", "anna", "civic", "calm"],
      [uri("b"), "2026-06-01 12:00:00+02:00", "", "", "", "", "", ""],
      ["https://bsky.app/x", T, "secret", "", "", "", "", ""],
      [uri("c"), "yesterday", "secret", "", "", "", "", ""],
      [uri("d"), "2026-06-10T00:00:01Z", "secret", "", "", "", "", ""],
      [uri("e"), T, "secret", "-1", "4", "", "", ""],
      [uri("f"), T, "secret", "", "1.5", "", "", ""],
      [uri("g"), T, "secret"],
      [uri("h"), T, "secret", "", "", "", "", "", "more"],
      [uri("a"), T, text, "12", "3.0", "anna", "civic", "calm"],
      [uri("a"), T, text, "12", "3.0", "bea", "other", "calm"],
      [uri("a"), T, text, "12", "3.0", "anna", "other", "calm"],
      [uri("a"), T, "another text", "", "", "", "", ""],
      [uri("z"), T, "last", "", "", "", "", ""],
    ];
    const file = await csvFile(data, "coded posts.csv", rows);
    const run = await task("import", data, [file]);
    assert.equal(run.code, 0, run.stderr);
    const summary = summaryOf(run);
    assert.deepEqual(
      [summary.rows, summary.new_posts, summary.labels, summary.label_columns],
      [14, 5, 2, ["topic_label"]],
    );
    // What a later row says otherwise of a post is kept beside it.
    assert.deepEqual(summary.differing_rows, { rows: 1, created_at: 0, text: 1 });
    assert.deepEqual(summary.unreadable_cells, { like_count: 1, quote_count: 1 });
    assert.deepEqual(summary.kept_with_the_post, ["mood"]);
    // The text of the first post spans three lines, wherever it stands.
    assert.deepEqual(
      quarantined(data, "import").map(({ file, line, reason }) => [file, line, reason])
        // Whether a post without a time is known is asked at the end.
        .toSorted(([, a], [, b]) => Number(a) - Number(b)),
      [
        ["coded posts.csv", 6, "invalid_uri"],
        ["coded posts.csv", 7, "invalid_created_at"],
        ["coded posts.csv", 8, "created_at_in_the_future"],
        ["coded posts.csv", 11, "wrong_number_of_fields"],
        ["coded posts.csv", 12, "wrong_number_of_fields"],
        ["coded posts.csv", 21, "labels_twice"],
      ],
    );
    const landed = await rawRows(data, "import");
    const content = (row: typeof landed[0]) => [
      row.uri,
      row.did,
      row.rkey,
      row.created_at,
      row.text,
      row.like_count,
      row.repost_count,
      row.quote_count,
    ];
    assert.deepEqual(landed.map(content), [
      [uri("a"), DID, "a", "2026-06-01T10:00:00.000Z", text, 12, null, 3],
      [uri("a"), DID, "a", "2026-06-01T10:00:00.000Z", "another text", null, null, null],
      [uri("b"), DID, "b", "2026-06-01T10:00:00.000Z", "", null, null, null],
      [uri("e"), DID, "e", "2026-06-01T10:00:00.000Z", "secret", null, null, 4],
      [uri("f"), DID, "f", "2026-06-01T10:00:00.000Z", "secret", null, null, null],
      [uri("z"), DID, "z", "2026-06-01T10:00:00.000Z", "last", null, null, null],
    ]);
    assert.deepEqual(
      landed[0]!.record,
      Object.fromEntries(
        HEADER.map((column, index) => [column, rows[1]![index]]),
      ),
    );
    assert.deepEqual([landed[0]!.event_time, landed[0]!.cid, landed[0]!.rev], [null, null, null]);
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 32);
    const common = { date: "2026-06-01", uri: uri("a"), text_hash: hash };
    assert.deepEqual(await labels(data), [
      {
        ...common,
        coder: "anna",
        label_set_id: summary.label_set_id,
        labels: '{"topic_label":"civic"}',
      },
      {
        ...common,
        coder: "bea",
        label_set_id: summary.label_set_id,
        labels: '{"topic_label":"other"}',
      },
    ]);
    assert.deepEqual(journalFiles(data, "import"), []);
    // Invariant 12
    const runs = await query(data, "SELECT * FROM '{data}/runs/*/*.parquet'");
    assert.doesNotMatch(JSON.stringify(runs) + run.stdout + run.stderr, /secret|another text/);
  });
});

// Invariant 1, invariant 4
Deno.test("the same file twice changes nothing, and its labels join to the posts", async () => {
  await withData(async (data) => {
    const file = await csvFile(data, "coded.csv", [
      ["uri", "created_at", "text", "civic", "lean"],
      [uri("a"), T, "one", "yes", "left"],
      [uri("b"), "2026-06-02T00:00:00Z", "two", " no ", ""],
      [uri("c"), "2026-06-02T00:00:00Z", "three", "", ""],
    ]);
    const args = [file, "--labels", "civic,lean", "--coder", "anna", "--as", "round one"];
    const first = await task("import", data, args);
    assert.equal(first.code, 0, first.stderr);
    const before = [await rawRows(data, "import"), await labels(data)];
    const second = await task("import", data, args, "2026-06-11T00:00:00Z");
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(
      [summaryOf(second).new_posts, summaryOf(second).posts_here_before],
      [0, 3],
    );
    assert.deepEqual([await rawRows(data, "import"), await labels(data)], before);
    assert.deepEqual((await labels(data)).map(({ date, coder, labels }) => [date, coder, labels]), [
      ["2026-06-01", "anna", '{"civic":"yes","lean":"left"}'],
      ["2026-06-02", "anna", '{"civic":"no"}'],
    ]);
    assert.equal((await task("preprocess", data, [])).code, 0);
    const joined = await query(
      data,
      `SELECT p.uri, l.labels['civic'] AS civic
       FROM '{data}/posts/*/*.parquet' p LEFT JOIN '{data}/labels/human/*/*.parquet' l
         ON l.uri = p.uri AND l.text_hash = p.text_hash AND l.date = p.date ORDER BY p.uri`,
    );
    assert.deepEqual(joined, [
      { uri: uri("a"), civic: "yes" },
      { uri: uri("b"), civic: "no" },
      { uri: uri("c"), civic: null },
    ]);
    const [set] = await query(
      data,
      "SELECT classifier, codebook, parameters, is_shown FROM '{data}/label_sets/human.parquet'",
    );
    assert.deepEqual(set, {
      classifier: "human",
      codebook: "round one",
      parameters: '{"variables":["civic","lean"]}',
      is_shown: true,
    });
  });
});

// Invariant 1
Deno.test("an import that was killed before it landed lands once with the next one", async () => {
  await withData(async (data) => {
    const file = await csvFile(data, "posts.csv", [
      ["uri", "created_at", "text"],
      ...["a", "b", "c"].map((rkey) => [uri(rkey), T, `text ${rkey}`]),
    ]);
    const post = { uri: uri("a"), did: DID, rkey: "a", text: "text a", record: "{}" };
    const line = {
      host: "",
      cursor: null,
      event_time: null,
      seen_at: "2026-06-09T00:00:00.000Z",
      events: 1,
      bytes: 0,
      reconnects: 0,
      notes: [],
      posts: [{ ...post, created_at: "2026-06-01T10:00:00.000Z" }],
      tombstones: [],
    };
    await Deno.mkdir(`${data}/journal/import`, { recursive: true });
    const journal = `${JSON.stringify(line)}\n{"host":"","cur`;
    await Deno.writeTextFile(`${data}/journal/import/20260609.jsonl`, journal);
    const run = await task("import", data, [file]);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual((await rawRows(data, "import")).map(({ text }) => text), [
      "text a",
      "text b",
      "text c",
    ]);
    assert.equal(summaryOf(run).posts_here_before, 1);
  });
});

// Invariant 10
Deno.test("a file or an option that cannot be used is a usage error, and nothing lands", async () => {
  await withData(async (data) => {
    const file = await csvFile(data, "posts.csv", [["uri", "created_at", "text"], [
      uri("a"),
      T,
      "x",
    ]]);
    const empty = await csvFile(data, "header.csv", [["uri", "created_at", "text"]]);
    const wrong = await csvFile(data, "wrong.csv", [["uri", "text"], [uri("a"), "x"]]);
    const [column, unknown, absent] = await Promise.all([
      task("import", data, [wrong]),
      task("import", data, [file, "--labels", "civic"]),
      task("import", data, [`${data}/none.csv`]),
    ]);
    assert.deepEqual([column.code, unknown.code, absent.code], [2, 2, 2]);
    assert.match(
      column.stderr,
      /^Cannot import .*wrong.csv: it has no column created_at\n {2}Its columns are uri, text\. /,
    );
    assert.match(
      unknown.stderr,
      /: it has no column civic\n {2}Its columns are uri, created_at, text/,
    );
    assert.match(absent.stderr, /: there is no such file/);
    const nothing = await task("import", data, [empty]);
    assert.deepEqual([nothing.code, summaryOf(nothing).rows], [1, 0], nothing.stderr);
    assert.match(nothing.stderr, /^Cannot import .*header.csv: it has no rows\n/);
    assert.deepEqual(
      [...Deno.readDirSync(data)].map(({ name }) => name).filter((name) =>
        ["raw", "labels", "quarantine"].includes(name)
      ),
      [],
    );
  });
});
