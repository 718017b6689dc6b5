import assert from "node:assert/strict";
import {
  type ClusterSums,
  NO_CLUSTERS,
  sumsOfParts,
} from "../../../notebooks/measures/cluster_sums.ts";
import { ratio, ratioEstimate, studentT } from "../../../notebooks/measures/ratio_estimate.ts";

const FIXTURES = new URL("../../fixtures/", import.meta.url);

interface Post {
  cluster: string | number;
  weight: number;
  value: number;
}

/** Sum up posts by cluster, from the definitions. */
function sumsOf(posts: Post[]): ClusterSums {
  const clusters = new Map<string | number, { y: number; n: number }>();
  const sums = { ...NO_CLUSTERS, n_labeled: posts.length };
  for (const { cluster, weight, value } of posts) {
    const total = clusters.get(cluster) ?? { y: 0, n: 0 };
    total.y += weight * value;
    total.n += weight;
    clusters.set(cluster, total);
    sums.sum_squares += weight * value ** 2;
  }
  for (const { y, n } of clusters.values()) {
    sums.clusters++;
    sums.sum_y += y;
    sums.sum_n += n;
    sums.sum_y_y += y * y;
    sums.sum_y_n += y * n;
    sums.sum_n_n += n * n;
  }
  return sums;
}

interface Stored {
  estimates: {
    value: "is_political" | "prob_toxic";
    cluster: "author" | "day";
    clusters: number;
    n: number;
    mean: number;
    standard_error: number;
    samplics_standard_error: number;
    low: number;
    high: number;
    design_effect: number;
  }[];
  student_t: Record<string, number>;
}

async function stored(): Promise<{ posts: Record<string, string>[]; results: Stored }> {
  const csv = await Deno.readTextFile(new URL("clustered_posts.csv", FIXTURES));
  const [head, ...lines] = csv.trim().split(/\r?\n/).map((line) => line.split(","));
  return {
    posts: lines.map((line) => Object.fromEntries(line.map((cell, at) => [head![at]!, cell]))),
    results: JSON.parse(await Deno.readTextFile(new URL("clustered_posts.json", FIXTURES))),
  };
}

function assertClose(found: number, wanted: number, what: string, relative = 1e-6): void {
  assert.ok(
    Math.abs(found - wanted) <= relative * Math.abs(wanted),
    `${what}: ${found}, ${wanted}`,
  );
}

Deno.test("clustered estimates are those of statsmodels and samplics on a stored example", async () => {
  const { posts, results } = await stored();
  assert.equal(results.estimates.length, 4);
  for (const wanted of results.estimates) {
    const sums = sumsOf(posts.map((post) => ({
      cluster: post[wanted.cluster]!,
      weight: Number(post.weight),
      value: Number(post[wanted.value]),
    })));
    const found = ratioEstimate(sums)!;
    const what = `${wanted.value} by ${wanted.cluster}`;
    assert.equal(sums.clusters, wanted.clusters);
    assertClose(found.value, wanted.mean, what);
    assertClose(found.standard_error, wanted.standard_error, what);
    assertClose(found.standard_error, wanted.samplics_standard_error, what);
    assertClose(found.low, wanted.low, `${what}, low`, 1e-5);
    assertClose(found.high, wanted.high, `${what}, high`, 1e-5);
    assertClose(found.design_effect, wanted.design_effect, what);
    assertClose(found.effective_n, wanted.n / wanted.design_effect, what);
    assert.equal(found.degrees_of_freedom, wanted.clusters - 1);
  }
});

Deno.test("days made of the sums of their authors give the estimate clustered by day", async () => {
  const { posts, results } = await stored();
  const days = Map.groupBy(posts, ({ day }) => day!);
  const sums = sumsOfParts(
    [...days.values()].map((ofDay) =>
      sumsOf(ofDay.map((post) => ({
        cluster: post.author!,
        weight: Number(post.weight),
        value: Number(post.is_political),
      })))
    ),
  );
  const wanted = results.estimates.find(({ value, cluster }) =>
    value === "is_political" && cluster === "day"
  )!;
  assert.equal(sums.clusters, 7);
  assertClose(ratioEstimate(sums)!.standard_error, wanted.standard_error, "standard error");
});

Deno.test("Student's t is that of scipy for few and for many degrees of freedom", async () => {
  const { results } = await stored();
  for (const [degrees, wanted] of Object.entries(results.student_t)) {
    assertClose(studentT(Number(degrees)), wanted, `${degrees} degrees of freedom`, 1e-8);
  }
});

Deno.test("where no post says yes the interval is that of as many draws as there are authors", () => {
  const posts = (value: number) =>
    Array.from({ length: 60 }, (_, index) => ({ cluster: index % 20, weight: 3, value }));
  const none = ratioEstimate(sumsOf(posts(0)))!;
  assert.deepEqual([none.value, none.low], [0, 0]);
  // R: binom.test(0, 20)$conf.int
  assertClose(none.high, 0.1684335, "upper bound", 1e-6);
  const all = ratioEstimate(sumsOf(posts(1)))!;
  assert.deepEqual([all.value, all.high], [1, 1]);
  assertClose(all.low, 1 - 0.1684335, "lower bound", 1e-6);
});

