/** Compares what charts rest on with SQL on native DuckDB, over a small study that is drawn at random. */
import assert from "node:assert/strict";
import { COVERAGE } from "../../../etl/store/tables.ts";
import { correlationsOf, distributionsOf } from "../../../notebooks/figures/attribute_scores.ts";
import { coverageOf } from "../../../notebooks/measures/coverage.ts";
import { coverageStrip } from "../../../notebooks/charts/coverage_strip.ts";
import { coveredHours } from "../../../notebooks/measures/covered_hours.ts";
import { type Data, open } from "../../../notebooks/query/data.ts";
import { formatDay } from "../../../notebooks/measures/days.ts";
import { type Chart } from "../../../notebooks/charts/chart.ts";
import { factsLine, factsOf } from "../../../notebooks/measures/figure_facts.ts";
import { shareOfRange, sharesByDay } from "../../../notebooks/measures/measured_shares.ts";
import { Note } from "../../../notebooks/charts/note.ts";
import { shareOverTime } from "../../../notebooks/charts/share_over_time.ts";
import { sideShares } from "../../../notebooks/figures/side_shares.ts";
import { COLUMNS } from "../../../classifiers/clients/comment_analyzer_attributes.ts";
import { query, withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { DAYS, fillDrawn } from "../folders/drawn_folder.ts";
import { assertClose, rounded } from "../numbers.ts";

const TOXIC = { view: "posts_perspective", column: "prob_toxic" };
const JOINED = `(SELECT p.*, l.was_successfully_labeled AS ok, l.label_prob, l.prob_toxic,
    l.prob_insult, p.did AS author, if(hour(reference_time) = 3, 12, 6) AS hours
  FROM read_parquet('{data}/posts/*/*.parquet', hive_partitioning = true) p
  LEFT JOIN read_parquet('{data}/labels/perspective/*/*.parquet') l USING (uri)
  WHERE p.passed_filters AND p.in_firehose)`;

/** Few authors, labelled at one in two or all; of the hour 3 fifteen minutes are missing. */
async function fill(data: string, label = (_: number): Record<string, unknown> => ({})) {
  await fillDrawn(data, {
    classifier: "perspective",
    columns: COLUMNS,
    perDay: () => 60,
    did: (index) => `did:plc:author${index * index % 17}`,
    hours: [1 / 12, 1 / 6],
    label_prob: 0.5,
    label: (index) => ({
      prob_toxic: index * 7 % 10 / 10,
      prob_insult: index * 3 % 10 / 10,
      ...label(index),
    }),
  });
  for (const day of DAYS) {
    const span = (host: string, from: string, until: string) => ({
      source: "firehose",
      host,
      minute: `${day} ${from.slice(0, 2)}:00:00`,
      covered_from: `${day} ${from}:00`,
      covered_until: `${day} ${until}:00`,
    });
    const spans = [
      span("relay", "03:00", "03:45"),
      span("another relay", "03:15", "03:45"),
      span("relay", "21:00", "22:00"),
    ];
    await writeRows(COVERAGE, spans, `${data}/coverage/date=${day}/part-0.parquet`);
  }
}

Deno.test("what charts rest on is what independent SQL counts", (t) =>
  withData(async (folder) => {
    await fill(folder);
    const data = await open(folder);
    const days = await sharesByDay(data, TOXIC, { source: "firehose" });
    await t.step("means of a day and the sums over its authors", async () => {
      const wanted = await query<Record<string, number>>(
        folder,
        `WITH w AS (SELECT *, hours / label_prob AS w FROM ${JOINED}),
         a AS (SELECT date::VARCHAR AS day, author, sum(w * prob_toxic) AS y, sum(w) AS n,
           count(*) AS k FROM w WHERE ok GROUP BY ALL)
         SELECT day, sum(y) / sum(n) AS mean, count(*) AS authors, sum(k) AS k, sum(y * y) AS yy,
           sum(y * n) AS yn, sum(n * n) AS nn FROM a GROUP BY day ORDER BY day`,
      );
      assert.deepEqual(days.map(({ time }) => formatDay(time)), DAYS);
      wanted.forEach((row, index) => {
        const { estimate, sums } = days[index]!;
        assertClose(estimate.value, row.mean, "mean");
        assert.equal(sums.clusters, row.authors);
        assert.equal(sums.n_labeled, row.k);
        assertClose(sums.sum_y_y / row.yy!, 1, "y y");
        assertClose(sums.sum_y_n / row.yn!, 1, "y n");
        assertClose(sums.sum_n_n / row.nn!, 1, "n n");
        assert.equal(estimate.kind, "sample");
        assert.ok(estimate.interval!.low < estimate.value);
      });
    });

    await t.step("the share at a threshold, and what failures leave open", async () => {
      const [wanted] = await query<Record<string, number>>(
        folder,
        `SELECT sum(w * (prob_toxic >= 0.7)::INT) FILTER (ok) / sum(w) FILTER (ok) AS share,
           sum(w) FILTER (NOT ok) / sum(w) AS failed, count(*) FILTER (NOT ok) AS n_failed,
           sum(w * (prob_toxic >= 0.7)::INT) FILTER (ok) / sum(w) AS if_no
         FROM (SELECT *, hours / label_prob AS w FROM ${JOINED} WHERE ok IS NOT NULL)`,
      );
      const share = shareOfRange(
        await sharesByDay(data, { ...TOXIC, threshold: 0.7 }, { source: "firehose" }),
        { source: "firehose" },
      );
      assertClose(share.estimate.value, wanted!.share, "share");
      assert.equal(share.estimate.interval?.degrees_of_freedom, DAYS.length - 1);
      const line = factsLine(factsOf(share, { denominator: "posts" }));
      const percent = (part: number) => `${Math.round(part * 1000) / 10}%`;
      assert.ok(line.includes(`failed for ${percent(wanted!.failed!)}`), line);
      assert.ok(line.includes(`would be ${percent(wanted!.if_no!)} if all of them were no`), line);
      assert.match(
        line,
        /for all posts of the days that have labels\. .* Posts of one day count together/,
      );
    });

    await t.step("the shares that stand beside it", async () => {
      const [wanted] = await query<Record<string, number>>(
        folder,
        `WITH w AS (SELECT *, if(ok, hours / label_prob, 0) AS w, coalesce(prob_toxic, 0) AS y,
           sum(hours) OVER (PARTITION BY author) AS by_author,
           sum(hours) OVER (PARTITION BY text_hash) AS by_text FROM ${JOINED}),
         busiest AS (SELECT author FROM w GROUP BY author ORDER BY sum(hours) DESC, author LIMIT 1)
         SELECT sum(w * y / by_author) / sum(w / by_author) AS author_weighted,
           sum(w * y / by_text) / sum(w / by_text) AS distinct_texts,
           (SELECT sum(hours) FROM w WHERE author IN (FROM busiest)) / sum(hours) AS busiest_of_posts,
           (SELECT sum(w * y) FROM w WHERE author IN (FROM busiest)) / sum(w * y) AS busiest_of_yes,
           count(DISTINCT author) FILTER (ok) AS n_authors,
           count(DISTINCT text_hash) FILTER (ok) AS n_texts FROM w`,
      );
      const found = await sideShares(data, TOXIC, { source: "firehose" });
      for (const [name, value] of Object.entries(found)) assertClose(value, wanted![name], name);
    });

    await t.step("distributions and correlations", async () => {
      const wanted = await query<Record<string, number>>(
        folder,
        `WITH w AS (SELECT *, hours / label_prob AS w FROM ${JOINED} WHERE ok)
         SELECT round(prob_toxic * 10)::INT * 2 AS bin, sum(w) / (SELECT sum(w) FROM w) AS share
         FROM w GROUP BY bin`,
      );
      const [toxic, ...rest] = await distributionsOf(data, TOXIC.view, { source: "firehose" });
      assert.equal(toxic!.column, "prob_toxic");
      assert.deepEqual(rest.map(({ column }) => column), ["prob_insult"]);
      // 0.3 * 20 is a little less than 6, which puts it in the bin below.
      assertClose(toxic!.shares.reduce((sum, share) => sum + share), 1, "all");
      assertClose(toxic!.shares[0], wanted.find(({ bin }) => bin === 0)!.share, "the first bin");
      assertClose(toxic!.shares[10], wanted.find(({ bin }) => bin === 10)!.share, "at 0.5");
      // Each post as often as its weight says.
      const [pair] = await query<{ r: number }>(
        folder,
        `SELECT corr(prob_toxic, prob_insult) AS r
         FROM (SELECT *, unnest(range((hours / label_prob)::INT)) FROM ${JOINED} WHERE ok)`,
      );
      const columns = ["prob_toxic", "prob_insult"];
      const { r } = await correlationsOf(data, TOXIC.view, columns, { source: "firehose" });
      assertClose(r[0]![1], pair!.r, "r");
      assert.equal(r[0]![1], r[1]![0]);
    });

    await t.step("hours are read from spans that overlap, and the title says which", async () => {
      const hours = await coveredHours(data);
      assert.equal(hours.length, 6);
      assert.deepEqual(hours.map(({ covered }) => covered), [0.75, 1, 0.75, 1, 0.75, 1]);
      assert.ok(hours.every(({ is_asked }) => is_asked));
      assert.deepEqual(hours.slice(0, 2).map(({ window_prob }) => window_prob), [1 / 12, 1 / 6]);
      const wanted = await query(
        folder,
        `WITH minutes AS (SELECT DISTINCT date, minute FROM (SELECT date, unnest(generate_series(
             covered_from, covered_until - INTERVAL 1 MINUTE, INTERVAL 1 MINUTE)) AS minute
           FROM read_parquet('{data}/coverage/*/*.parquet')))
         SELECT 'firehose' AS source, date::VARCHAR AS day, any_value(asked) AS "hours asked for",
           round(count(*) / 60, 1) AS "hours read"
         FROM minutes JOIN (SELECT date, count(*) AS asked
           FROM read_parquet('{data}/windows/*/*.parquet') GROUP BY date) USING (date)
         GROUP BY date ORDER BY date`,
      );
      const strip = coverageStrip({ title: "Hours", hours }) as Chart;
      const numbers = strip.numbers!.objects() as { day: string }[];
      assert.deepEqual(numbers.filter(({ day }) => DAYS.includes(day)), wanted);
      assert.deepEqual(numbers.filter(({ day }) => !DAYS.includes(day)), [
        { source: "firehose", day: "2026-06-03", "hours asked for": 0, "hours read": 0 },
      ]);
      const coverage = coverageOf(hours, days.map(({ time }) => time), "UTC")!;
      assert.deepEqual(coverage, {
        hours: 5.25,
        of_hours: 96,
        written: "posts written 3–4, 21–22 UTC",
      });
    });

    await t.step("a day that is missing is a gap, and every number is in the alt text", () => {
      const facts = factsOf(shareOfRange(days), { denominator: "posts" }, false);
      const options = { title: "Toxicity", measure: "mean", facts, timeZone: "UTC" };
      const chart = shareOverTime({ ...options, series: [{ name: "firehose", days }] }) as Chart;
      const line = /aria-label="line"[^>]*><path d="([^"]+)"/.exec(chart.wide)?.[1] ?? "";
      assert.equal(line.split("M").length - 1, 2, line);
      assert.match(chart.alt, /first 2026-06-01: [\d.]+% \(95% interval [\d.]+–[\d.]+%\), n = /);
      assert.match(chart.html(), /title="2026-06-03\nno posts"|title="2026-06-03&#10;no posts"/);
      assert.match(chart.html(), /design effect [\d.]+, effective n \d+/);
      assert.doesNotMatch(chart.wide, /NaN|undefined|Infinity/);
    });

    await t.step("native DuckDB answers as DuckDB-WASM does", async () => {
      const native: Data = await open(folder, { engine: "native" });
      const other = await sharesByDay(native, TOXIC, { source: "firehose" });
      other.forEach(({ estimate, time }, index) => {
        assertClose(estimate.value, days[index]!.estimate.value, "mean");
        assert.deepEqual(time, days[index]!.time);
      });
      assert.equal((await coveredHours(native)).length, 6);
      const table = await native
        .sql`SELECT ${"it's"}::VARCHAR AS text, 1::BIGINT AS n, [1, 2] AS list,
        MAP(['a'], [0.5::DOUBLE]) AS map, DATE '2026-06-01' AS day, NULL::TIMESTAMP AS never`;
      assert.deepEqual(table.objects(), [{
        text: "it's",
        n: 1,
        list: [1, 2],
        map: new Map([["a", 0.5]]),
        day: new Date("2026-06-01T00:00:00Z"),
        never: null,
      }]);
    });
  }));

