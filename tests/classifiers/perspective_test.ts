import assert from "node:assert/strict";
import { classifier, Settings } from "../../classifiers/perspective.ts";
import { labelSetId } from "../../etl/labels/label_set.ts";
import { query, withData } from "../rows.ts";
import { uri } from "../raw.ts";
import {
  DAY,
  KEY,
  label,
  LABELS,
  numberedPosts,
  outcomes,
  paidTwice,
  type TestPost,
  textOf,
  withAnalyzer,
  writeDays,
  writeStudy,
} from "./perspective_run.ts";

const MIXED: TestPost[] = [
  ...numberedPosts(6),
  { name: "short", text: "too short" },
  { name: "empty", text: " \n" },
  { name: "german", text: "Der Bundestag stimmte gestern ab", language: "de" },
  { name: "unknown", text: "was ist das für eine sprache", language: null },
  { name: "long", text: "ü".repeat(10_241) },
  { name: "twin-1", text: "the very same words of two people" },
  { name: "twin-2", text: "the very same words of two people" },
  { name: "next", day: "2026-06-02" },
];

// Invariant 7, invariant 9
Deno.test("a plan, a limit, the rest and nothing: each post is asked once and has a label or a reason", () =>
  withData((data) =>
    withAnalyzer({}, async (server) => {
      await writeDays(data, MIXED);
      await writeStudy(data);
      const dry = await label(data, server, ["--dry-run"], { PERSPECTIVE_API_KEY: "" });
      assert.equal(dry.code, 0, dry.stderr);
      assert.deepEqual(
        [dry.summary.pending, dry.summary.requests, dry.summary.reused, dry.summary.remaining],
        [14, 8, 1, 0],
      );
      assert.deepEqual(dry.summary.unscorable, {
        text_too_short: 1,
        empty: 1,
        language_not_supported: 2,
        too_long: 1,
      });
      assert.equal(server.arrivals.length, 0);

      const first = await label(data, server, ["--limit", "5"]);
      assert.equal(first.code, 4, first.stderr);
      assert.deepEqual(
        [first.summary.done, first.summary.pending, first.summary.stopped_by],
        [5, 9, "limit"],
      );
      const begun = await query(data, `SELECT DISTINCT date::VARCHAR AS day FROM ${LABELS}`);
      assert.deepEqual(begun, [{ day: DAY }], "the oldest day comes first");
      const rest = await label(data, server);
      assert.equal(rest.code, 0, rest.stderr);
      assert.deepEqual(
        [rest.summary.labelled_after, rest.summary.pending, rest.summary.stopped_by],
        [9, 0, null],
      );
      assert.deepEqual(await outcomes(data), {
        empty: 1,
        labelled: 9,
        language_not_supported: 2,
        text_too_short: 1,
        too_long: 1,
      });
      assert.equal(paidTwice(server), 0);
      assert.equal(server.answered.size, 8);
      const again = await label(data, server);
      assert.deepEqual([again.code, again.summary.requests, again.summary.done], [0, 0, 0]);
      const twins = await query(
        data,
        `SELECT DISTINCT prob_toxic, request_hash FROM ${LABELS} WHERE uri LIKE '%twin%'`,
      );
      assert.equal(twins.length, 1);
      const [set] = await query(
        data,
        "SELECT * FROM read_parquet('{data}/label_sets/perspective.parquet')",
      );
      assert.deepEqual([set!.label_set_id, set!.is_shown], [rest.summary.label_set_id, true]);
      const probs = await query(data, `SELECT DISTINCT label_prob FROM ${LABELS}`);
      assert.deepEqual(probs, [{ label_prob: 1 }]);
    })
  ));

// Invariant 6
Deno.test("a label set is of a host, whatever port it listens on, and of no other host", () => {
  const settings = Settings.parse({
    languages: ["en"],
    minimum_characters: 10,
    sample: { label_rate: 1 },
    quota: {},
  });
  const id = (rootUrl: string) => labelSetId(classifier(settings, rootUrl, undefined).labelSet);
  assert.equal(id("http://127.0.0.1:8080/"), id("http://127.0.0.1:9090/"));
  assert.equal(id("https://scorer.example.org/"), id("https://scorer.example.org:8443/"));
  assert.notEqual(id("https://scorer.example.org/"), id("https://other.example.org/"));
});

// Invariant 8
Deno.test("the sample of a study is labelled with its probability, and --all labels the others", () =>
  withData((data) =>
    withAnalyzer({}, async (server) => {
      await writeDays(data, [
        ...numberedPosts(60),
        ...numberedPosts(60).map(({ name }) => ({
          name: `f${name}`,
          stratum: "filtered_out" as const,
        })),
        { name: "liked", stratum: "most_liked" },
      ]);
      await writeStudy(data, { sample: { label_rate: 0.5, filtered_out_rate: 0.1 } });
      const { code, stderr, summary } = await label(data, server);
      assert.equal(code, 0, stderr);
      assert.ok(summary.done > 20 && summary.done < 55, String(summary.done));
      const shares = await query(
        data,
        `SELECT label_prob, count(*) AS n FROM ${LABELS} GROUP BY ALL ORDER BY ALL`,
      );
      assert.deepEqual(shares.map(({ label_prob }) => label_prob), [0.1, 0.5, 1]);
      assert.equal(shares[2]!.n, 1);
      const all = await label(data, server, ["--all"]);
      assert.equal(all.summary.labelled_after, 121);
      assert.equal(paidTwice(server), 0);
      assert.deepEqual(await query(data, `SELECT DISTINCT label_prob FROM ${LABELS}`), [{
        label_prob: 1,
      }]);
    })
  ));

Deno.test("--retry-failed asks again for what failed for good, also where the same text is stored", () =>
  withData(async (data) => {
    const text = "what a server of yesterday would not take";
    await writeDays(data, [{ name: "a", text }, { name: "b", text }, ...numberedPosts(2)]);
    await writeStudy(data);
    await withAnalyzer({}, async (server) => {
      await label(data, server);
      // As a server that refuses these posts would have left them.
      const path = `${data}/labels/perspective/date=${DAY}/labels.parquet`;
      await query(
        data,
        `COPY (SELECT * REPLACE ('rejected' AS reason, false AS was_successfully_labeled,
           NULL::VARCHAR AS answer) FROM '${path}') TO '${path}.new' (FORMAT parquet)`,
      );
      await Deno.rename(`${path}.new`, path);
      assert.equal((await label(data, server)).summary.requests, 0);
      const again = await label(data, server, ["--retry-failed"]);
      assert.deepEqual([again.summary.requests, again.summary.labelled], [3, 4], again.stderr);
      assert.deepEqual(await outcomes(data), { labelled: 4 });
    });
  }));

Deno.test("errors, logs, ledger and file names hold neither the key nor a post", () =>
  withData((data) =>
    withAnalyzer({}, async (server) => {
      const posts = numberedPosts(2);
      await writeDays(data, posts);
      await writeStudy(data);
      const { stdout, stderr } = await label(data, server);
      const ledger = JSON.stringify(
        await query(data, "SELECT * FROM read_parquet('{data}/runs/*/*.parquet')"),
      );
      for (const secret of [KEY, textOf(posts[0]!), uri("p0")]) {
        assert.ok(!`${stdout}${stderr}${ledger}`.includes(secret));
      }
    })
  ));
