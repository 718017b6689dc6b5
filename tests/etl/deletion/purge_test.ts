import assert from "node:assert/strict";
import { query, withData } from "../../rows.ts";
import { DID, rawFolder, uri } from "../../raw.ts";
import { runTask } from "../../task.ts";
import { labelTable } from "../../../etl/labels/label_file.ts";
import { ANSWER_COLUMNS } from "../../../etl/labels/paid_answer.ts";
import { lock } from "../../../etl/store/lock.ts";
import { writeRows } from "../../table_file.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };

/** Write the shipped study with `after_deletion: keep_numbers`; gives its path. */
async function studyThatKeepsNumbers(data: string): Promise<string> {
  const path = `${data}/study.yaml`;
  const study = await Deno.readTextFile(SHIPPED_STUDY);
  await Deno.writeTextFile(
    path,
    study.replace("after_deletion: drop", "after_deletion: keep_numbers"),
  );
  return path;
}

async function preprocess(data: string, ...args: string[]) {
  return await runTask(["preprocess", "--data", data, "--json", ...args], CLOCK);
}

// Invariant 11
Deno.test("a tombstone removes older versions from raw, posts, labels and quarantine, and leaves younger ones", () =>
  withData(async (data) => {
    const other = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
    const folder = await rawFolder(data);
    const row = (rkey: string, at: string, did = DID) => ({
      uri: uri(rkey, did),
      cid: `cid-${rkey}`,
      event_time: at,
      created_at: at.replace(" ", "T") + "Z",
      text: `marker-${rkey} is what this post about a public meeting says`,
    });
    await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", [
      row("stays", "2026-06-01 10:00:00"),
      row("deleted", "2026-06-01 10:00:00"),
      row("again", "2026-06-01 12:00:00"),
      row("gone1", "2026-06-01 10:00:00", other),
    ]);
    await folder.raw("import", "2026-06-01", "b.2026-06-01_2026-06-01", [{
      ...row("gone2", "2026-06-01 10:00:00", other),
      event_time: null,
    }]);
    assert.equal((await preprocess(data)).code, 0);
    await runTask(["classify:dictionary", "--data", data], CLOCK);
    await Deno.mkdir(`${data}/quarantine/firehose`, { recursive: true });
    await Deno.writeTextFile(
      `${data}/quarantine/firehose/date=2026-06-01.jsonl`,
      [uri("deleted"), uri("stays"), uri("gone9", other)].map((uri) =>
        JSON.stringify({ uri, reason: "no_text", payload: btoa(`marker of ${uri}`) }) + "\n"
      ).join(""),
    );
    await folder.tombstone("2026-06-02", "t", [
      { subject: uri("deleted"), at: "2026-06-01 11:00:00" },
      { subject: uri("again"), at: "2026-06-01 11:00:00" },
      { subject: other, at: "2026-06-02 11:00:00" },
    ]);
    const { code, stdout } = await preprocess(data);
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).posts, 2);
    const left = async (table: string) =>
      (await query(
        data,
        `SELECT DISTINCT uri FROM read_parquet('{data}/${table}/*/*.parquet') ORDER BY uri`,
      ))
        .map((row) => String(row.uri));
    const kept = [uri("again"), uri("stays")];
    assert.deepEqual(await left("raw/firehose"), kept);
    assert.deepEqual(await left("posts"), kept);
    assert.deepEqual(await left("labels/dictionary"), kept);
    for await (const entry of Deno.readDir(`${data}/raw/import`)) {
      assert.deepEqual([...Deno.readDirSync(`${data}/raw/import/${entry.name}`)], []);
    }
    const quarantined = await Deno.readTextFile(
      `${data}/quarantine/firehose/date=2026-06-01.jsonl`,
    );
    assert.deepEqual(quarantined.trim().split("\n").map((line) => JSON.parse(line).uri), [
      uri("stays"),
    ]);
  }));

// Invariant 11
Deno.test("after_deletion keep_numbers leaves a label under the keyed hash of its post alone", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const path = await studyThatKeepsNumbers(data);
    await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", [
      {
        uri: uri("1"),
        cid: "c1",
        event_time: "2026-06-01 10:00:00",
        text: "The senate voted on the budget bill today",
      },
    ]);
    await preprocess(data, "--study", path);
    await runTask(["classify:dictionary", "--data", data, "--study", path], CLOCK);
    await folder.tombstone("2026-06-02", "t", [{ subject: uri("1"), at: "2026-06-01 11:00:00" }]);
    await preprocess(data, "--study", path);
    const labels = await query(
      data,
      "SELECT uri, cid, text_hash, is_political FROM read_parquet('{data}/labels/dictionary/*/*.parquet')",
    );
    assert.equal(labels.length, 1);
    assert.match(String(labels[0]!.uri), /^deleted:[0-9a-f]{64}$/);
    assert.deepEqual([labels[0]!.cid, labels[0]!.text_hash, labels[0]!.is_political], [
      null,
      null,
      true,
    ]);
    assert.deepEqual([...Deno.readDirSync(`${data}/posts/date=2026-06-01`)], []);
  }));

