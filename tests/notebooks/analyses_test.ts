/** Compares what the notebooks show beyond shares by day with SQL on native DuckDB. */
import assert from "node:assert/strict";
import type { ColumnTable } from "arquero";
import { agreementOf, agreementTable, foundTable } from "../../notebooks/figures/agreement.ts";
import { BarTable } from "../../notebooks/charts/bar_table.ts";
import { Chart } from "../../notebooks/charts/chart.ts";
import { contents } from "../../notebooks/query/contents.ts";
import { open } from "../../notebooks/query/data.ts";
import {
  distinctiveTerms,
  distinctiveTermsTable,
} from "../../notebooks/figures/distinctive_terms.ts";
import { frequentCategories } from "../../notebooks/figures/frequent_categories.ts";
import { labelCounts } from "../../notebooks/figures/label_counts.ts";
import { languageCounts, languagesTable } from "../../notebooks/figures/language_counts.ts";
import { leanChart, leanShares } from "../../notebooks/figures/lean_shares.ts";
import { logOdds } from "../../notebooks/measures/log_odds.ts";
import { matchedShares, matchedTable } from "../../notebooks/figures/matched_shares.ts";
import { POLITICAL } from "../../notebooks/measures/measure.ts";
import { measuredFigure } from "../../notebooks/measures/measured_figure.ts";
import { Note } from "../../notebooks/charts/note.ts";
import { mainSource, sourceCounts } from "../../notebooks/measures/source_counts.ts";
import { query, withData } from "../rows.ts";
import {
  DAYS,
  fillAnalysed,
  HANDLES,
  JOINED,
  LABELLED,
  LABELS,
  POSTS,
  SELECTION,
} from "./folders/analysed_folder.ts";
import { assertClose, rounded } from "./numbers.ts";

const TOXIC = { view: "posts_perspective", column: "prob_toxic" };
/** SQL for the terms of a post. */
const TERMS = [
  [
    "words",
    "list_filter(string_split(text_normalized, ' '), " +
    "x -> length(x) > 2 AND NOT contains(x, '#') AND NOT contains(x, '.'))",
  ],
  [
    "hashtags",
    "list_filter(string_split(lower('#' || array_to_string(hashtags, ' #')), ' '), x -> x <> '#')",
  ],
] as const;
const MATCHED = [
  ["share", "sociopolitical", "is_sociopolitical::INT", POLITICAL.sociopolitical],
  ["mean", "perspective", "prob_toxic", TOXIC],
] as const;

