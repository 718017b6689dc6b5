/** Compares attributes, and what the notebooks hold in memory, with SQL on native DuckDB. */
import assert from "node:assert/strict";
import { agreementOf, agreementTable, foundTable } from "../../notebooks/figures/agreement.ts";
import { attributeMeans, attributeMeansByLean } from "../../notebooks/figures/attribute_means.ts";
import { distributionsOf } from "../../notebooks/figures/attribute_scores.ts";
import { attributeColumn } from "../../notebooks/measures/attribute_columns.ts";
import type { BarTable } from "../../notebooks/charts/bar_table.ts";
import { Chart } from "../../notebooks/charts/chart.ts";
import { open } from "../../notebooks/query/data.ts";
import {
  distinctiveTerms,
  distinctiveTermsTable,
} from "../../notebooks/figures/distinctive_terms.ts";
import { frequentCategoriesTable } from "../../notebooks/figures/frequent_categories.ts";
import { groupMeans } from "../../notebooks/charts/group_means.ts";
import { readHistory } from "../../notebooks/charts/history_file.ts";
import { labelCounts } from "../../notebooks/figures/label_counts.ts";
import { languageCounts, languagesTable } from "../../notebooks/figures/language_counts.ts";
import { leanChart, leanShares } from "../../notebooks/figures/lean_shares.ts";
import { matchedShares, matchedTable } from "../../notebooks/figures/matched_shares.ts";
import { POLITICAL } from "../../notebooks/measures/measure.ts";
import { measuredFigure } from "../../notebooks/measures/measured_figure.ts";
import { Note } from "../../notebooks/charts/note.ts";
import { formatShare } from "../../notebooks/measures/number_format.ts";
import { heatmap } from "../../notebooks/charts/heatmap.ts";
import { prevalence, prevalenceTable, THRESHOLDS } from "../../notebooks/figures/prevalence.ts";
import {
  shareOfRange,
  sharesByDay,
  sharesByHour,
} from "../../notebooks/measures/measured_shares.ts";
import {
  type SideShares,
  sideShares,
  sideSharesTable,
} from "../../notebooks/figures/side_shares.ts";
import { query, withData } from "../rows.ts";
import {
  fillAnalysed,
  JOINED,
  LABELLED,
  LABELS,
  POSTS,
  SELECTION,
} from "./folders/analysed_folder.ts";
import { assertClose, rounded } from "./numbers.ts";

const NO_RANGE = shareOfRange([]);

