import assert from "node:assert/strict";
import { labelProspects } from "../../../etl/status/label_prospect.ts";
import { ANSWER_COLUMNS } from "../../../etl/labels/paid_answer.ts";
import { now } from "../../../etl/run/clock.ts";
import { readStudy, type Study } from "../../../etl/study/study.ts";
import { uniform } from "../../../etl/sampling/sample.ts";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { LABEL_SETS, LABELS, POSTS, withColumns } from "../../../etl/store/tables.ts";
import { uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

const ID = "0123456789abcdef";
const MODEL = "openai/gpt-oss-20b";
const POSTS_A_DAY = 400;
const TABLE = withColumns(LABELS, {
  ...ANSWER_COLUMNS,
  tokens_prompt: "INTEGER",
  tokens_completion: "INTEGER",
});
const STUDY = readStudy(SHIPPED_STUDY);
const DAYS = ["2026-06-01", "2026-06-02", "2026-06-03"];

/** Half of each day is drawn; the first day is labelled, of the second a few posts, five a request. */
async function labelledStudy(data: string): Promise<{ paths: DataPaths; pending: number }> {
  const paths = new DataPaths(data);
  let pending = 0;
  for (const [index, day] of DAYS.entries()) {
    const posts = Array.from({ length: POSTS_A_DAY }, (_, at) => ({
      uri: uri(`${day}-${at}`),
      cid: `${at}`,
      text: "a",
      text_hash: `${at}`,
      passed_filters: true,
      in_most_liked: false,
    }));
    await writeRows(POSTS, posts, paths.posts(day));
    const drawn = posts.filter(({ uri }) => uniform(uri, "1") < 0.5);
    const labelled = [drawn, drawn.slice(0, 50), []][index]!;
    pending += drawn.length - labelled.length;
    if (labelled.length === 0) continue;
    const labels = labelled.map(({ uri, cid, text_hash }, at) => ({
      uri,
      cid,
      text_hash,
      label_set_id: ID,
      was_successfully_labeled: true,
      request_hash: `${day} ${Math.floor(at / 5)}`,
      tokens_prompt: 800,
      tokens_completion: 200,
    }));
    await writeRows(TABLE, labels, paths.labels("sociopolitical", day));
  }
  const sets = ["9".repeat(16), ID].map((label_set_id, index) => ({
    label_set_id,
    classifier: "sociopolitical",
    // Replies that were imported later draw nothing.
    last_used: `2026-06-0${3 - index}T00:00:00`,
  }));
  await writeRows(LABEL_SETS, sets, paths.labelSets("sociopolitical"));
  const samples = paths.drawnDays("sociopolitical", ID);
  await Deno.mkdir(`${data}/samples/sociopolitical`, { recursive: true });
  const begun = { "2026-06-01": { seed: "1", judged_by: "" } };
  await Deno.writeTextFile(samples, JSON.stringify(begun));
  return { paths, pending };
}

function studyWith(quota: Record<string, number>, perMonth?: number): Study {
  const sociopolitical = {
    model: MODEL,
    sample: { label_rate: 0.5 },
    quota,
    ...perMonth !== undefined && { budget: { per_month: perMonth } },
  };
  const { dictionary, attributes } = STUDY.classifiers;
  const prices = { [MODEL]: { input: 1, output: 5, batch: 1 } };
  return {
    ...STUDY,
    prices,
    classifiers: { dictionary: dictionary!, sociopolitical, attributes: attributes! },
  };
}

Deno.test("what is pending is what the sample draws, and is done when quota and budget have been enough", () =>
  withData(async (data) => {
    const { paths, pending } = await labelledStudy(data);
    using database = await openDatabase(data);
    const prospect = async (study: Study, inBatch = 0) => {
      const found = await labelProspects(database, paths, study, () => inBatch);
      assert.deepEqual(found.map(({ classifier }) => classifier), ["sociopolitical"]);
      return found[0]!;
    };
    const days = (at: string | null) => (Date.parse(at!) - now().getTime()) / 86_400_000;

    const free = await prospect(studyWith({}));
    assert.deepEqual(free, {
      classifier: "sociopolitical",
      label_set_id: ID,
      pending,
      in_batch: 0,
      done_at: null,
      held_by: null,
      keeps_up: true,
      spent_this_month: 0,
      budget_per_month: null,
    });
    // A fifth of a request and a thousand tokens a post.
    const byRequests = await prospect(studyWith({ requests_per_minute: 1 }));
    assert.ok(Math.abs(days(byRequests.done_at) - pending / 5 / 1440) < 0.01);
    assert.deepEqual([byRequests.held_by, byRequests.keeps_up], ["quota", true]);
    const byTokens = await prospect(studyWith({ tokens_per_day: 100_000 }), 10);
    assert.deepEqual([byTokens.pending, byTokens.in_batch], [pending - 10, 10]);
    assert.ok(Math.abs(days(byTokens.done_at) - Math.ceil((pending - 10) / 100 - 1)) < 0.01);
    assert.equal(
      byTokens.keeps_up,
      false,
      "a day draws some 200 posts, and 100 can be asked about",
    );

    // A thousand posts cost $1.80: two and a half months' budgets are needed, one was spent.
    const month = now().toISOString().slice(0, 7);
    await Deno.mkdir(paths.spending("sociopolitical"), { recursive: true });
    const spending = `${paths.spending("sociopolitical")}/a.json`;
    const perMonth = pending * 1.8e-3 / 2.5;
    await Deno.writeTextFile(spending, JSON.stringify({ [month]: perMonth, "2020-01": 9 }));
    const byBudget = await prospect(studyWith({}, perMonth));
    const [year, months] = month.split("-").map(Number);
    assert.equal(byBudget.done_at, new Date(Date.UTC(year!, months! - 1 + 3)).toISOString());
    assert.deepEqual([byBudget.held_by, byBudget.keeps_up], ["budget", false]);
    assert.ok(Math.abs(byBudget.spent_this_month - perMonth) < 1e-9);
    assert.equal((await prospect(studyWith({}, 0))).done_at, null, "never");
  }));
