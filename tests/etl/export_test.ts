import assert from "node:assert/strict";
import { parse } from "csv-parse";
import { COLUMNS as SCORES } from "../../classifiers/clients/comment_analyzer_attributes.ts";
import { labelTable } from "../../etl/labels/label_file.ts";
import { LABEL_SETS, WINDOWS } from "../../etl/store/tables.ts";
import { subjectHash } from "../../etl/raw/tombstone.ts";
import { DID, KEY, rawFolder, uri } from "../raw.ts";
import { query, withData } from "../rows.ts";
import { writeRows } from "../table_file.ts";
import { runTask } from "../task.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
const OTHER = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
const FILE = "read_parquet('{data}/exports/analysis.parquet')";
const MARKER = "marker of a text that must not leave";

/** Posts of two days, of which some are scored at one in four and some have an older label set too. */
async function fill(data: string) {
  const folder = await rawFolder(data);
  const rows = Array.from({ length: 24 }, (_, index) => ({
    uri: uri(`p${index}`, index % 3 ? DID : OTHER),
    cid: `c${index}`,
    event_time: `2026-06-0${1 + index % 2} ${index % 4 < 2 ? 10 : 21}:30:00`,
    created_at: `2026-06-0${1 + index % 2}T${index % 4 < 2 ? 10 : 21}:29:00Z`,
    text: index % 5 ? `${MARKER}: the senate votes on the bill ${index}` : "ok",
  }));
  await folder.raw("firehose", "2026-06-02", "a.2026-06-01_2026-06-02", rows);
  await folder.raw("most_liked", "2026-06-02", "b.2026-06-01_2026-06-02", rows.slice(0, 4));
  for (const task of ["preprocess", "classify:dictionary"]) {
    const { code, stderr } = await runTask([task, "--data", data], CLOCK);
    assert.equal(code, 0, stderr);
  }
  for (const day of ["2026-06-01", "2026-06-02"]) {
    const scores = rows.filter((row) => row.event_time.startsWith(day)).slice(0, 8);
    const label = (row: typeof rows[0], index: number, set: string) => ({
      uri: row.uri,
      cid: row.cid,
      label_set_id: set,
      was_successfully_labeled: index !== 2,
      reason: index === 2 ? "timed_out" : null,
      label_prob: 0.25,
      prob_toxic: index === 2 ? null : set === "new" ? index / 10 : 0.99,
      answer: MARKER,
    });
    const labels = ["new", "old"].flatMap((set) => scores.map((row, at) => label(row, at, set)));
    await writeRows(labelTable(SCORES), labels, folder.paths.labels("perspective", day));
    const hours = [10, 21].map((hour) => ({
      source: "firehose",
      opens_at: `${day} ${hour}:00:00`,
      closes_at: `${day} ${hour + 1}:00:00`,
      window_prob: hour === 10 ? 0.5 : 0.125,
    }));
    await writeRows(WINDOWS, hours, folder.paths.windows("firehose", day));
  }
  const sets = ["new", "old"].map((id) => ({
    label_set_id: id,
    classifier: "perspective",
    parameters: "{}",
    is_shown: id === "new",
  }));
  await writeRows(LABEL_SETS, sets, folder.paths.labelSets("perspective"));
  return folder;
}

