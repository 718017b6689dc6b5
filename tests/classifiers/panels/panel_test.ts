import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { allot, drawPanel, makeFrame, readStrata } from "../../../classifiers/panels/panel_draw.ts";
import { openDatabase, row } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { LABEL_SET, type ScoredPost, writeScored } from "./scored_posts.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-12-01T00:00:00Z" };
const DAYS = ["2026-06-01", "2026-06-02"];

/** 103 posts that can be drawn, scores from low to high, more likely labelled where they are high. */
const ELIGIBLE: ScoredPost[] = Array.from({ length: 103 }, (_, index) => ({
  name: `p${index}`,
  day: DAYS[index % 2]!,
  prob_toxic: ((index * 37) % 103) / 103,
  label_prob: index % 3 === 0 ? 0.125 : 0.5,
}));
const other = (name: string, label: Record<string, unknown>, label_prob: number | null = 0.5) => ({
  name,
  day: DAYS[0]!,
  prob_toxic: 0.5,
  label_prob,
  label,
});
const NOT_ELIGIBLE: ScoredPost[] = [
  other("lacks one", { prob_nuance: null }),
  other("lacks two", { prob_nuance: null, prob_spam: null }),
  other("ahead of its turn", {}, null),
  other("failed", { was_successfully_labeled: false, reason: "too_long", prob_toxic: null }),
  other("of another label set", { label_set_id: "b".repeat(16) }),
  other("coded by a person", { coder: "ann" }),
  other("another version", { cid: "of before" }),
];

interface PanelRow extends Record<string, unknown> {
  uri: string;
  text: string;
  stratum: number;
  weight: number;
}

async function panelRows(data: string, name: string): Promise<PanelRow[]> {
  return await query<PanelRow>(
    data,
    `SELECT * FROM read_parquet('{data}/panels/${name}/posts.parquet') ORDER BY uri`,
  );
}

async function draw(data: string, ...args: string[]) {
  return await runTask(["panel", "--data", data, ...args], CLOCK);
}

Deno.test("a panel is drawn evenly from the tenths by score, weighted, whole, and never drawn again", () =>
  withData(async (data) => {
    await writeScored(data, [...ELIGIBLE, ...NOT_ELIGIBLE]);
    const { code, stdout, stderr } = await draw(data, "--size", "42", "--name", "bridge");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Froze the panel bridge: 42 posts with 21 scores each/);
    const rows = await panelRows(data, "bridge");

    // Tenths of 103: three of eleven, seven of ten; 42 posts: two strata give five.
    const sorted = ELIGIBLE.toSorted((a, b) => a.prob_toxic - b.prob_toxic);
    const sizes = [11, 11, 11, 10, 10, 10, 10, 10, 10, 10];
    const drawn = [5, 5, 4, 4, 4, 4, 4, 4, 4, 4];
    const stratumOf = new Map(
      sizes.flatMap((size, stratum) => Array<number>(size).fill(stratum))
        .map((stratum, index) => [uri(sorted[index]!.name), stratum]),
    );
    const postOf = new Map(ELIGIBLE.map((post) => [uri(post.name), post]));
    assert.equal(rows.length, 42);
    assert.deepEqual(
      drawn.map((_, index) => rows.filter(({ stratum }) => stratum === index + 1).length),
      drawn,
    );
    for (const found of rows) {
      const post = postOf.get(found.uri)!;
      const stratum = stratumOf.get(found.uri)!;
      const weight = sizes[stratum]! / drawn[stratum]! / post.label_prob!;
      assert.deepEqual(
        [found.text, found.stratum, found.prob_toxic, found.label_prob, found.label_set_id],
        [`text of ${post.name}`, stratum + 1, post.prob_toxic, post.label_prob, LABEL_SET],
      );
      assert.ok(Math.abs(found.weight - weight) < 1e-12);
      const scores = Object.keys(found).filter((name) => /^prob_/.test(name));
      assert.deepEqual(scores.filter((name) => found[name] === null), ["prob_constructive"]);
    }

    const path = `${data}/panels/bridge/manifest.json`;
    const manifest = JSON.parse(await Deno.readTextFile(path));
    const posts = await Deno.readFile(`${data}/panels/bridge/posts.parquet`);
    assert.deepEqual(manifest.files, {
      "posts.parquet": createHash("sha256").update(posts).digest("hex"),
    });
    assert.deepEqual(manifest.frame, {
      eligible: 103,
      without_label_prob: 1,
      lacking_an_attribute: 2,
      lacking: { prob_nuance: 2, prob_spam: 1 },
    });
    assert.deepEqual(
      [manifest.drawn_at, manifest.seed, manifest.stratified_by, manifest.label_set.label_set_id],
      ["2026-12-01T00:00:00.000Z", "bridge", "prob_toxic", LABEL_SET],
    );
    assert.deepEqual([manifest.posts_asked, manifest.posts_drawn, manifest.posts_left], [
      42,
      42,
      42,
    ]);
    assert.deepEqual(manifest.strata.map((s: { size: number }) => s.size), sizes);

    const again = await draw(data, "--size", "50", "--name", "bridge");
    assert.equal(again.code, 2);
    assert.match(again.stderr, /^Cannot draw a panel: there is a panel bridge already/);
    assert.deepEqual(await Deno.readFile(`${data}/panels/bridge/posts.parquet`), posts);

    // A run that was killed before the manifest stood froze nothing: its folder is taken over.
    await Deno.remove(path);
    await Deno.writeTextFile(`${data}/panels/bridge/posts.parquet`, "half");
    assert.equal((await draw(data, "--size", "42", "--name", "bridge")).code, 0);
    assert.deepEqual(await panelRows(data, "bridge"), rows);
    assert.equal((await draw(data, "--size", "42", "--name", "another")).code, 0);
    const uris = (rows: PanelRow[]) => rows.map(({ uri }) => uri);
    assert.notDeepEqual(uris(await panelRows(data, "another")), uris(rows));
  }));

