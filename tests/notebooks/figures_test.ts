import assert from "node:assert/strict";
import type { ColumnTable } from "arquero";
import { CLASSIFIERS } from "../../classifiers/list.ts";
import { labelTable } from "../../etl/labels/label_file.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { LABEL_SETS, POSTS as POSTS_TABLE } from "../../etl/store/tables.ts";
import { aggregatedSharesByDay } from "../../notebooks/measures/aggregated_shares.ts";
import { Chart } from "../../notebooks/charts/chart.ts";
import { contents } from "../../notebooks/query/contents.ts";
import { type Data, open } from "../../notebooks/query/data.ts";
import { formatDay } from "../../notebooks/measures/days.ts";
import { filterCounts } from "../../notebooks/figures/filter_counts.ts";
import { frequentCategories } from "../../notebooks/figures/frequent_categories.ts";
import { POLITICAL } from "../../notebooks/measures/measure.ts";
import { measuredFigure } from "../../notebooks/measures/measured_figure.ts";
import { type ShareOfTime, sharesByDay } from "../../notebooks/measures/measured_shares.ts";
import { postsPerDay, postsPerDayChart } from "../../notebooks/figures/posts_per_day.ts";
import { Note } from "../../notebooks/charts/note.ts";
import { uri } from "../raw.ts";
import { shareOverTime } from "../../notebooks/charts/share_over_time.ts";
import { query, withData } from "../rows.ts";
import { fillStudyFolder, MISSING } from "./folders/study_folder.ts";
import { writeRows } from "../table_file.ts";
import { runTask } from "../task.ts";

const POSTS = "read_parquet('{data}/posts/*/*.parquet')";
const LABELS = "read_parquet('{data}/labels/dictionary/*/*.parquet')";
const SOURCES = ["firehose", "jetstream", "most_liked", "import"];

/** SQL for the local day of a post: the day it says it was written, unless nobody can believe it. */
function localDay(timeZone: string): string {
  const time = "if(created_at_suspect OR created_at IS NULL, reference_time, created_at)";
  return `strftime((${time} AT TIME ZONE 'UTC') AT TIME ZONE '${timeZone}', '%Y-%m-%d')`;
}

