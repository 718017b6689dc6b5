import { cohensKappa } from "../../etl/drift/kappa.ts";
import { BarTable } from "../charts/bar_table.ts";
import type { Data } from "../query/data.ts";
import { type FigureFacts, labelSetName } from "../measures/figure_facts.ts";
import { identifier } from "../query/identifier.ts";
import {
  knownWeights,
  type Labeller,
  LABELLERS,
  measureParts,
  POLITICAL,
  type Selection,
} from "../measures/measure.ts";
import { md, type Note } from "../charts/note.ts";
import { formatShare } from "../measures/number_format.ts";

/** What two labellers say of the same posts: is each political? */
export interface LabellerPair {
  a: Labeller;
  /** People, where they are one of the two. */
  b: Labeller;
  /** Posts that both labelled. */
  n: number;
  /** The weighted share of posts of which they say the same. */
  agreement: number;
  /** Cohen's kappa, weighted; NaN where one of them always says the same. */
  kappa: number;
  /** The share of the political posts of `a` that people call political; only where `b` is people. */
  precision?: number;
  /** Of the posts that people call political, the share that `a` does. */
  recall?: number;
}

type Row = { is_unsampled: boolean; a: boolean; b: boolean; n: number; weight: number };

/**
 * Compare the labellers in pairs, over the posts that passed the filters and that both labelled; a pair
 * without such posts is left out.
 *
 * A post weighs 1 / (the smaller of its two `label_prob` × `window_prob` of its hour), as in `agreementOf`;
 * posts count alike where one of the two has no `label_prob`, as people have none.
 */
export async function labellerPairs(
  data: Data,
  selection: Selection = {},
): Promise<LabellerPair[]> {
  const names = Object.keys(LABELLERS) as Labeller[];
  const pairs: LabellerPair[] = [];
  for (const [at, a] of names.entries()) {
    for (const b of names.slice(at + 1)) pairs.push(await compare(data, a, b, selection));
  }
  return pairs.filter(({ n }) => n > 0);
}

async function compare(
  data: Data,
  a: Labeller,
  b: Labeller,
  selection: Selection,
): Promise<LabellerPair> {
  const { since, until, source, inSource, view, column } = measureParts(POLITICAL[a], selection);
  const other = POLITICAL[b];
  const table = await data.sql`
    WITH drawn AS (
      SELECT opens_at, max(window_prob) AS window_prob FROM windows
      WHERE source = ${source} GROUP BY opens_at
    ),
    a_labels AS (
      SELECT date, uri, reference_time, label_prob, ${column} AS y FROM ${view}
      WHERE was_successfully_labeled AND ${column} IS NOT NULL AND passed_filters
        AND date BETWEEN ${since}::DATE AND ${until}::DATE AND (${source} = 'all' OR ${inSource})
    ),
    b_labels AS (
      SELECT date, uri, label_prob, ${identifier(other.column)} AS y FROM ${identifier(other.view)}
      WHERE was_successfully_labeled AND ${identifier(other.column)} IS NOT NULL AND passed_filters
        AND date BETWEEN ${since}::DATE AND ${until}::DATE
    )
    SELECT a.label_prob IS NULL OR b.label_prob IS NULL AS is_unsampled, a.y AS a, b.y AS b,
      count(*) AS n,
      sum(CASE WHEN a.label_prob IS NULL OR b.label_prob IS NULL THEN 1
        ELSE 1 / (least(a.label_prob, b.label_prob) * coalesce(window_prob, 1)) END) AS weight
    FROM a_labels a JOIN b_labels b ON a.date = b.date AND a.uri = b.uri
      LEFT JOIN drawn ON opens_at = date_trunc('hour', reference_time)
    GROUP BY ALL`;
  const rows = knownWeights(table.objects() as Row[]);
  const sum = (of: (row: Row) => boolean) =>
    rows.filter(of).reduce((sum, { weight }) => sum + weight, 0);
  const all = sum(() => true);
  const both = sum(({ a, b }) => a && b);
  const [says_a, says_b] = [sum(({ a }) => a), sum(({ b }) => b)];
  const agreement = sum(({ a, b }) => a === b) / all;
  return {
    a,
    b,
    n: rows.reduce((sum, { n }) => sum + n, 0),
    agreement,
    kappa: cohensKappa(rows) ?? NaN,
    ...b === "human" ? { precision: both / says_a, recall: both / says_b } : {},
  };
}

/**
 * Put labellers in pairs into a table with bars, or say in words that no post was labelled by two.
 *
 * `people` says which answers of people count, where there are any.
 */
export async function labellerPairsTable(
  data: Data,
  pairs: LabellerPair[],
  facts: FigureFacts,
  people?: string,
): Promise<BarTable | Note> {
  if (pairs.length === 0) {
    return md`**No post is labelled by two** of dictionary, language model and people, so they cannot be
compared. \`deno task status\` says which posts wait for which classifier.`;
  }
  const labellers = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))];
  const sets = await Promise.all(labellers.map((name) => labelSetName(data, name)));
  const withPeople = labellers.includes("human");
  return new BarTable({
    title: "Who calls the same posts political",
    measure: "agreement",
    facts: {
      ...facts,
      n: Math.max(...pairs.map(({ n }) => n)),
      denominator: `${facts.denominator}, labelled by both` +
        (pairs.length > 1 ? " of a pair (n is that of the largest)" : ""),
      failures: undefined,
      n_unsampled: undefined,
      kind: undefined,
      label_set: sets.filter(Boolean).join("; "),
      about: [
        "Cohen's kappa is 1 where two always agree and 0 where they agree as often as by chance.",
        ...withPeople
          ? [
            "Precision: the share of its political posts that people call political too. Recall: the " +
            "share of people's political posts that it finds.",
            people,
          ]
          : [],
      ].filter(Boolean).join(" "),
    },
    rows: pairs.map(({ a, b, n, agreement, kappa, precision, recall }) => ({
      name: `${LABELLERS[a]} and ${LABELLERS[b]}`,
      value: agreement,
      n,
      more: {
        kappa: Number.isNaN(kappa) ? "–" : kappa.toFixed(2).replace("-", "−"),
        ...withPeople
          ? {
            precision: precision === undefined ? "" : percent(precision),
            recall: recall === undefined ? "" : percent(recall),
          }
          : {},
      },
    })),
  });
}

function percent(share: number): string {
  return Number.isNaN(share) ? "–" : formatShare(share, 1);
}
