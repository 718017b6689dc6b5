import assert from "node:assert/strict";
import { correlationMatrix, type Correlations } from "../../notebooks/charts/correlation_matrix.ts";
import { type Distribution, distributions } from "../../notebooks/charts/distributions.ts";
import { BarTable } from "../../notebooks/charts/bar_table.ts";
import { Chart } from "../../notebooks/charts/chart.ts";
import { addSums } from "../../notebooks/measures/cluster_sums.ts";
import { coverageStrip } from "../../notebooks/charts/coverage_strip.ts";
import {
  factsLine,
  factsOfGroups,
  type FigureFacts,
  withoutBounds,
} from "../../notebooks/measures/figure_facts.ts";
import { heatmap } from "../../notebooks/charts/heatmap.ts";
import type { ShareOfTime } from "../../notebooks/measures/measured_shares.ts";
import { Note } from "../../notebooks/charts/note.ts";
import { dayEstimate } from "../../notebooks/measures/estimate.ts";
import { shareOverTime } from "../../notebooks/charts/share_over_time.ts";
import { stackedShare } from "../../notebooks/charts/stacked_share.ts";
import "../common_environment.ts";

const HOSTILE = `<img src=x onerror=alert(1)> "quoted" & ]]></svg>`;
const facts: FigureFacts = {
  n: 1_234,
  denominator: `posts of ${HOSTILE}`,
  label_set: "dictionary c, label set a",
  failures: { n_failed: 10, outcomes: { sum_y: 20, sum_n: 90, sum_failed: 10 }, is_share: true },
  coverage: { hours: 28, of_hours: 168, written: "posts written 18–22 UTC" },
  kind: "sample",
  about: "Intervals (95%) are for something.",
};

/** A share of an hour or a day of a sample of half of the posts, by as many authors. */
function share(time: string, yes: number, n: number): ShareOfTime {
  const [y, all] = [2 * yes, 2 * n];
  const sums = {
    ...addSums([]),
    clusters: n,
    n_labeled: n,
    sum_y: y,
    sum_n: all,
    sum_y_y: 4 * yes,
    sum_y_n: 4 * yes,
    sum_n_n: 4 * n,
    sum_squares: y,
  };
  const sampling = {
    n_posts: all,
    n_labeled: n,
    n_failed: 0,
    n_unsampled: 0,
    sum_label: all,
    sum_label_squared: 4 * n,
    sum_weight: all,
    sum_weight_squared: 4 * n,
  };
  const outcomes = { sum_y: y, sum_n: all, sum_failed: 0 };
  const estimate = dayEstimate(sums, sampling, "firehose");
  return { time: new Date(time), estimate, sums, sampling, outcomes };
}

const distribution: Distribution = {
  column: `prob_${HOSTILE}`,
  n: 50,
  shares: Array.from({ length: 20 }, (_, bin) => bin < 10 ? 0.1 : 0),
};
const correlations: Correlations = {
  columns: ["prob_toxic", HOSTILE, "prob_respect"],
  n: 1_234,
  r: [[1, 0.5, -0.25], [0.5, 1, NaN], [-0.25, NaN, 1]],
};
const days = [share("2026-06-01", 10, 100), share("2026-06-03", 0, 50), share("2026-06-04", 7, 7)];

const CHARTS: Record<string, (facts: FigureFacts) => Chart | Note> = {
  shareOverTime: (facts) =>
    shareOverTime({
      title: "T",
      measure: "share",
      series: [{ name: HOSTILE, days }, { name: "one day", days: days.slice(0, 1) }],
      facts,
      timeZone: "UTC",
      history: { name: HOSTILE, points: [{ day: new Date("2026-05-01"), value: 0.4 }] },
    }),
  heatmap: (facts) =>
    heatmap({
      title: "T",
      hours: [share("2026-06-01T18:00:00Z", 10, 100), share("2026-06-02T19:00:00Z", 1, 4)],
      facts,
      timeZone: "UTC",
    }),
  distributions: (facts) =>
    distributions({
      title: "T",
      groups: [{ name: HOSTILE, distributions: [distribution] }],
      facts,
    }),
  correlationMatrix: (facts) => correlationMatrix({ title: "T", correlations, facts }),
  stackedShare: (facts) =>
    stackedShare({
      title: "T",
      categories: [HOSTILE, "right"],
      bars: [{ name: HOSTILE, n: 4, parts: { [HOSTILE]: 3, right: 1 } }, {
        name: "nothing",
        n: 0,
        parts: {},
      }],
      facts,
    }),
};

const ALT: Record<string, RegExp> = {
  shareOverTime:
    /first 2026-06-01: 10% \(95% interval 6\.\d–15\.\d%\), n = 100, design effect 1\.0/,
  heatmap: /Highest: Monday 18:00 10%/,
  distributions: /0\.20–0\.25 \(n = 50\)/,
  correlationMatrix: /and respect -0\.25/,
  stackedShare: /75%, right 25%/,
};