Deno.test("what the notebooks show of attributes is what independent SQL counts", (t) =>
  withData(async (folder) => {
    await fillAnalysed(folder);
    const data = await open(folder);
    const facts = (await measuredFigure(data, POLITICAL.dictionary, SELECTION)).facts;

    await t.step("means of attributes, and by lean", async () => {
      const [stream] = await query<Record<string, number>>(
        folder,
        `SELECT sum(w * prob_toxic) / sum(w) AS toxic,
           sum(w * prob_respect) / sum(w) FILTER (prob_respect IS NOT NULL) AS respect,
           count(prob_respect) AS n
         FROM ${LABELLED("perspective")}`,
      );
      const means = await attributeMeans(data, "posts_perspective", "firehose", SELECTION);
      assert.deepEqual(means.map(({ column }) => column), ["prob_toxic", "prob_respect"]);
      assertClose(means[0]!.mean, stream!.toxic, "toxic");
      assertClose(means[1]!.mean, stream!.respect, "respect");
      assert.equal(means[1]!.n, stream!.n);
      const wanted = await query(
        folder,
        ["prob_toxic", "prob_respect"].map((column) =>
          `SELECT coalesce(lean, 'not political') AS "group", '${column}' AS "column",
             count(*) AS n, sum(w * ${column}) / sum(w) AS mean
           FROM ${JOINED("perspective", "sociopolitical")} WHERE ${column} IS NOT NULL GROUP BY ALL`
        ).join(" UNION ALL ") + ' ORDER BY "group", "column" DESC',
      );
      const byLean = await attributeMeansByLean(data, "posts_perspective", SELECTION);
      assert.deepEqual(rounded(byLean), rounded(wanted));
      const [liked] = await query<Record<string, number>>(
        folder,
        `SELECT avg(prob_toxic) AS toxic, avg(prob_respect) AS respect
         FROM ${POSTS} JOIN ${LABELS("perspective")} USING (uri) WHERE in_most_liked`,
      );
      const feed = { ...SELECTION, source: "most_liked" as const };
      const ofFeed = await attributeMeans(data, "posts_perspective", "feed", feed);
      assertClose(ofFeed[0]!.mean, liked!.toxic, "toxic in the feed");
      assertClose(ofFeed[1]!.mean, liked!.respect, "respect in the feed");
      const chart = groupMeans({
        title: "T",
        sections: [{ name: "Bridging", attributes: ["respect"] }, {
          name: "None",
          attributes: ["nuance"],
        }],
        means,
        groups: ["firehose"],
        facts,
      }) as Chart;
      assert.match(chart.alt, /Bridging: respect firehose 0\.\d\d/);
      assert.doesNotMatch(chart.wide, /NaN|undefined|Infinity/);
    });

    await t.step("prevalence by day at each threshold", async () => {
      for (const threshold of THRESHOLDS) {
        const wanted = await query<{ share: number; n: number }>(
          folder,
          `SELECT sum(w * (prob_toxic >= ${threshold})::INT) / sum(w) AS share, count(*) AS n
           FROM ${LABELLED("perspective")} GROUP BY created_at::DATE ORDER BY created_at::DATE`,
        );
        const measure = { view: "posts_perspective", column: "prob_toxic", threshold };
        const found = (await sharesByDay(data, measure, SELECTION))
          .map(({ estimate, sampling }) => ({ share: estimate.value, n: sampling.n_labeled }));
        assert.deepEqual(rounded(found), rounded(wanted));
      }
    });

    await t.step("the share of each hour of each weekday", async () => {
      const wanted = await query(
        folder,
        `SELECT dayname(created_at) AS day, hour(created_at)::VARCHAR || ':00' AS hour,
           sum(w * is_political::INT) / sum(w) AS share, count(*) AS n
         FROM ${LABELLED("dictionary")} GROUP BY ALL ORDER BY min(created_at)`,
      );
      const hours = await sharesByHour(data, POLITICAL.dictionary, SELECTION);
      const chart = heatmap({ title: "T", hours, facts, timeZone: "UTC" }) as Chart;
      assert.deepEqual(
        chart.numbers!.objects(),
        wanted.map((row) => ({ ...row, share: formatShare(Number(row.share), 1) })),
      );
    });

    await t.step("every bin of a distribution, and the share at each threshold", async () => {
      const bins = await query<{ bin: number; share: number }>(
        folder,
        `SELECT floor(prob_respect / 0.05)::INT AS bin, sum(w) / sum(sum(w)) OVER () AS share
         FROM ${LABELLED("perspective")} WHERE prob_respect IS NOT NULL GROUP BY bin`,
      );
      const shares = Array.from(
        { length: 20 },
        (_, bin) => bins.find((row) => row.bin === bin)?.share ?? 0,
      );
      const [, respect] = await distributionsOf(data, "posts_perspective", SELECTION);
      assert.deepEqual(rounded(respect!.shares), rounded(shares));
      const [wanted] = await query<Record<string, number>>(
        folder,
        `SELECT ${
          THRESHOLDS.map((t) => `sum(w * (prob_toxic >= ${t})::INT) / sum(w) AS "${t}"`).join(", ")
        } FROM ${LABELLED("perspective")}`,
      );
      const found = await distributionsOf(data, "posts_perspective", SELECTION);
      for (const threshold of THRESHOLDS) {
        assertClose(prevalence(found[0]!, threshold), wanted![threshold], `at ${threshold}`);
      }
      const facts = { n: 9, denominator: "posts" };
      assert.ok(prevalenceTable([], facts) instanceof Note);
      const table = prevalenceTable([{ name: "stream", distributions: found }], facts) as BarTable;
      const percent = formatShare(wanted!["0.7"]!, 1);
      assert.ok(table.text().includes(`stream ≥ 0.7 ${percent}, stream ≥ 0.8 `), table.text());
      assert.match(table.text(), /stream n \d+\n.*n = 9\. Denominator: posts\./s);
      assert.equal(await attributeColumn(data, "posts_perspective", "respect"), "prob_respect");
      await assert.rejects(
        attributeColumn(data, "posts_perspective", "toxicity"),
        /no attribute "toxicity"\. The attributes are toxic, severe_toxic, .*, respect, /,
      );
    });

    await t.step("views that are kept in memory give the same figures", async () => {
      const kept = await open(folder);
      for (const view of ["posts_dictionary", "posts_sociopolitical", "posts_perspective"]) {
        await kept.keep(view, SELECTION);
      }
      const [{ n }] = await query<{ n: number }>(folder, `SELECT count(*) AS n FROM ${POSTS}`) as [
        { n: number },
      ];
      const held = await kept.sql`SELECT count(*) AS n FROM posts_perspective`;
      assert.deepEqual(held.objects(), [{ n }]);
      const said = async (of: typeof data) => [
        await sharesByDay(of, POLITICAL.sociopolitical, SELECTION),
        await sideShares(of, POLITICAL.dictionary, SELECTION),
        await leanShares(of, "firehose", SELECTION),
        await agreementOf(of, SELECTION),
        await attributeMeansByLean(of, "posts_perspective", SELECTION),
        await matchedShares(of, POLITICAL.dictionary, SELECTION),
        await distinctiveTerms(of, POLITICAL.dictionary, SELECTION, {
          of: "words",
          fewestAuthors: 3,
        }),
      ];
      assert.deepEqual(rounded(await said(kept)), rounded(await said(data)));
    });
  }));