Deno.test("what the notebooks show is what independent SQL counts", (t) =>
  withData(async (folder) => {
    await fillAnalysed(folder);
    const data = await open(folder);
    const facts = (await measuredFigure(data, POLITICAL.dictionary, SELECTION)).facts;

    await t.step("leans of all labelled posts and of the political ones", async () => {
      const feed = { ...SELECTION, source: "most_liked" as const };
      for (const selection of [SELECTION, feed]) {
        const wanted = await query<{ lean: string; w: number; n: number }>(
          folder,
          selection === feed
            ? `SELECT coalesce(lean, 'not political') AS lean, sum(1 / label_prob) AS w, count(*) AS n
               FROM ${POSTS} JOIN ${LABELS("sociopolitical")} USING (uri) WHERE in_most_liked
               GROUP BY ALL`
            : `SELECT coalesce(lean, 'not political') AS lean, sum(w) AS w, count(*) AS n
               FROM ${LABELLED("sociopolitical")} GROUP BY ALL`,
        );
        const { leans, all, political } = await leanShares(data, "posts", selection);
        assert.deepEqual(leans, ["left", "right", "unclear", "not political"]);
        for (const { lean, w } of wanted) assertClose(all.parts[lean], w, lean);
        assert.equal(all.n, wanted.reduce((sum, { n }) => sum + n, 0));
        assert.equal(political.parts["not political"], undefined);
        const none = wanted.find(({ lean }) => lean === "not political")!;
        assert.equal(political.n, all.n - none.n);
      }
      const chart = leanChart([await leanShares(data, "firehose", SELECTION)], facts) as Chart;
      assert.match(chart.alt, /of all labelled posts \(n = \d+\).*of those that are political \(n/);
    });

    for (const [of, classifier, y, measure] of MATCHED) {
      await t.step(`the feed and the stream, as they are and matched, by a ${of}`, async () => {
        const [wanted] = await query<Record<string, number>>(
          folder,
          `WITH labelled AS (
             SELECT *, ${y} AS y, hours / label_prob AS w,
               reference_time::VARCHAR || detected_language AS cell
             FROM ${POSTS} JOIN ${LABELS(classifier)} USING (uri)
           ),
           eligible AS (FROM labelled WHERE reply_root_uri IS NULL AND in_covered_minute),
           others AS (
             SELECT cell, sum(w * y) / sum(w) AS share, count(*) AS n FROM eligible
             WHERE NOT in_most_liked AND in_firehose GROUP BY cell
           ),
           liked AS (SELECT eligible.*, share, n FROM eligible JOIN others USING (cell)
             WHERE in_most_liked)
           SELECT (SELECT avg(y) FROM labelled WHERE in_most_liked) AS feed,
             (SELECT sum(w * y) / sum(w) FROM labelled WHERE NOT in_most_liked) AS others,
             (SELECT sum(w * y) / sum(w) FROM liked) AS matched_feed,
             (SELECT sum(w * share) / sum(w) FROM liked) AS matched_others,
             (SELECT count(*) FROM liked) AS n_feed,
             (SELECT sum(n) FROM others WHERE cell IN (SELECT cell FROM liked)) AS n_others,
             (SELECT count(*) FROM ${POSTS} JOIN read_parquet('{data}/labels/${classifier}/*/*.parquet')
               USING (uri) WHERE reason IS NOT NULL) AS n_failed`,
        );
        const found = await matchedShares(data, measure, SELECTION);
        assertClose(found.feed.value, wanted!.feed, "feed");
        assertClose(found.others.value, wanted!.others, "others");
        assertClose(found.matched_feed.value, wanted!.matched_feed, "matched feed");
        assertClose(found.matched_others.value, wanted!.matched_others, "matched others");
        assert.deepEqual([found.matched_feed.n, found.matched_others.n], [
          wanted!.n_feed,
          wanted!.n_others,
        ]);
        assert.ok(wanted!.n_feed! > 10 && wanted!.n_others! > 10);
        const table = matchedTable("T", "share", found, facts) as BarTable;
        assert.match(table.text(), /A feed is no probability sample/);
        assert.ok(table.text().includes(`(${wanted!.n_failed} posts), which are left out.`));
      });
    }

    await t.step("terms of political posts, by authors, without handles and links", async () => {
      const termsOf = (of: "words" | "hashtags", fewestAuthors = 3) =>
        distinctiveTerms(data, POLITICAL.sociopolitical, SELECTION, { of, fewestAuthors });
      for (const [of, split] of TERMS) {
        const wanted = await query<Record<string, number | string>>(
          folder,
          `WITH words AS (
             SELECT did, is_sociopolitical AS y, w, unnest(list_distinct(${split})) AS term
             FROM ${LABELLED("sociopolitical")}
           ), authors AS (SELECT term, y, did, max(w) AS w FROM words GROUP BY ALL),
           scale AS (SELECT count(*) / sum(w) AS s FROM authors)
           SELECT term, coalesce(sum(w) FILTER (y), 0) * any_value(s) AS yes,
             coalesce(sum(w) FILTER (NOT y), 0) * any_value(s) AS no,
             count(*) FILTER (y) AS authors_yes, count(*) FILTER (NOT y) AS authors_no
           FROM authors, scale GROUP BY term`,
        );
        const all = (name: string) => wanted.reduce((sum, row) => sum + Number(row[name]), 0);
        const { terms } = await termsOf(of);
        assert.deepEqual(
          terms.map(({ term }) => term).sort(),
          wanted.map(({ term }) => term).sort(),
        );
        for (const { term, z, authors_yes, authors_no } of terms) {
          const row = wanted.find((row) => row.term === term)!;
          const [y, n, n_y, n_n] = [row.yes, row.no, all("yes"), all("no")]
            .map(Number) as [number, number, number, number];
          const a = 500 * (y + n) / (n_y + n_n);
          const delta = Math.log((y + a) / (n_y + 500 - y - a)) -
            Math.log((n + a) / (n_n + 500 - n - a));
          assertClose(z, delta / Math.sqrt(1 / (y + a) + 1 / (n + a)), term);
          assert.deepEqual([authors_yes, authors_no], [row.authors_yes, row.authors_no]);
        }
      }
      const { terms } = await termsOf("words");
      assert.ok(terms[0]!.term === "senate" || terms[0]!.term === "vote", terms[0]!.term);
      const tags = await termsOf("hashtags");
      assert.deepEqual(tags.terms.map(({ term }) => term), ["#vote", "#art"]);
      for (const found of [terms, tags.terms]) {
        const said = JSON.stringify(found);
        for (const handle of HANDLES) {
          for (const part of handle.split(/\W+/).filter(Boolean)) {
            assert.doesNotMatch(said, new RegExp(`"${part}"`));
          }
        }
      }
      const few = await termsOf("words", 1000);
      assert.deepEqual(few.terms, []);
      assert.ok(distinctiveTermsTable("T", few, facts) instanceof Note);
    });

    await t.step("what dictionary and model say of the same posts, and kappa", async () => {
      const wanted = await query<{ a: boolean; b: boolean; n: number; w: number }>(
        folder,
        `SELECT is_political AS a, is_sociopolitical AS b, count(*) AS n, sum(w) AS w
         FROM ${JOINED("dictionary", "sociopolitical")} GROUP BY ALL ORDER BY a, b`,
      );
      const found = await agreementOf(data, SELECTION);
      assert.deepEqual(
        [found.neither, found.only_model, found.only_dictionary, found.both].map(({ n }) => n),
        wanted.map(({ n }) => n),
      );
      const w = wanted.map(({ w }) => w / wanted.reduce((sum, { w }) => sum + w, 0));
      const chance = (w[2]! + w[3]!) * (w[1]! + w[3]!) + (w[0]! + w[1]!) * (w[0]! + w[2]!);
      assertClose(found.kappa, (w[0]! + w[3]! - chance) / (1 - chance), "kappa");
      const alone = await query(
        folder,
        `WITH common AS ${JOINED("dictionary", "sociopolitical")}
         SELECT 'dictionary' AS "by", category AS what, count(*) AS n,
           count_if(NOT is_sociopolitical) AS n_alone,
           sum(w) FILTER (NOT is_sociopolitical) / sum(w) AS share_alone
         FROM (SELECT unnest(categories) AS category, is_sociopolitical, w FROM common WHERE is_political)
         GROUP BY what UNION ALL
         SELECT 'model', lean, count(*), count_if(NOT is_political),
           sum(w) FILTER (NOT is_political) / sum(w)
         FROM common WHERE is_sociopolitical GROUP BY lean
         ORDER BY "by", n_alone DESC, n DESC, what`,
      );
      assert.deepEqual(rounded(found.found), rounded(alone));
      const table = agreementTable(found, facts, ["a", "b"]) as BarTable;
      assert.match(table.text(), /Cohen's kappa is 0\.\d\d/);
      const said = (foundTable(found, facts, ["a", "b"]) as BarTable).text();
      assert.match(said, /dictionary: elections: [\d.]+%, n \d+, by it alone \d+/);
      assert.match(said, /n = \d+\. Denominator: .*, labelled by both\. .*Labels: a; b\./);
    });

    await t.step("languages, categories, sources and label sets", async () => {
      const languages = await query(
        folder,
        `SELECT detected_language AS language, count(*) AS n,
           count(*) FILTER (passed_filters) AS n_passed
         FROM read_parquet('{data}/posts/*/*.parquet', hive_partitioning = true)
         WHERE in_firehose AND date <= '${DAYS[1]}' GROUP BY ALL ORDER BY n DESC`,
      );
      const counted = await languageCounts(data, SELECTION);
      assert.deepEqual(counted.map(({ share: _, ...row }) => row), languages);
      assertClose(counted.reduce((sum, { share }) => sum + share, 0), 1, "shares");
      assert.ok(languagesTable([], { denominator: "posts" }) instanceof Note);
      const categories = await query<{ category: string; n: number; share: number }>(
        folder,
        `WITH l AS ${LABELLED("dictionary")}
         SELECT category, count(*) AS n, sum(w) / (SELECT sum(w) FROM l) AS share
         FROM (SELECT w, unnest(categories) AS category FROM l) GROUP BY ALL ORDER BY n DESC`,
      );
      assert.deepEqual(rounded(await frequentCategories(data, SELECTION)), rounded(categories));
      assert.equal(await mainSource(data), "firehose");
      assert.deepEqual((await sourceCounts(data)).map(({ source }) => source), [
        "firehose",
        "most_liked",
      ]);
      const sets = await query(
        folder,
        ["dictionary", "perspective", "sociopolitical"].map((name) =>
          `SELECT '${name}' AS classifier, 'c' AS "rests on", 'set of ${name}' AS "label set",
             count(*) AS labels, sum((reason IS NOT NULL)::INT) AS failed, ${DAYS.length} AS days,
             'yes' AS shown FROM read_parquet('{data}/labels/${name}/*/*.parquet')`
        ).join(" UNION ALL "),
      );
      assert.deepEqual((await labelCounts(data) as ColumnTable).objects(), sets);
      const held = (await contents(data)).objects() as { table: string; rows: number }[];
      for (const { classifier, labels } of sets) {
        assert.equal(held.find(({ table }) => table === `labels_${classifier}`)!.rows, labels);
      }
    });
  }));

Deno.test("a term of the first side has more log-odds the more it is used, and less when it is rare", () => {
  const at = (first: number, second: number) => logOdds({ term: "t", first, second }, 1000, 1000);
  assert.ok(at(50, 10) > at(30, 10) && at(30, 10) > 0);
  assert.ok(at(50, 10) > at(5, 1));
  assert.equal(at(10, 10), 0);
  assert.equal(at(10, 50), -at(50, 10));
});