Deno.test("a feed, posts without probability and a full window get no interval, and say why", () =>
  withData(async (folder) => {
    await fill(folder, (index) => ({ label_prob: index % 2 ? 0.5 : null }));
    const data = await open(folder);
    const some = await sharesByDay(data, TOXIC, { source: "firehose" });
    assert.ok(some.every(({ estimate }) => estimate.kind === "chosen" && !estimate.interval));
    const liked = await sharesByDay(data, TOXIC, { source: "most_liked" });
    assert.ok(liked.every(({ estimate }) => estimate.kind === "feed" && !estimate.interval));
    const [wanted] = await query(
      folder,
      `WITH w AS (SELECT *, if(ok, coalesce(hours / label_prob, 0), 0) AS w,
         sum(hours) OVER (PARTITION BY author) AS posts FROM ${JOINED})
       SELECT sum(w * coalesce(prob_toxic, 0) / posts) / sum(w / posts) AS author_weighted,
         count(DISTINCT author) FILTER (w > 0) AS n_authors, count_if(w > 0) AS n,
         count_if(ok AND w = 0) AS n_unsampled FROM w`,
    );
    const { author_weighted, n_authors } = await sideShares(data, TOXIC, { source: "firehose" });
    const { n, n_unsampled, ...rest } = factsOf(shareOfRange(some), { denominator: "posts" });
    assert.deepEqual(rounded({ author_weighted, n_authors, n, n_unsampled }), rounded(wanted));
    assert.match(factsLine({ n, n_unsampled, ...rest }), /of being drawn, and are left out\./);
    assert.match(liked[0]!.estimate.about, /most-liked feed is not a probability sample/);
    await fill(folder, () => ({ label_prob: 1 }));
    const window = await sharesByDay(await open(folder), TOXIC, { source: "firehose" });
    assert.ok(window.every(({ estimate }) => !estimate.interval));
    assert.match(window[0]!.estimate.about, /drawn hours is labelled.*no sampling error/);
    // The hours of the days were drawn, so that over days there is something to be unsure of.
    assert.ok(shareOfRange(window, { source: "firehose" }).estimate.interval);
  }));

Deno.test("where every label failed there are words instead of a chart", () =>
  withData(async (folder) => {
    await fill(folder, () => ({ was_successfully_labeled: false, reason: "unavailable" }));
    const days = await sharesByDay(await open(folder), TOXIC, { source: "firehose" });
    const facts = factsOf(shareOfRange(days), { denominator: "posts" });
    const series = [{ name: "firehose", days }];
    const note = shareOverTime({ title: "T", measure: "m", series, facts, timeZone: "UTC" });
    assert.ok(note instanceof Note);
    assert.match(note.plain, /Labelling failed for all \d+ of them/);
  }));