Deno.test("an empty folder is told in words by every analysis", () =>
  withData(async (folder) => {
    const data = await open(folder);
    const { facts } = await measuredFigure(data, POLITICAL.dictionary, SELECTION);
    const shown = [
      leanChart([await leanShares(data, "firehose", SELECTION)], facts),
      matchedTable("T", "m", await matchedShares(data, POLITICAL.dictionary, SELECTION), facts),
      agreementTable(await agreementOf(data, SELECTION), facts, []),
      languagesTable(await languageCounts(data, SELECTION), facts),
      await labelCounts(data),
      sideSharesTable("T", "m", { days: [], range: NO_RANGE, facts }, {} as SideShares),
      distinctiveTermsTable("T", { terms: [], n: 0 }, facts),
      frequentCategoriesTable([], facts),
      foundTable(await agreementOf(data, SELECTION), facts, []),
      groupMeans({ title: "T", sections: [], means: [], groups: [], facts }),
    ];
    for (const one of shown) assert.ok(one instanceof Note);
  }));

Deno.test("a history is read by its column, with gaps, and what it lacks is said", () =>
  withData(async (folder) => {
    const lines = [
      ",date,avg_prob_toxic",
      "0,2024-09-30,0.128",
      "1,2024-10-01,",
      "2,2024-10-03,0.1",
    ];
    await Deno.writeTextFile(`${folder}/history.csv`, lines.join("\n"));
    const history = (await readHistory(folder, "history.csv", "avg_prob_toxic"))!;
    assert.deepEqual(
      history.points.map(({ day, value }) => [day.toISOString().slice(0, 10), value]),
      [
        ["2024-09-30", 0.128],
        ["2024-10-03", 0.1],
      ],
    );
    assert.match(history.name, /^another study/);
    assert.equal(await readHistory(folder, undefined, "avg_prob_toxic"), undefined);
    const refused = (path: string, column: string, found: RegExp) =>
      assert.rejects(readHistory(folder, path, column), found);
    await refused(
      "history.csv",
      "avg_prob_insult",
      /history\.csv: it has no column avg_prob_insult/,
    );
    await refused("none.csv", "avg_prob_toxic", /Cannot read the history none\.csv/);
  }));
