/** Compares what is said of people's answers with SQL on native DuckDB that knows nothing of the views. */
import assert from "node:assert/strict";
import { COLUMNS as HUMAN } from "../../../etl/labels/coded_posts.ts";
import { labelTable } from "../../../etl/labels/label_file.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { LABEL_SETS, WINDOWS } from "../../../etl/store/tables.ts";
import { attributeMeansByLean } from "../../../notebooks/figures/attribute_means.ts";
import { BarTable } from "../../../notebooks/charts/bar_table.ts";
import { type Data, open } from "../../../notebooks/query/data.ts";
import {
  describeQuestions,
  humanQuestions,
  keepAnswers,
  leanLabeller,
} from "../../../notebooks/measures/human_answers.ts";
import { labellerPairs, labellerPairsTable } from "../../../notebooks/figures/labeller_pairs.ts";
import { leanShares } from "../../../notebooks/figures/lean_shares.ts";
import { type Labeller, POLITICAL } from "../../../notebooks/measures/measure.ts";
import { measuredFigure } from "../../../notebooks/measures/measured_figure.ts";
import { Note } from "../../../notebooks/charts/note.ts";
import { query, withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { DAYS, fillAnalysed } from "../folders/analysed_folder.ts";

const SELECTION = { source: "firehose" as const, since: DAYS[0], until: DAYS[1] };
const SHOWN = "round two";
const CODERS = ["anna", "bea", null];
const IDEOLOGIES = ["left-leaning", "Right leaning", "unclear"];
/** The third coder answers neither as the first nor as the second where those are split. */
const SAID = ["civic", "not civic"];

/** Let three coders answer of every third post, and another label set say the contrary. */
async function fillPeople(data: string): Promise<void> {
  const paths = new DataPaths(data);
  const posts = await query<{ uri: string; text_hash: string; at: number }>(
    data,
    `SELECT uri, text_hash, row_number() OVER (ORDER BY uri) AS at
     FROM read_parquet('{data}/posts/*/*.parquet')`,
  );
  const label = (post: typeof posts[number], coder: string | null, labels: object) => ({
    uri: post.uri,
    text_hash: post.text_hash,
    coder,
    label_set_id: SHOWN,
    was_successfully_labeled: true,
    labels,
  });
  const rows = posts.filter(({ at }) => at % 3 === 0).flatMap((post) => {
    const { at } = post;
    // One in five is split between two coders, and one in seven has another text by now.
    const coders = at % 5 === 0 ? CODERS.slice(0, 2) : CODERS;
    const coded = at % 7 === 0 ? { ...post, text_hash: "of before" } : post;
    return coders.map((coder, who) => {
      const civic = SAID[(at % 2 + (who === 1 ? 1 : 0)) % 2]!;
      const ideology = civic === "civic" ? { ideology_label: IDEOLOGIES[at % 4] } : {};
      return label(coded, coder, { civic_label: civic, mood_label: "calm", ...ideology });
    });
  });
  const contrary = rows.map((row) => ({
    ...row,
    label_set_id: "round one",
    labels: { civic_label: "civic" },
  }));
  // Labels that people gave lie under the day of their file, whatever day the post has.
  const table = labelTable(HUMAN);
  await writeRows(table, [...rows, ...contrary], paths.labels("human", "2026-01-01"));
  await writeRows(
    LABEL_SETS,
    [{ label_set_id: SHOWN, classifier: "human", codebook: "people", is_shown: true }, {
      label_set_id: "round one",
      classifier: "human",
      is_shown: false,
    }],
    paths.labelSets("human"),
  );
  for (const day of DAYS) {
    const hours = [["08", 0.5], ["09", 0.25], ["10", null]].map(([hour, window_prob]) => ({
      source: "firehose",
      opens_at: `${day} ${hour}:00:00`,
      window_prob,
    }));
    await writeRows(WINDOWS, hours, paths.windows("firehose", day));
  }
}

const POSTS = `(SELECT p.*, coalesce(1 / window_prob, 1) AS hours
  FROM read_parquet('{data}/posts/*/*.parquet', hive_partitioning = true) p
  LEFT JOIN '{data}/windows/*/*.parquet' ON opens_at = date_trunc('hour', reference_time)
  WHERE passed_filters AND in_firehose AND p.date <= '${DAYS[1]}')`;
/** What each labeller says, by uri; of people the answer of two of three, or of none. */
const SAYS: Record<Labeller, string> = {
  dictionary: `(SELECT uri, label_prob AS prob, is_political AS yes
    FROM '{data}/labels/dictionary/*/*.parquet' WHERE was_successfully_labeled)`,
  sociopolitical: `(SELECT uri, label_prob AS prob, is_sociopolitical AS yes
    FROM '{data}/labels/sociopolitical/*/*.parquet' WHERE was_successfully_labeled)`,
  human:
    `(SELECT uri, NULL AS prob, avg((labels::VARCHAR LIKE '%civic_label=civic%')::INT) > 0.5 AS yes,
      any_value(regexp_extract(lower(labels::VARCHAR), 'ideology_label=(left|right|unclear)', 1))
        FILTER (labels::VARCHAR LIKE '%ideology%') AS lean
    FROM '{data}/labels/human/*/*.parquet' l
    WHERE label_set_id = '${SHOWN}' AND text_hash <> 'of before'
    GROUP BY uri HAVING avg((labels::VARCHAR LIKE '%civic_label=civic%')::INT) <> 0.5)`,
};

function assertClose(found: unknown, wanted: unknown, what: string): void {
  assert.ok(Math.abs(Number(found) - Number(wanted)) < 1e-9, `${what}: ${found}, ${wanted}`);
}

async function opened(folder: string): Promise<Data> {
  const data = await open(folder);
  await keepAnswers(data, await humanQuestions(data), SELECTION);
  return data;
}

Deno.test("what labellers say of each other and of leans is what independent SQL counts", (t) =>
  withData(async (folder) => {
    await fillAnalysed(folder);
    await fillPeople(folder);
    const data = await opened(folder);

    for (const pair of await labellerPairs(data, SELECTION)) {
      const { a, b } = pair;
      await t.step(`${a} and ${b}: n, agreement, kappa, precision and recall`, async () => {
        const [wanted] = await query<Record<string, number>>(
          folder,
          `WITH paired AS (
             SELECT a.yes AS a, b.yes AS b,
               CASE WHEN a.prob IS NULL OR b.prob IS NULL THEN 1
                 ELSE hours / least(a.prob, b.prob) END AS w
             FROM ${POSTS} JOIN ${SAYS[a]} a USING (uri) JOIN ${SAYS[b]} b USING (uri)
           ), shares AS (
             SELECT count(*) AS n, sum(w) FILTER (a = b) / sum(w) AS agreement,
               sum(w) FILTER (a) / sum(w) AS a, sum(w) FILTER (b) / sum(w) AS b,
               sum(w) FILTER (a AND b) / sum(w) FILTER (a) AS precision,
               sum(w) FILTER (a AND b) / sum(w) FILTER (b) AS recall FROM paired
           )
           SELECT n, agreement, precision, recall,
             1 - (1 - agreement) / (a * (1 - b) + b * (1 - a)) AS kappa FROM shares`,
        );
        assert.equal(pair.n, wanted!.n);
        assert.ok(pair.n > 20, String(pair.n));
        assertClose(pair.agreement, wanted!.agreement, "agreement");
        assertClose(pair.kappa, wanted!.kappa, "kappa");
        if (b !== "human") {
          return assert.deepEqual([pair.precision, pair.recall], [undefined, undefined]);
        }
        assertClose(pair.precision, wanted!.precision, "precision");
        assertClose(pair.recall, wanted!.recall, "recall");
      });
    }

    await t.step("every pair stands in the table, with what it rests on", async () => {
      const { facts } = await measuredFigure(data, POLITICAL.dictionary, SELECTION);
      const pairs = await labellerPairs(data, SELECTION);
      assert.deepEqual(pairs.map(({ a, b }) => `${a} ${b}`), [
        "dictionary sociopolitical",
        "dictionary human",
        "sociopolitical human",
      ]);
      const said = describeQuestions(await humanQuestions(data));
      const text = ((await labellerPairsTable(data, pairs, facts, said)) as BarTable).text();
      assert.match(
        text,
        /dictionary and language model: \d+(\.\d)?%, n \d+, kappa 0\.\d\d, precision ,/,
      );
      assert.match(text, /language model and people: .*precision \d+(\.\d)?%, recall \d+(\.\d)?%/);
      assert.match(
        text,
        /dictionary c, label set .*sociopolitical c, .*human people, label set round two/,
      );
      assert.match(text, /political where civic_label is “civic”, leans by ideology_label/);
      assert.ok(await labellerPairsTable(data, [], facts) instanceof Note);
    });

    await t.step("leans that people gave, and attributes by them", async () => {
      await keepAnswers(data, await humanQuestions(data), SELECTION, "human");
      const wanted = await query<{ lean: string; n: number }>(
        folder,
        `SELECT if(yes, lean, 'not political') AS lean, count(*) AS n
         FROM ${POSTS} JOIN ${SAYS.human} USING (uri) GROUP BY ALL ORDER BY n DESC`,
      );
      assert.deepEqual(
        wanted.map(({ lean }) => lean).sort(),
        [
          "left",
          "no lean",
          "not political",
          "right",
          "unclear",
        ].filter((lean) => wanted.some((row) => row.lean === lean)),
      );
      const { all, political } = await leanShares(data, "x", SELECTION, "human");
      assert.equal(all.n, wanted.reduce((sum, { n }) => sum + n, 0));
      assert.equal(political.n, all.n - wanted.find(({ lean }) => lean === "not political")!.n);
      const figure = await measuredFigure(data, POLITICAL.human, SELECTION);
      assert.equal(figure.facts.n, all.n);
      assert.equal(figure.facts.kind, "chosen");
      const [toxic] = await query<{ n: number; mean: number }>(
        folder,
        `SELECT count(*) AS n, avg(prob_toxic) AS mean
         FROM ${POSTS} JOIN ${SAYS.human} USING (uri)
         JOIN '{data}/labels/perspective/*/*.parquet' l USING (uri)
         WHERE l.was_successfully_labeled AND NOT yes`,
      );
      const means = await attributeMeansByLean(data, "posts_perspective", SELECTION, "human");
      const found = means.find(({ group, column }) =>
        group === "not political" && column === "prob_toxic"
      )!;
      assert.equal(found.n, toxic!.n);
      assertClose(found.mean, toxic!.mean, "mean");
      const questions = await humanQuestions(data);
      assert.equal(await leanLabeller(data, questions), "sociopolitical");
      assert.equal(await leanLabeller(data, questions, "human"), "human");
    });

    await t.step("native DuckDB reads the same answers", async () => {
      const native = await open(folder, { engine: "native" });
      await keepAnswers(native, await humanQuestions(native), SELECTION);
      assert.deepEqual(
        await labellerPairs(native, SELECTION),
        await labellerPairs(data, SELECTION),
      );
    });
  }));