Deno.test("one author gives no interval, and no post no share", () => {
  const one = sumsOf([{ cluster: "a", weight: 1, value: 1 }, {
    cluster: "a",
    weight: 1,
    value: 0,
  }]);
  assert.equal(ratio(one), 0.5);
  assert.equal(ratioEstimate(one), undefined);
  assert.ok(Number.isNaN(ratio(NO_CLUSTERS)));
  assert.equal(ratioEstimate(NO_CLUSTERS), undefined);
});

/** Mulberry32: small, seeded, and good enough to draw posts with. */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const MOST_WRITTEN = 20;

/** Political authors write more, so that the share is a ratio of two things that vary. */
function leaning(isPartisan: boolean, written: number): number {
  return isPartisan ? Math.min(0.95, 0.2 + 0.03 * written) : 0.08;
}

/** Draw authors who write 1 to `most` posts and keep to one opinion: how much each wrote, how political. */
function drawAuthors(
  draw: () => number,
  authors: number,
  most = MOST_WRITTEN,
): { n: number; y: number }[] {
  return Array.from({ length: authors }, () => {
    const n = Math.min(most, Math.floor(draw() ** -0.7));
    const probability = leaning(draw() < 0.25, n);
    let y = 0;
    for (let post = 0; post < n; post++) if (draw() < probability) y++;
    return { n, y };
  });
}

/** Draw of the posts of each author those that are labelled, and sum up. */
function drawSums(
  draw: () => number,
  authors: { n: number; y: number }[],
  label_prob: number,
): ClusterSums {
  const sums = { ...NO_CLUSTERS };
  for (const author of authors) {
    let [n, y] = [author.n, author.y];
    if (label_prob < 1) {
      for (let post = 0; post < author.n; post++) {
        if (draw() < label_prob) continue;
        n--;
        if (post < author.y) y--;
      }
    }
    if (n === 0) continue;
    const [wy, wn] = [y / label_prob, n / label_prob];
    sums.clusters++;
    sums.n_labeled += n;
    sums.sum_y += wy;
    sums.sum_n += wn;
    sums.sum_y_y += wy * wy;
    sums.sum_y_n += wy * wn;
    sums.sum_n_n += wn * wn;
    sums.sum_squares += wy;
  }
  return sums;
}

/** The share that such authors write, from the probabilities above. */
function trueShare(): number {
  const atLeast = (k: number) => k > MOST_WRITTEN ? 0 : k ** (-1 / 0.7);
  let [political, posts] = [0, 0];
  for (let k = 1; k <= MOST_WRITTEN; k++) {
    const written = k * (atLeast(k) - atLeast(k + 1));
    posts += written;
    political += written * (0.25 * leaning(true, k) + 0.75 * leaning(false, k));
  }
  return political / posts;
}

/** Give the share of seeded repetitions in which the interval covers the truth. */
function coverage(
  interval: () => { low: number; high: number },
  truth: number,
  repeats = 1_000,
): number {
  let covered = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const { low, high } = interval();
    if (low <= truth && truth <= high) covered++;
  }
  return covered / repeats;
}

function assertBetween(share: number, least: number, most: number): void {
  assert.ok(share >= least && share <= most, `${100 * share}% of the intervals cover the truth`);
}

Deno.test("intervals over clustered authors cover the share that such authors write in 93 to 97%", () => {
  const draw = random(1);
  const interval = () => ratioEstimate(drawSums(draw, drawAuthors(draw, 3_000), 1))!;
  assertBetween(coverage(interval, trueShare()), 0.93, 0.97);
});

Deno.test("intervals of a sample of posts cover the share among all posts, and too often if at all", () => {
  const draw = random(3);
  const authors = drawAuthors(draw, 3_000);
  const truth = ratio(drawSums(draw, authors, 1));
  const interval = (label_prob: number) => () =>
    ratioEstimate(drawSums(draw, authors, label_prob), 1 - label_prob)!;
  assertBetween(coverage(interval(0.05), truth), 0.93, 0.97);
  assertBetween(coverage(interval(0.6), truth), 0.95, 1);
});

Deno.test("a few very unequal authors do not make the intervals of a sample of their posts too narrow", () => {
  const draw = random(5);
  for (const label_prob of [0.05, 0.25, 0.6]) {
    const shares = Array.from({ length: 10 }, () => {
      const authors = drawAuthors(draw, 300, 200);
      const interval = () => ratioEstimate(drawSums(draw, authors, label_prob), 1 - label_prob)!;
      return coverage(interval, ratio(drawSums(draw, authors, 1)), 100);
    });
    assertBetween(shares.reduce((sum, share) => sum + share) / shares.length, 0.95, 1);
  }
});
