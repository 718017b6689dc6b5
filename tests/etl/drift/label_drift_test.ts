import assert from "node:assert/strict";
import { describeDrift } from "../../../etl/drift/drift_text.ts";
import { type LabelDrift, labelDrift } from "../../../etl/drift/label_drift.ts";
import { ANSWER_COLUMNS } from "../../../etl/labels/paid_answer.ts";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { ANCHORS, LABELS, REPLICATES, withColumns } from "../../../etl/store/tables.ts";
import { uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";

const COLUMNS = {
  ...ANSWER_COLUMNS,
  is_sociopolitical: "BOOLEAN",
  lean: "VARCHAR",
  reason_text: "VARCHAR",
  score_toxic: "DOUBLE",
};
const POSTS = 200;

interface Said {
  is: boolean;
  score?: number;
  changes?: Record<string, unknown>;
}

/** Give the drift of what was said of the posts: `said[0]` at first, the others in rounds. */
async function driftOf(said: ((post: number) => Said)[]): Promise<LabelDrift[]> {
  let found: LabelDrift[] = [];
  await withData(async (data) => {
    const paths = new DataPaths(data);
    const posts = Array.from({ length: POSTS }, (_, post) => post);
    const rowsOf = (round: number) =>
      posts.map((post) => {
        const { is, score = 0.5, changes } = said[round]!(post);
        return {
          uri: uri(`p${post}`),
          cid: `cid-${post}`,
          text_hash: `hash-${post}`,
          label_set_id: "0123456789abcdef",
          was_successfully_labeled: true,
          label_timestamp: `2026-06-${String(1 + 7 * round).padStart(2, "0")} 12:00:00`,
          request_hash: `request-${post}`,
          is_sociopolitical: is,
          lean: is ? "left" : null,
          reason_text: `because of round ${round}`,
          score_toxic: score,
          ...round > 0 ? { round } : {},
          ...changes,
        };
      });
    const labels = paths.labels("tone", "2026-06-01");
    await writeRows(withColumns(LABELS, COLUMNS), rowsOf(0), labels);
    const table = withColumns(REPLICATES, COLUMNS);
    const replicates: string[] = [];
    for (let round = 1; round < said.length; round++) {
      const path = paths.replicates("tone", `2026-06-${String(1 + 7 * round).padStart(2, "0")}`);
      await writeRows(table, rowsOf(round), path);
      replicates.push(path);
    }
    const anchors = posts.map((post) => ({ date: "2026-06-01", uri: uri(`p${post}`) }));
    await writeRows(ANCHORS, anchors, paths.anchors("tone"));
    using database = await openDatabase(data);
    found = await labelDrift(database, "tone", {
      anchors: [paths.anchors("tone")],
      labels: [labels],
      replicates,
    });
  });
  return found;
}

const steady = (post: number) => ({ is: post % 3 === 0 });

Deno.test("a labeller that wavers as much as in its first round does not drift", async () => {
  const wavers = (round: number) => (post: number) => ({
    is: (post + 50 * round) % 100 < 4 ? post % 3 !== 0 : post % 3 === 0,
  });
  const [drift] = await driftOf([steady, wavers(1), wavers(0), wavers(1)]);
  const { agreement, agreement_before, kappa } = drift!.labels.is_sociopolitical!;
  assert.deepEqual([agreement, agreement_before, drift!.rounds], [0.96, 0.96, 3]);
  assert.ok(kappa! > 0.9 && kappa! < 0.92);
  assert.deepEqual(drift!.warnings, []);
  assert.deepEqual(Object.keys(drift!.labels), ["is_sociopolitical", "lean"]);
  assert.deepEqual([drift!.labels.lean!.agreement, drift!.labels.lean!.kappa], [1, null]);
});

Deno.test("a labeller that agrees less than in its first round, or says yes more often, is warned of", async () => {
  const first = (post: number) => ({ is: post < 4 ? !(post % 3 === 0) : post % 3 === 0 });
  // As many one way as the other: agreement falls, and the share stays.
  const both = (post: number) => ({ is: post < 40 ? post % 2 === 0 : post % 3 === 0 });
  const [fallen] = await driftOf([steady, first, both]);
  assert.equal(fallen!.warnings.length, 1, JSON.stringify(fallen!.labels));
  assert.match(
    fallen!.warnings[0]!,
    /^is_sociopolitical is as at first for 90\.0% .* 98\.0%$/,
  );
  const eager = (post: number) => ({ is: post % 3 === 0 || post < 20 });
  const [risen] = await driftOf([steady, eager]);
  assert.deepEqual(
    [risen!.labels.is_sociopolitical!.agreement_before, risen!.labels.is_sociopolitical!.shift],
    [null, 0.065],
  );
  assert.match(risen!.warnings[0]!, /^is_sociopolitical is given more often .* \(\+6\.5 points\)$/);
  const text = describeDrift(risen!).join("\n");
  assert.match(
    text,
    /^anchors of tone, 0123456789abcdef: 200; round 1 began on 2026-06-08: 200 asked/,
  );
  assert.match(text, /is_sociopolitical as at first: 93\.5% of 200, kappa 0\.8\d\n/);
  assert.match(text, /warning: the labeller drifts: is_socio/);
});

Deno.test("scores that rise in the mean are warned of, and those that rise by less than their digits are not", async () => {
  const by = (shift: number) => (post: number) => ({ is: false, score: 0.3 + post / 1000 + shift });
  const [risen] = await driftOf([by(0), by(0), by(0.03)]);
  assert.match(
    risen!.warnings[0]!,
    /^score_toxic is higher for the same posts .* \(mean \+0\.030\)$/,
  );
  assert.deepEqual(risen!.scores.score_toxic!.mean_absolute_difference_before, 0);
  const [same] = await driftOf([by(0), by(0), by(-0.005)]);
  assert.deepEqual(same!.warnings, []);
  assert.match(describeDrift(same!).join("\n"), /score_toxic differs from the first by 0\.005/);
});

Deno.test("anchors that fail, or are asked about with less context, are counted and not compared", async () => {
  const failed = (post: number) => ({
    is: false,
    changes: post < 10
      ? { was_successfully_labeled: false, reason: "refused", is_sociopolitical: null }
      : post < 30
      ? { request_hash: "in other words" }
      : {},
  });
  const [drift] = await driftOf([() => ({ is: false }), () => ({ is: false }), failed]);
  const { asked, labelled, asked_otherwise } = drift!.last_round!;
  assert.deepEqual([asked, labelled, asked_otherwise], [200, 190, 20]);
  assert.equal(drift!.labels.is_sociopolitical!.n, 170);
  assert.match(describeDrift(drift!)[0]!, /200 asked about, 10 not labelled, 20 with less context/);
});

Deno.test("anchors that nobody has asked about yet are said to be there", async () => {
  const [drift] = await driftOf([steady]);
  assert.deepEqual([drift!.label_set_id, drift!.anchors, drift!.last_round], [null, 200, null]);
  assert.match(describeDrift(drift!)[0]!, /^anchors of tone: 200, .*classify:tone$/);
});
