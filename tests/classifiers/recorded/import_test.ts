import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp } from "node:fs/promises";
import { quarantined, summaryOf } from "../../etl/sources/firehose_run.ts";
import { query, withData } from "../../rows.ts";
import { runTask, type TaskResult } from "../../task.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

const CLOCK = "2026-06-10T00:00:00Z";
const uri = (rkey: string) => `at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/${rkey}`;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function task(name: string, data: string, args: string[], clock = CLOCK): Promise<TaskResult> {
  return runTask([name, ...args, "--data", data, "--json"], { CIVICSKY_CLOCK: clock });
}

/** A folder with the posts a to f, of two days, which each test copies. */
let prepared: Promise<string> | undefined;

async function prepare(): Promise<string> {
  const data = await Deno.makeTempDir({ prefix: "civicsky-" });
  const rows = ["a", "b", "c", "d", "e", "f"].map((rkey, i) =>
    `${uri(rkey)},2026-06-0${1 + i % 2}T10:00:00Z,secret text ${rkey} of a post`
  );
  await Deno.writeTextFile(`${data}/posts.csv`, `uri,created_at,text\n${rows.join("\n")}\n`);
  for (const args of [["import", `${data}/posts.csv`], ["preprocess"]]) {
    const { code, stderr } = await task(args[0]!, data, args.slice(1));
    assert.equal(code, 0, stderr);
  }
  return data;
}

async function withPosts(run: (data: string) => Promise<void>): Promise<void> {
  const from = await (prepared ??= prepare());
  await withData(async (data) => {
    await cp(from, data, { recursive: true });
    await run(data);
  });
}

Deno.test.afterAll(async () => {
  if (prepared) await Deno.remove(await prepared, { recursive: true });
});

function prompt(rkey: string): string {
  return `Is this civic?\n<text>\nsecret text ${rkey}\n</text>\nReturn JSON.\n`;
}

function reply(rkey: string, text: string | null, asked = prompt(rkey)): string {
  return JSON.stringify({ uri: uri(rkey), prompt: asked, reply: text });
}

async function file(data: string, lines: (string | Uint8Array)[], name = "replies.jsonl") {
  const path = `${data}/${name}`;
  using out = await Deno.open(path, { write: true, create: true, truncate: true });
  for (const line of lines) {
    const bytes = typeof line === "string" ? new TextEncoder().encode(line) : line;
    await out.write(new Uint8Array([...bytes, 10]));
  }
  return path;
}

async function labels(data: string, columns = "uri, reason, is_sociopolitical, lean") {
  return await query(
    data,
    `SELECT ${columns} FROM read_parquet('{data}/labels/sociopolitical/*/*.parquet',
       hive_partitioning = true, hive_types_autocast = false) ORDER BY uri, label_set_id`,
  );
}

const LEFT = '{"civic":"civic","political_ideology":"left-leaning"}';
const NOT = '{"civic":"not civic","political_ideology":"unclear"}';

// Invariants 4, 7 and 9
Deno.test("each line becomes a label, a failure with its reason, or is set aside with its number", async () => {
  await withPosts(async (data) => {
    const path = await file(data, [
      `\uFEFF${reply("f", LEFT)}`,
      "",
      reply("a", `Here:\n\`\`\`json\n${NOT}\n\`\`\``),
      "{ secret",
      reply("gone", LEFT),
      reply("c", "I cannot do that."),
      '{"uri":"at://x","prompt":"secret"}',
      new Uint8Array([0x7B, 0xFF, 0x7D]),
      reply("b", '{"civic":"civic","political_ideology":"righ'),
      reply("f", LEFT),
      reply("a", LEFT),
      reply("d", null),
    ]);
    const run = await task("import", data, [path, "--as", "old model"]);
    assert.equal(run.code, 0, run.stderr);
    const summary = summaryOf(run);
    assert.deepEqual(await labels(data), [
      { uri: uri("a"), reason: null, is_sociopolitical: false, lean: null },
      { uri: uri("b"), reason: "cut_short", is_sociopolitical: null, lean: null },
      { uri: uri("c"), reason: "refused", is_sociopolitical: null, lean: null },
      { uri: uri("d"), reason: "invalid_answer", is_sociopolitical: null, lean: null },
      { uri: uri("f"), reason: null, is_sociopolitical: true, lean: "left" },
    ]);
    assert.deepEqual(
      quarantined(data, "import").map(({ file, line, reason, uri }) => [file, line, reason, uri]),
      [
        ["replies.jsonl", 4, "not_json", undefined],
        ["replies.jsonl", 7, "not_a_reply", undefined],
        ["replies.jsonl", 8, "not_utf8", undefined],
        ["replies.jsonl", 5, "no_such_post", uri("gone")],
        ["replies.jsonl", 11, "uri_twice", uri("a")],
      ],
    );
    const { lines, labelled, failed, repeated_lines, set_aside } = summary;
    assert.deepEqual({ lines, labelled, failed, repeated_lines, set_aside }, {
      lines: 11,
      labelled: 2,
      failed: { cut_short: 1, invalid_answer: 1, refused: 1 },
      repeated_lines: 1,
      set_aside: { not_json: 1, not_a_reply: 1, not_utf8: 1, no_such_post: 1, uri_twice: 1 },
    });
    // Invariant 12
    const runs = await query(data, "SELECT * FROM '{data}/runs/*/*.parquet'");
    assert.doesNotMatch(JSON.stringify(runs) + run.stdout + run.stderr, /secret/);
  });
});