Deno.test("over many seeds, sums weighted as the panel says are those of all labelled posts", () =>
  withData(async (data) => {
    await writeScored(data, ELIGIBLE);
    const paths = new DataPaths(data);
    using database = await openDatabase(data);
    const truth = ELIGIBLE.reduce((sum, post) => sum + post.prob_toxic / post.label_prob!, 0);
    const errors: number[] = [];
    for (let seed = 0; seed < 40; seed++) {
      await makeFrame(database, paths, DAYS, LABEL_SET, ["prob_toxic"]);
      const strata = await readStrata(database);
      const parts = allot(25, strata).map((drawn, index) => ({ ...strata[index]!, drawn }));
      await drawPanel(database, paths, LABEL_SET, `seed ${seed}`, parts);
      const { sum } = await row<{ sum: number }>(
        database,
        "SELECT sum(weight * prob_toxic) AS sum FROM panel",
      );
      errors.push(sum / truth - 1);
    }
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const variance = errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / 39;
    assert.ok(variance > 0);
    assert.ok(Math.abs(mean) < 3 * Math.sqrt(variance / 40), `off by ${mean}`);
  }));

Deno.test("a panel that cannot have the size that was asked for says so, and so does one that cannot be", () =>
  withData(async (data) => {
    const none = await draw(data, "--size", "20");
    assert.equal(none.code, 1);
    assert.match(none.stderr, /no post is labelled by Perspective yet\n {2}Run deno task classify/);
    await writeScored(data, NOT_ELIGIBLE);
    const lacking = await draw(data, "--size", "20");
    assert.equal(lacking.code, 1);
    assert.match(lacking.stderr, /no post of the label set a{16} has every score and a label_prob/);
    const label = { prob_spam: null };
    await writeScored(data, ELIGIBLE.slice(0, 12).map((post) => ({ ...post, label })));
    const without = await draw(data, "--size", "20");
    assert.equal(without.code, 1, without.stdout);
    assert.match(without.stderr, /no post of the label set a{16} has prob_spam\n.*--allow-missing/);
    const fewer = await draw(data, "--size", "20", "--allow-missing");
    assert.equal(fewer.code, 0, fewer.stderr);
    assert.match(fewer.stdout, /12 posts of the 20 asked for with 20 scores each/);
    assert.match(fewer.stderr, /warning: the panel has 12 posts instead of 20/);
    assert.match(
      fewer.stderr,
      /warning: no post has prob_spam: the panel cannot link a scorer of that/,
    );
    assert.deepEqual([...Deno.readDirSync(`${data}/panels`)].map(({ name }) => name), [
      "perspective-2026-12-01",
    ]);
    for (
      const [args, said] of [
        [[], /no size is named/],
        [["--size", "9"], /--size "9" is less than 10/],
        [["--size", "20", "--name", "../up"], /--name "\.\.\/up" is no name/],
      ] as const
    ) {
      const { code, stderr } = await draw(data, ...args);
      assert.equal(code, 2);
      assert.match(stderr, said);
    }
  }));
