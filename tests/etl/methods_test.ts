/** Compares each number of a data statement with SQL on the tables, over a study with gaps and drawn hours. */
import assert from "node:assert/strict";
import { COLUMNS as SCORES } from "../../classifiers/clients/comment_analyzer_attributes.ts";
import { labelTable } from "../../etl/labels/label_file.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { COVERAGE, LABEL_SETS, RUNS, WINDOWS } from "../../etl/store/tables.ts";
import { fillStudyFolder } from "../notebooks/folders/study_folder.ts";
import { DID, rawFolder } from "../raw.ts";
import { query, withData } from "../rows.ts";
import { writeRows } from "../table_file.ts";
import { runTask } from "../task.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
const { code_version: _, ...RUNS_BEFORE } = RUNS.columns;

async function fill(data: string): Promise<string> {
  const study = await fillStudyFolder(data);
  const paths = new DataPaths(data);
  const windows = [1, 2, 20].map((hour) => ({
    source: "firehose",
    opens_at: `2026-06-01 ${String(hour).padStart(2, "0")}:00:00`,
    closes_at: `2026-06-01 ${String(hour + 1).padStart(2, "0")}:00:00`,
    window_prob: 0.125,
    setting: '{"spread":3,"seed":1}',
  }));
  const later = {
    ...windows[0]!,
    opens_at: "2026-06-11 01:00:00",
    closes_at: "2026-06-11 02:00:00",
  };
  await writeRows(WINDOWS, [...windows, later], paths.windows("firehose", "2026-06-01"));
  const span = (from: string, until: string, host = "relay") => ({
    source: "firehose",
    host,
    minute: `2026-06-01 ${from}:00`,
    events: 50,
    posts: 20,
    skipped: 3,
    set_aside: 2,
    reconnects: 1,
    covered_from: `2026-06-01 ${from}:00`,
    covered_until: `2026-06-01 ${until}:00`,
  });
  const spans = [
    span("01:00", "01:40"),
    span("01:30", "02:10", "another relay"),
    span("02:25", "03:30"),
  ];
  await writeRows(COVERAGE, spans, paths.coveragePart("2026-06-01", "part-0"));
  await (await rawFolder(data)).tombstone("2026-06-09", "t", [
    {
      subject: `at://${DID}/app.bsky.feed.post/elsewhere`,
      at: "2026-06-09 01:00:00",
      reason: "deleted",
    },
    {
      subject: `at://${DID}/app.bsky.feed.post/elsewhere`,
      at: "2026-06-09 02:00:00",
      reason: "deleted",
    },
    { subject: "did:plc:cccccccccccccccccccccccc", at: "2026-06-09 01:00:00", reason: "takendown" },
  ]);
  const posts = await query(
    data,
    "SELECT uri, cid, text_hash, date::VARCHAR AS date FROM read_parquet('{data}/posts/*/*.parquet')",
  );
  for (const [day, ofDay] of Map.groupBy(posts, ({ date }) => String(date))) {
    const labels = ofDay.map(({ uri, cid, text_hash }, index) => ({
      uri,
      cid,
      text_hash,
      label_set_id: index % 2 ? "new" : "old",
      was_successfully_labeled: index % 5 > 0,
      reason: index % 5 ? null : "rejected",
      label_prob: index % 7 ? 0.25 : null,
      prob_toxic: 0.5,
    }));
    await writeRows(labelTable(SCORES), labels, paths.labels("perspective", day));
  }
  const set = { classifier: "perspective", classifier_version: "1", parameters: '{"a":"|"}' };
  await writeRows(LABEL_SETS, [
    { ...set, label_set_id: "new", is_shown: true, prompt_hash: "p".repeat(64), model: "m" },
    { ...set, label_set_id: "old", is_shown: false },
  ], paths.labelSets("perspective"));
  // One run of an earlier version, which died.
  await writeRows(
    { ...RUNS, version: 1, columns: RUNS_BEFORE },
    [{ run_id: "x", task: "sync:firehose", status: "running", started_at: "2026-06-01 01:00:00" }],
    paths.run("2026-06-01", "x"),
  );
  const summaries = [
    ["sync:firehose", '{"set_aside":{"malformed_op":2}}'],
    ["sync:firehose", '{"set_aside":{"malformed_op":2}}'],
    ["sync:firehose", '{"set_aside":{"malformed_op":2,"malformed_record":1}}'],
    ["sync:firehose", '{"set_aside":{}}'],
    ["import", '{"set_aside":{"invalid_uri":3}}'],
    ["aggregate", '{"rows":1}'],
    ["status", null],
  ];
  for (const [index, [task, summary]] of summaries.entries()) {
    const run = { run_id: `s${index}`, task, summary, status: "done", exit_status: 0 };
    await writeRows(
      RUNS,
      [{ ...run, started_at: "2026-06-01 03:00:00" }],
      paths.run("2026-06-01", `s${index}`),
    );
  }
  // Calls that did nothing are no runs.
  const at = { task: "sync:firehose", started_at: "2026-06-01 02:00:00" };
  for (
    const [run_id, args, exit_status] of [["y", "--dry-run", 0], ["z", "--fro", 2]] as const
  ) {
    const status = exit_status === 0 ? "done" : "failed";
    const run = { ...at, run_id, status, exit_status, arguments: JSON.stringify([args]) };
    await writeRows(RUNS, [run], paths.run("2026-06-01", run_id));
  }
  return study;
}

