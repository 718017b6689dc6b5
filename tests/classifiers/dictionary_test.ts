import assert from "node:assert/strict";
import { query, withData } from "../rows.ts";
import { rawFolder, uri } from "../raw.ts";
import { runTask } from "../task.ts";
import { SHIPPED_STUDY } from "../shipped_study.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
const LABELS = "read_parquet('{data}/labels/dictionary/*/*.parquet')";

async function run(task: string, data: string, ...args: string[]) {
  const result = await runTask([task, "--data", data, "--json", ...args], CLOCK);
  return {
    ...result,
    summary: result.code === 1 || result.code === 2 ? {} : JSON.parse(result.stdout),
  };
}

async function withPosts(texts: string[], run: (data: string) => Promise<void>): Promise<void> {
  await withData(async (data) => {
    const folder = await rawFolder(data);
    await folder.raw(
      "firehose",
      "2026-06-01",
      "a.2026-06-01_2026-06-02",
      texts.map((text, i) => ({
        uri: uri(String(i).padStart(3, "0")),
        cid: `cid${i}`,
        event_time: `2026-06-0${1 + i % 2} 10:00:00`,
        text,
      })),
    );
    await runTask(["preprocess", "--data", data], CLOCK);
    await run(data);
  });
}

const TEXTS = [
  "The senate voted on the budget bill after a long night of debate",
  "My cat slept on the warm stove all afternoon and nobody minded at all",
  "Der Bundestag stimmte nach langer Debatte über den Haushalt ab",
  "",
];

// Invariant 7
Deno.test("every post gets a label or a reason, and its provenance", () =>
  withPosts(TEXTS, async (data) => {
    const { summary, code } = await run("classify:dictionary", data);
    assert.equal(code, 0);
    assert.deepEqual([summary.labelled, summary.political, summary.pending], [2, 1, 0]);
    assert.deepEqual(summary.failed, { language_not_supported: 1, empty: 1 });
    const rows = await query(data, `SELECT * FROM ${LABELS} ORDER BY uri`);
    assert.deepEqual(
      rows.map((row) => [row.was_successfully_labeled, row.is_political, row.reason]),
      [[true, true, null], [true, false, null], [false, null, "language_not_supported"], [
        false,
        null,
        "empty",
      ]],
    );
    for (const row of rows) {
      assert.match(String(row.label_set_id), /^[0-9a-f]{16}$/);
      assert.match(String(row.codebook_hash), /^[0-9a-f]{64}$/);
      assert.match(String(row.run_id), /classify-dictionary/);
      assert.deepEqual([row.label_prob, row.label_timestamp, row.parameters], [
        1,
        "2026-06-10 00:00:00",
        "{}",
      ]);
    }
    assert.ok((rows[0]!.categories as string[]).includes("government"));
  }));

// Invariant 4
Deno.test("labels stand with their own post, whatever the order", () =>
  withPosts(
    Array.from({ length: 120 }, (_, i) =>
      i % 3 === 0 ? `${TEXTS[0]} number ${i}` : `${TEXTS[1]} number ${i}`),
    async (data) => {
      await run("classify:dictionary", data);
      const rows = await query(
        data,
        `SELECT l.is_political, p.text FROM ${LABELS} l
        JOIN read_parquet('{data}/posts/*/*.parquet') p USING (uri, cid)`,
      );
      assert.equal(rows.length, 120);
      for (const row of rows) {
        assert.equal(row.is_political, String(row.text).startsWith("The senate"), String(row.text));
      }
    },
  ));

Deno.test("a second run labels nothing, a post that came meanwhile is labelled", () =>
  withPosts(TEXTS, async (data) => {
    await run("classify:dictionary", data);
    const before = await query(data, `SELECT * FROM ${LABELS} ORDER BY uri`);
    assert.equal((await run("classify:dictionary", data)).summary.labelled, 0);
    const folder = await rawFolder(data);
    await folder.raw("firehose", "2026-06-01", "b.2026-06-01_2026-06-01", [
      { uri: uri("new"), cid: "new", event_time: "2026-06-01 11:00:00", text: TEXTS[0] },
    ]);
    await runTask(["preprocess", "--data", data], CLOCK);
    assert.equal((await run("classify:dictionary", data)).summary.labelled, 1);
    const after = await query(
      data,
      `SELECT * FROM ${LABELS} WHERE uri <> '${uri("new")}' ORDER BY uri`,
    );
    assert.deepEqual(after, before);
  }));

Deno.test("--limit stops with exit status 4, and running again does the rest", () =>
  withPosts(TEXTS, async (data) => {
    const first = await run("classify:dictionary", data, "--limit", "3");
    assert.deepEqual([first.code, first.summary.pending], [4, 1]);
    assert.equal((await query(data, `SELECT uri FROM ${LABELS}`)).length, 3);
    const second = await run("classify:dictionary", data);
    assert.deepEqual([second.code, second.summary.pending], [0, 0]);
    const rows = await query(data, `SELECT uri FROM ${LABELS}`);
    assert.equal(new Set(rows.map((row) => row.uri)).size, 4);
    assert.equal(rows.length, 4);
  }));