// Invariant 10
Deno.test("a file of replies of which nothing lands ends with 1 and says why", async () => {
  await withPosts(async (data) => {
    const path = await file(data, [reply("gone", LEFT), "no json"]);
    const run = await task("import", data, [path, "--as", "old"]);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /none of its 2 lines can be used \(no(t_json|_such_post), no\w+\)/);
    assert.deepEqual(JSON.parse(run.stdout).set_aside, { not_json: 1, no_such_post: 1 });
  });
});

// Invariant 6
Deno.test("a label knows its prompt, its reply and its post, and says that it is of no sample", async () => {
  await withPosts(async (data) => {
    const path = await file(data, [reply("a", LEFT), reply("b", NOT)]);
    const summary = summaryOf(await task("import", data, [path, "--as", "old"]));
    const [row] = await labels(
      data,
      `date, cid, text_hash, label_set_id, was_successfully_labeled, label_prob, request_hash, answer,
       prompt_hash, parameters->>'imported_as' AS name, model, context_kinds`,
    );
    assert.deepEqual(row, {
      date: "2026-06-01",
      cid: null,
      text_hash: sha256("secret text a of a post").slice(0, 32),
      label_set_id: summary.label_set_id,
      was_successfully_labeled: true,
      label_prob: null,
      request_hash: sha256(prompt("a")),
      answer: LEFT,
      prompt_hash: sha256(
        JSON.stringify([["Is this civic?", "<text>"], ["", "Return JSON.", "</text>"]]),
      ),
      name: "old",
      model: null,
      context_kinds: null,
    });
    const [set] = await query(
      data,
      "SELECT label_set_id, codebook, prompt_hash FROM '{data}/label_sets/sociopolitical.parquet'",
    );
    assert.deepEqual(set, {
      label_set_id: summary.label_set_id,
      codebook: "us_politics",
      prompt_hash: row!.prompt_hash,
    });
  });
});

Deno.test("the same replies twice change nothing, in whatever order; under another name they are another label set", async () => {
  await withPosts(async (data) => {
    const lines = [reply("a", LEFT), reply("b", NOT), reply("c", "?")];
    const everything = "* EXCLUDE (run_id)";
    const first = await task("import", data, [await file(data, lines), "--as", "old"]);
    assert.equal(first.code, 0, first.stderr);
    const before = await labels(data, everything);
    const turned = await file(data, lines.toReversed(), "turned.jsonl");
    const run = await task("import", data, [turned, "--as", "old"], "2026-06-11T00:00:00Z");
    assert.equal(summaryOf(run).here_before, 3);
    assert.deepEqual(await labels(data, everything), before);
    const other = await file(data, [reply("a", NOT), reply("b", NOT)], "other.jsonl");
    const late = await task("import", data, [other, "--as", "old"], "2026-06-12T00:00:00Z");
    const { here_before, kept_other } = summaryOf(late);
    assert.deepEqual([here_before, kept_other], [2, 1], "a later reply takes no label's place");
    assert.deepEqual(await labels(data, everything), before);
    const renamed = await task("import", data, [turned, "--as", "older"]);
    assert.notEqual(summaryOf(renamed).label_set_id, summaryOf(run).label_set_id);
    assert.equal((await labels(data)).length, 6);
  });
});

