import assert from "node:assert/strict";
import { query, withData } from "../../rows.ts";
import { numberedPosts, writeDays } from "../perspective_run.ts";
import { label, REPLICATES, rounds, runOn, withLabeller, writeStudy } from "./anchor_run.ts";

const LABELS = "read_parquet('{data}/labels/sociopolitical/*/*.parquet')";

Deno.test("anchors are drawn once enough posts are labelled, and asked about every week, in no share", () =>
  withData((data) =>
    withLabeller({}, async (labeller) => {
      await writeDays(data, [...numberedPosts(20), { name: "next", day: "2026-06-02" }]);
      await writeStudy(data, { anchors: { posts: 12 } });
      const asked = () => labeller.server.record.arrivals.length;
      const few = await label(data, labeller, "2026-06-03", ["--limit", "11"]);
      assert.equal(few.code, 4, few.stderr);
      const still = await label(data, labeller, "2026-06-03", ["--limit", "1"]);
      assert.deepEqual([still.summary.replicates, still.summary.labelled], [null, 1]);
      assert.equal(asked(), 12);

      const dry = await label(data, labeller, "2026-06-04", ["--limit", "2", "--dry-run"]);
      assert.equal(dry.code, 0, dry.stderr);
      assert.deepEqual([dry.summary.replicates, dry.summary.requests], [12, 14]);
      assert.deepEqual([...Deno.readDirSync(data)].filter(({ name }) => name === "anchors"), []);
      const first = await label(data, labeller, "2026-06-04", ["--limit", "2"]);
      assert.equal(first.code, 4, first.stderr);
      assert.deepEqual([first.summary.done, first.summary.requests], [2, 14]);
      const { cost, ...replicates } = first.summary.replicates;
      assert.deepEqual(replicates, { round: 1, done: 12, labelled: 12, failed: {} });
      assert.ok(cost > 0 && cost < first.summary.cost);
      assert.ok(Math.abs(dry.summary.cost / first.summary.cost - 1) < 0.1);

      const rest = await label(data, labeller, "2026-06-10");
      assert.deepEqual([rest.code, rest.summary.replicates, rest.summary.done], [0, null, 7]);
      // Nothing is pending, and yet the week is over.
      const second = await label(data, labeller, "2026-06-11");
      assert.deepEqual([second.code, second.summary.requests], [0, 12], second.stderr);
      assert.deepEqual(await rounds(data), [[1, "labelled", 12], [2, "labelled", 12]]);
      assert.equal(asked(), 21 + 24);

      const rows = await query(
        data,
        `SELECT count(*) AS n, count(DISTINCT uri) AS posts FROM ${LABELS}`,
      );
      assert.deepEqual(rows, [{ n: 21, posts: 21 }]);
      const pairs = await query(
        data,
        `SELECT count(*) AS n FROM ${LABELS} l JOIN ${REPLICATES} r USING (uri, cid, label_set_id)
         WHERE l.request_hash = r.request_hash AND r.label_prob IS NULL
           AND l.is_sociopolitical = r.is_sociopolitical AND l.lean IS NOT DISTINCT FROM r.lean`,
      );
      assert.deepEqual(pairs, [{ n: 24 }]);
      const spending = [...Deno.readDirSync(`${data}/spending/sociopolitical`)];
      assert.equal(spending.length, 6);

      // The model changes behind its name.
      const { coder } = labeller;
      labeller.coder = (post, fields) => {
        const { is_sociopolitical, ...said } = coder(post, fields);
        const lean = is_sociopolitical ? null : "left";
        return { ...said, is_sociopolitical: !is_sociopolitical, lean };
      };
      const third = await label(data, labeller, "2026-06-20");
      assert.equal(third.summary.replicates.round, 3, third.stderr);
      const { code, stdout } = await runOn(data, "2026-06-20", "status");
      assert.equal(code, 0);
      assert.match(
        stdout,
        /anchors of sociopolitical, [0-9a-f]{16}: 12; round 3 began on 2026-06-20/,
      );
      assert.match(
        stdout,
        /is_sociopolitical as at first: 0\.0% of 12, kappa -\d.*first round 100\.0%/,
      );
      assert.match(
        stdout,
        /warning: the labeller drifts: is_sociopolitical is as at first for 0/,
      );
    })
  ));