Deno.test("the figures of the overview are what independent SQL counts", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "civicsky-" });
  try {
    await fillStudyFolder(folder);
    const opened = await open(folder);
    const inZone = (time_zone: string): Data => ({
      ...opened,
      study: { ...opened.study, time_zone },
    });

    for (const zone of ["UTC", "America/New_York", "Asia/Kathmandu"]) {
      await t.step(`posts per day and source in ${zone}`, async () => {
        const counted = SOURCES.map((source) =>
          `SELECT '${source}' AS source, ${localDay(zone)} AS day, count(*) AS n
           FROM ${POSTS} WHERE in_${source} GROUP BY ALL`
        );
        const wanted = await query(folder, `${counted.join(" UNION ALL ")} ORDER BY source, day`);
        assert.ok(wanted.length > 10);
        const found = (await postsPerDay(inZone(zone)))
          .map(({ source, day, n }) => ({ source, day: formatDay(day), n }));
        assert.deepEqual(sorted(found), sorted(wanted));
      });
    }

    await t.step("political posts per day", async () => {
      const wanted = await query(
        folder,
        `SELECT ${localDay("UTC")} AS day,
             count(*) FILTER (l.reason IS NULL) AS labeled,
             count(*) FILTER (l.reason IS NOT NULL) AS failed,
             count(*) FILTER (l.is_political) AS political
           FROM ${POSTS} p JOIN ${LABELS} l USING (uri)
           WHERE NOT flag_minimum_length AND NOT flag_nsfw GROUP BY ALL`,
      );
      assert.ok(wanted.some(({ failed }) => Number(failed) > 0));
      const found = (await sharesByDay(opened, POLITICAL.dictionary))
        .map(({ time, sampling, sums }) => ({
          day: formatDay(time),
          labeled: sampling.n_labeled,
          failed: sampling.n_failed,
          political: sums.sum_y,
        }));
      assert.deepEqual(sorted(found), sorted(wanted));
      assert.ok(found.every(({ day }) => day !== MISSING));
    });

    await t.step("the days of a zone west of Greenwich are not those of UTC", async () => {
      const days = async (zone: string) =>
        (await postsPerDay(inZone(zone))).map(({ day, n }) => `${formatDay(day)} ${n}`);
      assert.notDeepEqual(await days("UTC"), await days("America/New_York"));
    });

    await t.step("a day without labels is a gap in the line and has no dot", async () => {
      const { days, facts } = await measuredFigure(opened, POLITICAL.dictionary);
      const series = [{ name: "all", days }];
      const options = { title: "T", measure: "m", series, facts, timeZone: "UTC" };
      const chart = shareOverTime(options) as Chart;
      const line = /aria-label="line"[^>]*><path d="([^"]+)"/.exec(chart.wide)?.[1] ?? "";
      assert.equal(line.split("M").length - 1, 2, line);
      assert.equal(chart.wide.split("<circle").length - 1, days.length);
      assert.match(chart.wide, /3 Jun/);
      assert.match(plain(chart.wide), /A day without labelled posts is a gap/);
    });

    await t.step("charts state their denominators and have a text for who cannot see", async () => {
      const [total] = await query<{ labeled: number; failed: number; share: string }>(
        folder,
        `SELECT count(*) FILTER (was_successfully_labeled) AS labeled,
           count(*) FILTER (NOT was_successfully_labeled) AS failed,
           (round(100 * avg(is_political::INT), 1))::VARCHAR AS share
         FROM ${POSTS} JOIN ${LABELS} USING (uri) WHERE passed_filters`,
      );
      const { range, facts } = await measuredFigure(opened, POLITICAL.dictionary);
      assert.equal(facts.n, total!.labeled);
      assert.equal(facts.failures!.n_failed, total!.failed);
      assert.equal((100 * range.estimate.value).toFixed(1), Number(total!.share).toFixed(1));
      const { alt, wide, narrow } = await postsPerDayChart(opened) as Chart;
      for (const svg of [wide, narrow]) assert.match(svg, /role="img" aria-label="[^"]{30,}"/);
      assert.ok(alt.length > 30);
      assert.doesNotMatch(wide, /NaN|undefined|Infinity|∞/);
    });

    await t.step("hourly cells give the shares that the posts give", async () => {
      const { code, stderr } = await runTask(["aggregate", "--data", folder]);
      assert.equal(code, 0, stderr);
      const data = await open(folder);
      for (const source of [undefined, "firehose", "most_liked"] as const) {
        const scanned = await sharesByDay(data, {
          view: "posts_dictionary",
          column: "is_political",
        }, { source, since: "2026-06-02" });
        const found = await aggregatedSharesByDay(data, {
          classifier: "dictionary",
          label: "is_political",
        }, { source, since: "2026-06-02" });
        const told = (days: ShareOfTime[]) =>
          days.map(({ time, estimate, sampling, sums, outcomes }) => [
            formatDay(time),
            estimate.value,
            estimate.kind,
            sampling.n_posts,
            sums.n_labeled,
            outcomes,
          ]);
        assert.ok(scanned.length > 2);
        assert.deepEqual(told(found), told(scanned));
      }
    });

    await t.step("the categories of labelled posts that passed", async () => {
      const wanted = await query(
        folder,
        `SELECT category, count(DISTINCT uri) AS n, n / (
             SELECT count(*) FROM ${LABELS} JOIN ${POSTS} USING (uri)
             WHERE passed_filters AND was_successfully_labeled) AS share FROM (
           SELECT l.uri, unnest(l.categories) AS category FROM ${LABELS} l JOIN ${POSTS} p USING (uri)
           WHERE p.passed_filters) GROUP BY category ORDER BY n DESC, category`,
      );
      assert.ok(wanted.length > 2);
      assert.deepEqual(await frequentCategories(opened), wanted);
    });

    await t.step("what each filter flags, alone and with others", async () => {
      const table = await filterCounts(opened) as ColumnTable;
      const rows = Object.fromEntries(
        (table.objects() as Record<string, unknown>[]).map((row) => [row.filter, row]),
      );
      const [wanted] = await query<Record<string, number>>(
        folder,
        `SELECT count(*) AS posts, count(*) FILTER (flag_nsfw) AS nsfw,
           count(*) FILTER (flag_nsfw AND NOT flag_minimum_length) AS nsfw_alone,
           count(*) FILTER (flag_minimum_length) AS short,
           count(*) FILTER (flag_minimum_length AND flag_nsfw) AS both,
           count(*) FILTER (flag_minimum_length OR flag_nsfw) AS any FROM ${POSTS}`,
      );
      const { posts, nsfw, nsfw_alone, short, both, any } = wanted!;
      assert.ok(both! > 0 && nsfw_alone! > 0);
      assert.equal(rows.nsfw.posts, nsfw);
      assert.equal(rows.nsfw["by it alone"], nsfw_alone);
      assert.equal(rows.nsfw["with others too"], both);
      assert.equal(rows.minimum_length.posts, short);
      assert.equal(rows["any filter"].posts, any);
      assert.equal(rows["none: the post passed"].posts, posts! - any!);
      assert.equal(table.columnNames().includes("share of all posts"), true);
    });

    await t.step("the rows and days of each table", async () => {
      const rows = (await contents(opened)).objects() as Record<string, unknown>[];
      const [wanted] = await query(
        folder,
        `SELECT count(*) AS rows, count(DISTINCT date) AS days, min(date)::VARCHAR AS first,
           max(date)::VARCHAR AS last
         FROM read_parquet('{data}/posts/*/*.parquet', hive_partitioning = true)`,
      );
      assert.deepEqual(rows.find(({ table }) => table === "posts"), { table: "posts", ...wanted });
      const empty = rows.find(({ table }) => table === "labels_human");
      assert.deepEqual([empty?.rows, empty?.days], [0, 0]);
      assert.equal(rows.find(({ table }) => table === "label_sets")?.rows, 1);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function sorted(rows: Record<string, unknown>[]): string[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
}

/** The words of a chart as one line. */
function plain(svg: string): string {
  return svg.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
}

Deno.test("where every label failed the share is told in words and not drawn", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    const post = { uri: uri("1"), cid: "c1" };
    await writeRows(
      POSTS_TABLE,
      [{ ...post, reference_time: "2026-06-01 10:00:00", passed_filters: true }],
      paths.posts("2026-06-01"),
    );
    const label = { ...post, label_set_id: "a", was_successfully_labeled: false, reason: "empty" };
    await writeRows(
      labelTable(CLASSIFIERS.dictionary.columns),
      [label],
      paths.labels("dictionary", "2026-06-01"),
    );
    await writeRows(
      LABEL_SETS,
      [{ label_set_id: "a", classifier: "dictionary", codebook: "c", is_shown: true }],
      paths.labelSets("dictionary"),
    );
    const { days, facts } = await measuredFigure(await open(data), POLITICAL.dictionary);
    const series = [{ name: "all", days }];
    const note = shareOverTime({ title: "T", measure: "m", series, facts, timeZone: "UTC" });
    assert.ok(note instanceof Note);
    assert.match(note.plain, /no post could be labelled\.\*\* Labelling failed for all 1 of them/);
  }));
