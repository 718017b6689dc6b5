/** Rounds that end before all anchors are asked about, and label sets that share them. */
import assert from "node:assert/strict";
import { DataPaths } from "../../../etl/store/paths.ts";
import { POSTS } from "../../../etl/store/tables.ts";
import { uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { numberedPosts, writeDays } from "../perspective_run.ts";
import { drift, label, REPLICATES, withLabeller, writeStudy } from "./anchor_run.ts";

/** Write a day of posts with link cards; those of some have lost them. */
async function writeCards(data: string, count: number, without: number[] = []): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => ({
    uri: uri(`p${index}`),
    cid: `cid-${index}`,
    text: `this is what the post ${index} says to the world`,
    text_hash: `hash-${index}`,
    detected_language: "en",
    in_most_liked: false,
    passed_filters: true,
    external_title: without.includes(index) ? null : `A title ${index}`,
  }));
  await writeRows(POSTS, rows, new DataPaths(data).posts("2026-06-01"));
}

/** Sum up what is written down as spent. */
function spent(data: string): number {
  const folder = `${data}/spending/sociopolitical`;
  return [...Deno.readDirSync(folder)].reduce((sum, { name }) => {
    const record = JSON.parse(Deno.readTextFileSync(`${folder}/${name}`)) as Record<string, number>;
    return sum + Object.values(record).reduce((all, dollars) => all + dollars, 0);
  }, 0);
}

// Invariant 8
Deno.test("a round without money goes on in the next run, and another label set asks about the same anchors", () =>
  withData((data) =>
    withLabeller({}, async (labeller) => {
      await writeCards(data, 14);
      const anchors = { posts: 10 };
      await writeStudy(data, { anchors, budget: { per_month: 1 } });
      const first = await label(data, labeller, "2026-06-03", ["--limit", "12"]);
      assert.equal(first.summary.labelled, 12, first.stderr);
      // Of half of them the card has gone since.
      await writeCards(data, 14, [...Array(14).keys()].filter((index) => index % 2 === 0));
      const perPost = first.summary.cost / 12;
      const cut = await label(data, labeller, "2026-06-04", ["--max-cost", String(6 * perPost)]);
      assert.equal(cut.code, 4, cut.stderr);
      const { stopped_by, done, replicates } = cut.summary;
      assert.deepEqual([stopped_by, done], ["cost", 0]);
      assert.ok(replicates.done > 0 && replicates.done < 10, `${replicates.done}`);
      const rest = await label(data, labeller, "2026-06-05");
      assert.deepEqual(
        [rest.code, rest.summary.replicates.done, rest.summary.done],
        [0, 10 - replicates.done, 2],
        rest.stderr,
      );
      const paid = first.summary.cost + cut.summary.cost + rest.summary.cost;
      assert.ok(Math.abs(spent(data) - paid) < 1e-5, `${spent(data)} and ${paid}`);
      const [{ last_round, labels }] = await drift(data, "2026-06-05");
      const lost = await query(
        data,
        `SELECT count(*) AS n FROM ${REPLICATES} WHERE context_kinds = ['link_title']`,
      );
      assert.deepEqual([last_round.round, last_round.asked], [1, 10]);
      assert.equal(last_round.asked_otherwise, 10 - Number(lost[0]!.n));
      assert.equal(labels.is_sociopolitical.n, Number(lost[0]!.n));

      // Several posts a request are another label set.
      const packed = ["--posts-per-request", "4", "--limit", "1"];
      const other = await label(data, labeller, "2026-06-05", packed);
      assert.deepEqual([other.code, other.summary.replicates.labelled], [4, 10], other.stderr);
      const same = await query(
        data,
        `SELECT count(*) AS n, count(DISTINCT uri) AS posts FROM ${REPLICATES}`,
      );
      assert.deepEqual(same, [{ n: 20, posts: 10 }]);
      const sets = await drift(data, "2026-06-05");
      assert.deepEqual(sets.map(({ rounds, anchors }) => [rounds, anchors]), [[1, 10], [1, 10]]);
    })
  ));

// Invariant 2
Deno.test("damage to the anchors stops their round alone", () =>
  withData((data) =>
    withLabeller({}, async (labeller) => {
      await writeDays(data, numberedPosts(2));
      await writeStudy(data, { anchors: {} });
      const path = new DataPaths(data).anchors("sociopolitical");
      await Deno.mkdir(`${data}/anchors`);
      await Deno.writeTextFile(path, "no Parquet");
      const { code, stderr, summary } = await label(data, labeller, "2026-06-03");
      assert.deepEqual([code, summary.labelled, summary.replicates], [1, 2, null]);
      assert.ok(stderr.includes(`the file ${path} is damaged`), stderr);
    })
  ));