// Invariant 11
Deno.test("what coders wrote about a removed post stays under keep_numbers where it is a number, true or false", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const path = await studyThatKeepsNumbers(data);
    await Deno.writeTextFile(
      `${data}/coded.csv`,
      "uri,created_at,text,tone_label,share_label,civic_label,lean_label,note_label\n" +
        ["stays", "gone"].map((name) =>
          `${uri(name)},2026-06-01T10:00:00Z,Rents rise,-1,0.5,TRUE,left,says rents 2\n`
        ).join(""),
    );
    const imported = await runTask(
      ["import", `${data}/coded.csv`, "--data", data, "--study", path],
      CLOCK,
    );
    assert.equal(imported.code, 0, imported.stderr);
    await folder.tombstone("2026-06-02", "t", [
      { subject: uri("gone"), at: "2026-06-02 11:00:00" },
    ]);
    await preprocess(data, "--study", path);
    const labels = await query(
      data,
      `SELECT starts_with(uri, 'deleted:') AS is_gone, to_json(labels) AS labels
       FROM read_parquet('{data}/labels/human/*/*.parquet') ORDER BY is_gone`,
    );
    assert.deepEqual(
      labels.map(({ is_gone, labels }) => [is_gone, Object.values(JSON.parse(String(labels)))]),
      [
        [false, ["-1", "0.5", "true", "left", "says rents 2"]],
        [true, ["-1", "0.5", "true"]],
      ],
    );
  }));

// Invariant 11
Deno.test("paid answers to removed posts leave their segments, torn lines too, and labels that stay quote nothing", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const path = await studyThatKeepsNumbers(data);
    const other = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
    await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", [
      { uri: uri("stays"), cid: "c", event_time: "2026-06-01 10:00:00" },
    ]);
    const table = labelTable({ ...ANSWER_COLUMNS, prob_toxic: "DOUBLE" });
    const label = (rkey: string) => ({
      uri: uri(rkey),
      cid: `cid-${rkey}`,
      text_hash: `hash-${rkey}`,
      request_hash: `request-${rkey}`,
      answer: `it says ${rkey}`,
      prob_toxic: 0.5,
    });
    const labels = [label("stays"), label("deleted")];
    await writeRows(table, labels, folder.paths.labels("tone", "2026-06-01"));
    const line = (uri: string) => JSON.stringify({ uri, answer: `it says ${uri}` });
    const segments = folder.paths.answers("tone", "0123456789abcdef");
    await Deno.mkdir(segments, { recursive: true });
    const segment = (name: string, lines: string[]) =>
      Deno.writeTextFile(`${segments}/${name}.jsonl`, lines.join("\n"));
    await segment("a", [line(uri("stays")), line(uri("deleted")), line(uri("1", other)), ""]);
    await segment("b", [line(uri("deleted")), ""]);
    await segment("c", [line(uri("stays")), line(uri("deleted")).slice(0, -5)]);
    await Deno.writeTextFile(`${segments}/a.jsonl.01234567.part`, line(uri("deleted")));
    await folder.tombstone("2026-06-02", "t", [
      { subject: uri("deleted"), at: "2026-06-01 11:00:00" },
      { subject: other, at: "2026-06-01 11:00:00" },
    ]);
    const running = await lock(folder.paths.locks(), "classify-0123456789abcdef", "test");
    assert.match((await preprocess(data, "--study", path)).stderr, /tone is running/);
    assert.match(await Deno.readTextFile(`${segments}/b.jsonl`), /deleted/);
    await running[Symbol.asyncDispose]();
    const { code, stdout } = await preprocess(data, "--study", path);
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).removed_rows, 3);
    const left = [...Deno.readDirSync(segments)].map(({ name }) => name).sort();
    assert.deepEqual(left, ["a.jsonl", "c.jsonl"]);
    for (const name of left) {
      const text = await Deno.readTextFile(`${segments}/${name}`);
      assert.equal(text, `${line(uri("stays"))}\n`);
    }
    const [deleted, stays] = await query(
      data,
      `SELECT * EXCLUDE date FROM read_parquet('{data}/labels/tone/*/*.parquet') ORDER BY cid NULLS FIRST`,
    );
    assert.match(String(deleted!.uri), /^deleted:[0-9a-f]{64}$/);
    assert.equal(deleted!.prob_toxic, 0.5);
    assert.doesNotMatch(JSON.stringify({ ...deleted, uri: null }), /deleted|says/);
    assert.equal(stays!.answer, "it says stays");
  }));