Deno.test("--dry-run counts what is pending and writes nothing", () =>
  withPosts(TEXTS, async (data) => {
    const { code, summary } = await run(
      "classify:dictionary",
      data,
      "--dry-run",
      "--until",
      "2026-06-01",
    );
    assert.deepEqual([code, summary.pending], [0, 2]);
    assert.deepEqual(await query(data, "SELECT * FROM glob('{data}/labels/**')"), []);
  }));

// Invariant 6
Deno.test("another codebook is another label set beside the first, and one of them is shown", () =>
  withPosts(TEXTS, async (data) => {
    await run("classify:dictionary", data);
    await Deno.writeTextFile(`${data}/weather.yaml`, WEATHER);
    const study = (await Deno.readTextFile(SHIPPED_STUDY)).replace(
      "codebook: us_politics",
      "codebook: weather.yaml",
    );
    await Deno.writeTextFile(`${data}/study.yaml`, study);
    const own = ["classify:dictionary", "--data", data, "--study", `${data}/study.yaml`];
    const second = await runTask(own, { CIVICSKY_CLOCK: "2026-06-11T00:00:00Z" });
    assert.match(second.stdout, /^Labelled 2 posts with the codebook weather$/m);
    const sets = await query<{ label_set_id: string; is_shown: boolean; codebook: string }>(
      data,
      "SELECT label_set_id, is_shown, codebook FROM read_parquet('{data}/label_sets/dictionary.parquet') ORDER BY codebook",
    );
    assert.deepEqual(sets.map((set) => [set.codebook, set.is_shown]), [["us_politics", false], [
      "weather",
      true,
    ]]);
    const counts = await query(
      data,
      `SELECT label_set_id, count(*) AS n FROM ${LABELS} GROUP BY ALL`,
    );
    assert.deepEqual(counts.map((row) => row.n), [4, 4]);
    const named = study.replace(
      "label_sets: {}",
      `label_sets: { dictionary: ${sets[0]!.label_set_id} }`,
    );
    await Deno.writeTextFile(`${data}/study.yaml`, named);
    await runTask(own, { CIVICSKY_CLOCK: "2026-06-12T00:00:00Z" });
    const shown = await query(
      data,
      "SELECT label_set_id FROM read_parquet('{data}/label_sets/dictionary.parquet') WHERE is_shown",
    );
    assert.deepEqual(shown.map((set) => set.label_set_id), [sets[0]!.label_set_id]);
  }));

// Invariant 2
Deno.test("a damaged day of posts stops that day and no other", () =>
  withPosts(TEXTS, async (data) => {
    const path = `${data}/posts/date=2026-06-01/posts.parquet`;
    await Deno.truncate(path, 300);
    const { code, stderr } = await run("classify:dictionary", data);
    assert.equal(code, 1);
    assert.ok(stderr.includes(`the file ${path} is damaged`), stderr);
    const rows = await query(data, `SELECT DISTINCT date::VARCHAR AS day FROM ${LABELS}`);
    assert.deepEqual(rows.map((row) => row.day), ["2026-06-02"]);
  }));

Deno.test("a codebook that does not exist is a usage error", () =>
  withPosts(TEXTS, async (data) => {
    const study = await Deno.readTextFile(SHIPPED_STUDY);
    await Deno.writeTextFile(`${data}/study.yaml`, study.replace("us_politics", "us_polices"));
    const { code, stderr } = await run(
      "classify:dictionary",
      data,
      "--study",
      `${data}/study.yaml`,
    );
    assert.equal(code, 2);
    assert.match(stderr, /^Cannot read the codebook .*us_polices\.yaml/);
  }));

// Invariant 6
Deno.test("a codebook of a script without spaces labels running text, as a label set of its own", () =>
  withPosts(
    ["明日は参議院選挙の投票日です。雨が降りそうですが、皆さん必ず行きましょう。"],
    async (data) => {
      const codebook = WEATHER.replace("country: US", "country: JP").replace("[en]", "[ja]");
      await Deno.writeTextFile(`${data}/japan.yaml`, codebook.replace("[warm]", "[選挙]"));
      const study = await Deno.readTextFile(SHIPPED_STUDY);
      const own = study.replace("codebook: us_politics", "codebook: japan.yaml");
      await Deno.writeTextFile(`${data}/study.yaml`, own);
      await run("classify:dictionary", data, "--study", `${data}/study.yaml`);
      assert.deepEqual(await query(data, `SELECT is_political FROM ${LABELS}`), [
        { is_political: true },
      ]);
      const sets = "FROM read_parquet('{data}/label_sets/dictionary.parquet')";
      const versions = await query(data, `SELECT classifier_version ${sets}`);
      assert.deepEqual(versions, [{ classifier_version: "2" }]);
    },
  ));

const WEATHER = `
name: weather
version: 1
country: US
languages: [en]
description: Warm things.
dictionary:
  threshold: 1
  categories:
    warmth:
      description: Being warm.
      terms: [warm]
`;