// Invariant 6
Deno.test("a reply takes a failure's place, a failure takes no label's, and another prompt is another label set", async () => {
  await withPosts(async (data) => {
    const imported = async (replies: [string, string][], asked = prompt) => {
      const lines = replies.map(([rkey, text]) => reply(rkey, text, asked(rkey)));
      const run = await task("import", data, [await file(data, lines), "--as", "old"]);
      assert.equal(run.code, 0, run.stderr);
      const rows = await labels(data, "reason, lean, label_set_id");
      const id = summaryOf(run).label_set_id;
      const ofSet = rows.filter((row) => row.label_set_id === id);
      return [...ofSet.map(({ reason, lean }) => reason ?? lean), rows.length];
    };
    assert.deepEqual(await imported([["a", "?"], ["b", LEFT]]), ["invalid_answer", "left", 2]);
    assert.deepEqual(await imported([["a", LEFT], ["b", "?"]]), ["left", "left", 2]);
    const other = (rkey: string) => `Another question\n${rkey}`;
    assert.deepEqual(await imported([["a", NOT], ["b", "?"]], other), [null, "invalid_answer", 4]);
  });
});

// Invariant 11
Deno.test("replies are read by the study's codebook, and a forgotten post leaves numbers alone", async () => {
  await withPosts(async (data) => {
    const study = (await Deno.readTextFile(SHIPPED_STUDY))
      .replace(/^ {2}sociopolitical:\n(?: {4}.*\n| *\n)*/m, "")
      .replace("classifiers:\n", "classifiers:\n  sociopolitical:\n    codebook: de_climate\n")
      .replace("after_deletion: drop", "after_deletion: keep_numbers");
    await Deno.writeTextFile(`${data}/study.yaml`, study);
    const withStudy = ["--study", `${data}/study.yaml`];
    const path = await file(data, [
      reply("a", '{"civic":"yes","lean":"ausgewogen","reason":"It quotes a secret."}'),
      reply("a", NOT),
      reply("b", LEFT),
    ]);
    const run = await task("import", data, [path, "--as", "old", ...withStudy]);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(summaryOf(run).codebook, "de_climate");
    const columns = "uri, reason, lean, reason_text, answer, request_hash";
    const [first, second] = await labels(data, columns);
    assert.deepEqual([first!.lean, first!.reason_text], ["abwaegend", "It quotes a secret."]);
    assert.equal(second!.reason, "invalid_answer");
    assert.equal(quarantined(data, "import").length, 1);
    for (const args of [["forget", uri("a")], ["preprocess"]]) {
      const { code, stderr } = await task(args[0]!, data, [...args.slice(1), ...withStudy]);
      assert.equal(code, 0, stderr);
    }
    const [left, kept] = (await labels(data, columns)).toReversed();
    assert.match(String(left!.uri), /^deleted:[0-9a-f]{64}$/);
    assert.deepEqual(
      [left!.lean, left!.reason_text, left!.answer, left!.request_hash],
      ["abwaegend", null, null, null],
    );
    assert.deepEqual(kept, second);
    assert.deepEqual(quarantined(data, "import"), []);
  });
});

Deno.test("wrong usage is refused before anything is read", async () => {
  await withData(async (data) => {
    const path = await file(data, [reply("a", LEFT)]);
    const cases: [string[], string][] = [
      [[path], "need a name for their label set"],
      [[path, "--as", "x", "--coder", "anna"], "--labels and --coder are for CSV files"],
      [[`${data}/none.jsonl`, "--as", "x"], "there is no such file"],
      [[path, "--as", "x"], "there are no posts yet"],
    ];
    for (const [args, what] of cases) {
      const run = await task("import", data, args);
      assert.equal(run.code, 2, run.stderr);
      assert.match(
        run.stderr,
        new RegExp(`^Cannot import ${data}/\\w+\\.jsonl: .*${what}\n  \\S`, "m"),
      );
    }
  });
});