// deno-lint-ignore no-explicit-any
type Json = any;

Deno.test("every number of the data statement is what SQL on the tables counts", (t) =>
  withData(async (data) => {
    const study = await fill(data);
    const args = ["methods", "--data", data, "--study", study];
    const { code, stdout, stderr } = await runTask([...args, "--json"], CLOCK);
    assert.equal(code, 0, stderr);
    const found: Json = JSON.parse(stdout);
    const page = await Deno.readTextFile(`${data}/reports/methods.md`);
    const svg = await Deno.readTextFile(`${data}/reports/methods.svg`);
    const words = svg.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

    await t.step("what runs set aside, by task and reason", () => {
      assert.deepEqual(found.set_aside, [
        { task: "import", reason: "invalid_uri", count: 3 },
        { task: "sync:firehose", reason: "malformed_op", count: 6 },
        { task: "sync:firehose", reason: "malformed_record", count: 1 },
      ]);
      assert.match(page, /\| sync:firehose +\| malformed_op +\| 6 +\|/);
    });

    await t.step("what was collected, and the gaps of what was asked", async () => {
      for (const source of ["firehose", "most_liked", "import"]) {
        const [wanted] = await query(
          data,
          `SELECT count(*) AS rows, count(DISTINCT uri) AS posts
           FROM read_parquet('{data}/raw/${source}/*/*.parquet')`,
        );
        const { rows, posts } = found.sources.find((one: Json) => one.source === source);
        assert.deepEqual({ rows, posts }, wanted);
      }
      // Asked 01–03 and 20–21, and an hour that has not come; read until 02:10 and from 02:25.
      const { stream } = found.sources.find((one: Json) => one.source === "firehose");
      assert.equal(stream.hours_asked, 3);
      assert.equal(stream.hours_collected, 1.75);
      assert.deepEqual(stream.gaps.map(({ from }: Json) => from.slice(11, 16)), ["20:00", "02:10"]);
      const [sums] = await query(
        data,
        `SELECT sum(events)::INT AS events, sum(posts)::INT AS posts_received,
           sum(skipped)::INT AS skipped, sum(set_aside)::INT AS set_aside,
           sum(reconnects)::INT AS reconnects
         FROM read_parquet('{data}/coverage/*/*.parquet')`,
      );
      const { events, posts_received, skipped, set_aside, reconnects } = stream;
      assert.deepEqual({ events, posts_received, skipped, set_aside, reconnects }, sums);
      assert.ok(page.includes("| firehose | 3 | 1.75 | 58.3% | 2 | 150 | 60 | 9 | 6 | 3 |"), page);
      assert.match(
        page,
        /drawn with probability 0.125\. Gaps: 2026-06-01 20:00 to .* \(60 minutes\); /,
      );
    });

    await t.step("posts and filters, alone and with others", async () => {
      const [wanted] = await query<Record<string, number>>(
        data,
        `SELECT count(*) AS posts, count(*) FILTER (passed_filters) AS passed,
           count(*) FILTER (flag_nsfw) AS nsfw,
           count(*) FILTER (flag_nsfw AND NOT flag_minimum_length) AS nsfw_alone,
           count(*) FILTER (flag_minimum_length AND flag_nsfw) AS both
         FROM read_parquet('{data}/posts/*/*.parquet')`,
      );
      const { posts, passed, nsfw, nsfw_alone, both } = wanted!;
      assert.ok(both! > 0);
      assert.equal(found.posts.posts, posts);
      assert.equal(found.posts.passed_filters, passed);
      assert.ok(page.includes(`| nsfw | ${nsfw} | ${nsfw_alone} | ${both} |`));
      assert.ok(page.includes(`| any | ${posts! - passed!} |`));
      assert.ok(words.includes(`${posts} posts`) && words.includes(`${passed} posts pass all`));
      assert.ok(words.includes(`nsfw: ${nsfw} (alone ${nsfw_alone})`));
    });

    await t.step("labels, failures and probabilities, by label set and stratum", async () => {
      const wanted = await query<Record<string, unknown>>(
        data,
        `WITH l AS (SELECT 'dictionary' AS classifier, * FROM
             (SELECT uri, label_set_id, was_successfully_labeled, reason, label_prob
              FROM read_parquet('{data}/labels/dictionary/*/*.parquet'))
           UNION ALL SELECT 'perspective', * FROM
             (SELECT uri, label_set_id, was_successfully_labeled, reason, label_prob
              FROM read_parquet('{data}/labels/perspective/*/*.parquet'))),
         s AS (SELECT DISTINCT classifier, label_set_id FROM l)
         SELECT s.classifier, s.label_set_id, p.in_most_liked AS liked, p.passed_filters AS passed,
           count(*) AS posts, count(*) FILTER (was_successfully_labeled) AS labelled,
           count(*) FILTER (reason IS NOT NULL) AS failed,
           count(*) FILTER (was_successfully_labeled AND label_prob IS NULL) AS unsampled,
           min(label_prob) AS lowest_prob, max(label_prob) AS highest_prob
         FROM read_parquet('{data}/posts/*/*.parquet') p CROSS JOIN s
         LEFT JOIN l ON l.uri = p.uri AND l.label_set_id = s.label_set_id GROUP BY ALL`,
      );
      const rows = found.label_sets.flatMap(({ classifier, label_set_id, strata }: Json) =>
        strata.map(({ stratum, passed_filters, ...rest }: Json) => ({
          classifier,
          label_set_id,
          liked: stratum === "most_liked",
          passed: passed_filters,
          ...rest,
        }))
      );
      const sorted = (rows: object[]) => rows.map((row) => JSON.stringify(row)).sort();
      assert.ok(rows.length > 6);
      assert.deepEqual(sorted(rows), sorted(wanted));
      const reasons = await query(
        data,
        `SELECT count(*) FILTER (passed_filters) AS passed,
           count(*) FILTER (NOT passed_filters) AS filtered_out
         FROM read_parquet('{data}/posts/*/*.parquet')
         JOIN read_parquet('{data}/labels/perspective/*/*.parquet') USING (uri)
         WHERE label_set_id = 'new' AND reason = 'rejected'`,
      );
      const set = found.label_sets.find((one: Json) => one.label_set_id === "new");
      assert.deepEqual(set.failures, [{ reason: "rejected", ...reasons[0] }]);
      assert.ok(words.includes(`rejected: ${reasons[0]!.passed}`), words);
      assert.ok(words.includes("label set new") && !words.includes("label set old"));
      assert.match(page, /### perspective, label set `old` \(not shown\)/);
      assert.ok(page.includes("p".repeat(64)) && page.includes('{"a":"\\|"}'));
    });

    await t.step("deletions, runs, and what is not known", () => {
      assert.match(page, /\| post \| deleted \| 1 \|\n\| account \| takendown \| 1 \|/);
      assert.match(page, /\| sync:firehose \| 5 \| 4 \| 0 \| 0 \| 1 \| 2026-06-01 01:00 /);
      assert.match(page, /Code \(commits\): .*not recorded/);
      assert.match(page, /Hosts of firehose left out 9 sequence numbers/);
      assert.match(page, /6 messages of firehose could not be read and were set aside/);
      assert.match(page, /not a probability sample/);
      assert.match(page, /labels of perspective \(new\) have no known probability of being/);
      assert.match(page, /deleted while no stream was read is unknown/);
      assert.doesNotMatch(page + svg, /NaN|undefined|null|did:plc:(?!tenurhgj)/);
    });
  }));

Deno.test("a study without anything, and a damaged table, are told in words", () =>
  withData(async (data) => {
    const empty = await runTask(["methods", "--data", data], CLOCK);
    assert.equal(empty.code, 0, empty.stderr);
    const page = await Deno.readTextFile(`${data}/reports/methods.md`);
    assert.match(page, /## Labels\n\nNone\./);
    assert.match(await Deno.readTextFile(`${data}/reports/methods.svg`), /0 posts/);
    const paths = new DataPaths(data);
    await Deno.mkdir(`${data}/posts/date=2026-06-01`, { recursive: true });
    await Deno.writeTextFile(paths.posts("2026-06-01"), "no Parquet");
    const { code, stderr } = await runTask(["methods", "--data", data], CLOCK);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot state the methods: the file .* is damaged/);
    assert.equal(await Deno.readTextFile(`${data}/reports/methods.md`), page);
  }));