async function exported(data: string, ...args: string[]) {
  const result = await runTask(["export", "--data", data, "--json", ...args], CLOCK);
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

// Invariants 4, 7, 8, 11 and 12
Deno.test("an export is what the tables say, without text and without what was taken back", (t) =>
  withData(async (data) => {
    const folder = await fill(data);
    await t.step(
      "an export has each post once, with the shown labels and weights that the tables give",
      async () => {
        const summary = await exported(data, "--source", "firehose");
        assert.equal(summary.posts, 24);
        const file = FILE.replace("analysis", "analysis-firehose");
        const found = await query(
          data,
          `SELECT post_key, author_key, date::VARCHAR AS date, hour, passed_filters, in_most_liked, stratum,
         window_prob, dictionary_labeled, dictionary_reason, dictionary_is_political,
         perspective_labeled, perspective_reason, perspective_weight, perspective_prob_toxic
       FROM ${file} ORDER BY post_key`,
        );
        const wanted = await query(
          data,
          `SELECT left(sha256('${KEY}:' || p.uri), 32) AS post_key,
         left(sha256('${KEY}:' || p.did), 32) AS author_key, p.date::VARCHAR AS date,
         hour(reference_time) AS hour, passed_filters, in_most_liked,
         if(in_most_liked, 'most_liked', if(passed_filters, 'passed', 'filtered_out')) AS stratum,
         window_prob, d.was_successfully_labeled AS dictionary_labeled, d.reason AS dictionary_reason,
         is_political AS dictionary_is_political, s.was_successfully_labeled AS perspective_labeled,
         s.reason AS perspective_reason, 1 / (s.label_prob * window_prob) AS perspective_weight,
         prob_toxic AS perspective_prob_toxic
       FROM read_parquet('{data}/posts/*/*.parquet') p
       JOIN read_parquet('{data}/labels/dictionary/*/*.parquet') d USING (uri)
       LEFT JOIN (FROM read_parquet('{data}/labels/perspective/*/*.parquet')
         WHERE label_set_id = 'new') s USING (uri)
       JOIN read_parquet('{data}/windows/*/*.parquet') w
         ON w.opens_at = date_trunc('hour', reference_time)
       ORDER BY post_key`,
        );
        assert.equal(found.length, 24);
        assert.deepEqual(found, wanted);
        const { types } = (await query<{ types: string[] }>(
          data,
          `SELECT list(DISTINCT path_in_schema) AS types FROM parquet_metadata('{data}/exports/analysis-firehose.parquet')`,
        ))[0]!;
        assert.ok(
          types.every((name) => name.split(",")[0]!.length <= 32 && !/^(uri|did)$/.test(name)),
        );
      },
    );

    await t.step(
      "the CSV and the codebook say what the Parquet says, and none holds text, uri or did",
      async () => {
        const { warnings } = await exported(data);
        assert.match(warnings.join(), /no stream reported are unknown/);
        const csv = await Deno.readTextFile(`${data}/exports/analysis.csv`);
        const lines: Record<string, string>[] = await Array.fromAsync(
          parse(csv, { columns: true }),
        );
        const rows = await query(
          data,
          `SELECT date::VARCHAR AS date, hour::VARCHAR AS hour, post_key,
         coalesce(perspective_labeled::INTEGER::VARCHAR, '') AS perspective_labeled,
         coalesce(perspective_prob_toxic::VARCHAR, '') AS perspective_prob_toxic,
         array_to_string(dictionary_categories, ';') AS dictionary_categories FROM ${FILE}`,
        );
        assert.deepEqual(
          lines.map((line) => Object.fromEntries(Object.keys(rows[0]!).map((k) => [k, line[k]]))),
          rows.map((row) => ({ ...row, dictionary_categories: row.dictionary_categories ?? "" })),
        );
        assert.ok(lines.some((line) => line.dictionary_is_political === "1"));
        const codebook = await Deno.readTextFile(`${data}/exports/analysis.codebook.md`);
        for (const name of Object.keys(lines[0]!)) {
          assert.ok(codebook.includes(`\n| \`${name}\` | `), name);
        }
        assert.match(codebook, /perspective_labeled` \| [^|]+ \| [^|]+ \| 0: 2, 1: 14 \| 8 \|/);
        assert.match(codebook, /hours|label_prob × window_prob/);
        const parquet = new TextDecoder("latin1").decode(
          await Deno.readFile(`${data}/exports/analysis.parquet`),
        );
        for (const text of [csv, codebook, parquet]) {
          for (const secret of ["at://", "did:plc", MARKER, KEY]) assert.ok(!text.includes(secret));
        }
        const [run] = await query(
          data,
          `SELECT summary->>'$.sha256."analysis.csv"' AS sha256 FROM read_parquet('{data}/runs/*/*.parquet')
       WHERE task = 'export' AND summary LIKE '%analysis.csv%'`,
        );
        const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(csv));
        assert.equal(run!.sha256, new Uint8Array(digest).toHex());
        await exported(data, "--with-uris", "--labels", "dictionary", "--until", "2026-06-01");
        const named = await Deno.readTextFile(`${data}/exports/analysis-_2026-06-01-with-uris.csv`);
        assert.match(named, /uri,did,dictionary_labeled/);
        assert.doesNotMatch(named, /perspective/);
        assert.equal(named.trim().split("\n").length, 13);
      },
    );

    await t.step(
      "posts that were taken back are in no export, and leave those that are there",
      async () => {
        // Somebody keeps a copy as CSV alone.
        await Deno.copyFile(`${data}/exports/analysis.csv`, `${data}/exports/kept.csv`);
        const keys = async () =>
          (await query(data, `SELECT post_key FROM ${FILE}`)).map((row) => String(row.post_key));
        const keyOf = (subject: string) => subjectHash(KEY, subject).slice(0, 32);
        const gone = uri("p1", DID);
        assert.ok((await keys()).includes(keyOf(gone)));
        await folder.tombstone("2026-06-03", "t", [
          { subject: gone, at: "2026-06-03 10:00:00" },
          { subject: OTHER, at: "2026-06-03 10:00:00" },
        ]);
        const summary = await exported(data, "--since", "2026-06-01");
        assert.equal(summary.left_out_as_removed, 9);
        assert.equal(summary.posts, 15);
        assert.equal((await runTask(["preprocess", "--data", data], CLOCK)).code, 0);
        const left = await keys();
        assert.equal(left.length, 15);
        assert.ok(!left.includes(keyOf(gone)));
        const csv = await Deno.readTextFile(`${data}/exports/analysis.csv`);
        assert.ok(!csv.includes(keyOf(gone)) && !csv.includes(keyOf(OTHER)));
        assert.equal(csv.trim().split("\n").length, 16);
        const kept = (await Deno.readTextFile(`${data}/exports/kept.csv`)).split("\n");
        assert.deepEqual(kept.sort(), csv.split("\n").sort());
        // Neither spills nor half-written files stay.
        assert.deepEqual([...Deno.readDirSync(data)].filter(({ name }) => /^tmp-/.test(name)), []);
        assert.ok(
          [...Deno.readDirSync(`${data}/exports`)].every(({ name }) => !name.endsWith(".part")),
        );
      },
    );

    await t.step(
      "the last recheck stands in the codebook, and one of long ago is warned of",
      async () => {
        const state = (completed_at: string) =>
          Deno.writeTextFile(
            `${data}/recheck.json`,
            JSON.stringify({
              started_at: "2026-06-01T00:00:00.000Z",
              completed_at,
              after: "",
              asked: 24,
              posts_gone: 2,
              accounts_gone: 1,
              accounts_deactivated: 0,
              accounts_back: 0,
              unknown: 0,
            }),
          );
        await state("2026-06-09T10:00:00.000Z");
        assert.deepEqual(
          (await exported(data, "--source", "firehose")).warnings,
          [],
        );
        await state("2026-06-01T10:00:00.000Z");
        const { warnings } = await exported(data);
        assert.match(warnings[0], /recheck ended 8 days ago: run deno task forget --recheck/);
        assert.match(warnings[1], /hours were drawn.*--source/);
        const codebook = await Deno.readTextFile(`${data}/exports/analysis.codebook.md`);
        assert.match(
          codebook,
          /last rechecked at the AppView on 2026-06-01 10:00 UTC: of 24, 2 were gone/,
        );
      },
    );

    await t.step(
      "a damaged day is named and left out, and wrong wishes are usage errors",
      async () => {
        for (
          const [args, message] of [
            [["--labels", "magic"], /nothing is labelled by "magic".*\n.*dictionary, perspective/],
            [["--since", "2027-01-01"], /none of the requested days/],
          ] as const
        ) {
          const { code, stderr } = await runTask(["export", "--data", data, ...args], CLOCK);
          assert.equal(code, 2);
          assert.match(stderr, message);
        }
        await Deno.truncate(folder.paths.posts("2026-06-01"), 100);
        const { code, stderr } = await runTask(["export", "--data", data], CLOCK);
        assert.equal(code, 1);
        assert.match(stderr, /Cannot export 2026-06-01: the file .* is damaged/);
        const days = await query(data, `SELECT DISTINCT date::VARCHAR AS day FROM ${FILE}`);
        assert.deepEqual(days, [{ day: "2026-06-02" }]);
        const codebook = await Deno.readTextFile(`${data}/exports/analysis.codebook.md`);
        assert.match(codebook, /Missing because a file is damaged: 2026-06-01/);
      },
    );
  }));