for (const [name, draw] of Object.entries(CHARTS)) {
  Deno.test(`${name} says its numbers, its facts and its hours, and takes texts for texts`, () => {
    const chart = draw(facts);
    assert.ok(chart instanceof Chart);
    assert.match(chart.alt, /^T: posts written 18–22 UTC\. /);
    assert.match(chart.alt, ALT[name]!);
    for (const svg of [chart.wide, chart.narrow]) {
      const words = svg.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
      for (
        const said of ["n = 1,234", "failed for 10% (10 posts)", "28 of 168 hours", "label set a"]
      ) {
        assert.ok(words.includes(said), `${said} in ${words}`);
      }
      assert.doesNotMatch(svg, /<img|NaN|undefined|Infinity/);
      assert.match(svg, /prefers-color-scheme: dark/);
    }
    assert.doesNotMatch(chart.html(), /<img src=x|onerror=alert\(1\)>/);
    assert.ok(chart.numbers!.numRows() > 0);
  });

  Deno.test(`${name} of no labelled post is told in words`, () => {
    const note = draw({ n: 0, denominator: "posts" });
    assert.ok(note instanceof Note);
    assert.match(note.plain, /there are no labels yet/);
  });
}

Deno.test("a day without posts has no dot, and a day of one opinion an interval all the same", () => {
  const chart = shareOverTime({
    title: "T",
    measure: "share",
    series: [{ name: "firehose", days }],
    facts,
    timeZone: "UTC",
  }) as Chart;
  assert.equal(chart.wide.split("<circle").length - 1, 3);
  assert.match(chart.html(), /title="2026-06-02\nno posts"/);
  const [, none, all] = days.map(({ estimate }) => estimate.interval!);
  assert.ok(none!.low === 0 && none!.high > 0.02 && all!.low < 0.9 && all!.high === 1);
});

Deno.test("of many lines only days that no line leads to have dots", () => {
  const series = ["a", "b", "c"].map((name) => ({ name, days }));
  const options = { title: "T", measure: "share", series, facts, timeZone: "UTC" };
  const chart = shareOverTime(options) as Chart;
  // The first day stands alone, and the third and fourth are a line.
  assert.equal(chart.wide.split("<circle").length - 1, 3);
});

Deno.test("the coverage strip counts hours that were read and tells those that are missing", () => {
  const hour = (time: string, covered: number, window_prob: number | null = null) => ({
    source: "firehose",
    hour: new Date(time),
    covered,
    is_asked: true,
    window_prob,
  });
  const hours = [hour("2026-06-01T18:00:00Z", 1, 0.25), hour("2026-06-02T18:00:00Z", 0)];
  const chart = coverageStrip({ title: "C", hours }) as Chart;
  assert.equal(chart.alt, "C. firehose: 1 of 48 hours read; of 2 asked for, 1");
  assert.match(chart.html(), /2026-06-02: 0 hours read; of 1 asked for, 0/);
  assert.ok(coverageStrip({ title: "C", hours: [] }) instanceof Note);
});

Deno.test("a table with bars keeps its numbers, its facts and texts as texts", () => {
  const table = new BarTable({
    title: "B",
    measure: "share",
    rows: [{ name: HOSTILE, value: 0.25, n: 12 }, { name: "less", value: -0.5 }, {
      name: "none",
      value: NaN,
    }],
    facts,
  });
  assert.doesNotMatch(table.html(), /<img|NaN|undefined/);
  assert.match(table.html(), /width:33\.3%/);
  assert.match(table.text(), /25%, n 12\nless: -50%.*\nnone: –/);
  assert.ok(table.text().includes("n = 1,234"));
});

Deno.test("a figure of a stream and a feed says of each what it rests on, and of one that has none nothing", () => {
  const feed = {
    ...facts,
    n: 5,
    denominator: "the feed",
    failures: undefined,
    coverage: undefined,
  };
  const groups = [{ name: "stream", facts }, { name: "feed", facts: feed }];
  const line = factsLine(withoutBounds({ ...factsOfGroups(groups), also: "More." }));
  assert.match(line, /^stream: n = 1,234\. .*\(10 posts\), which are left out\. Received: 28 of/);
  assert.match(line, /feed: n = 5\. Denominator: the feed\. What was received is not recorded\./);
  assert.match(line, / Labels: dictionary c, label set a\. More\.$/);
  assert.equal(line.split("Labels: ").length, 2);
  const none = { name: "feed", facts: { ...feed, n: 0 } };
  assert.deepEqual(factsOfGroups([{ name: "stream", facts }, none]), facts);
});

Deno.test("figures without intervals do not speak of them, and none hides that nothing is recorded", () => {
  assert.doesNotMatch((CHARTS.heatmap!(facts) as Chart).wide, /Intervals \(95%\)/);
  assert.match(factsLine({ n: 3, denominator: "imports" }), /What was received is not recorded/);
});

Deno.test("a mean is written as a number from 0 to 1, so that nobody reads a share of posts", () => {
  const series = [{ name: "all", days }];
  const options = { title: "T", measure: "Mean of prob_toxic", series, facts, timeZone: "UTC" };
  /** Ticks of the axis, tips, alt text and table: without the caption, and without styles. */
  const written = (chart: Chart) =>
    [
      ...[...chart.wide.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!)
        .filter((text) => /^[\d.]+%?$/.test(text)),
      chart.html().replace(/<picture>.*?<\/picture>/s, "").replace(/style="[^"]*"/g, ""),
      chart.alt,
    ].join(" ");
  const share = written(shareOverTime(options) as Chart);
  assert.match(share, /\b10%, n = 100|\b10% \(95% interval/);
  const mean = written(shareOverTime({ ...options, isMean: true }) as Chart);
  assert.doesNotMatch(mean.replaceAll("95% interval", ""), /\d%/);
  assert.match(mean, /\b0\.10, n = 100|\b0\.10 \(95% interval 0\.\d\d\d?–0\.\d\d\d?\)/);
  assert.match(mean, /^0\.00 0\.20 0\.40 /);
  assert.match(mean, /<th[^>]*>mean<\/th>/);
});
