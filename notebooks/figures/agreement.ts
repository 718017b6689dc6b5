import { cohensKappa } from "../../etl/drift/kappa.ts";
import { BarTable } from "../charts/bar_table.ts";
import type { FigureFacts } from "../measures/figure_facts.ts";
import { md, type Note } from "../charts/note.ts";
import { formatShare } from "../measures/number_format.ts";
import type { Data } from "../query/data.ts";
import { knownWeights, measureParts, type Selection } from "../measures/measure.ts";

/** Posts in one cell of the table of agreement, and for how many they stand. */
export interface AgreementCell {
  n: number;
  weight: number;
}

/** What the dictionary and the language model say of the same posts. */
export interface Agreement {
  both: AgreementCell;
  only_dictionary: AgreementCell;
  only_model: AgreementCell;
  neither: AgreementCell;
  /** Posts that both labelled and that count. */
  n: number;
  /** Posts that both labelled and that are left out, as one does not say how likely they were drawn. */
  n_unsampled: number;
  /** The weighted share of posts of which they say the same. */
  agreement: number;
  /** Cohen's kappa, weighted; NaN where one of them always says the same. */
  kappa: number;
  /** Political posts of the dictionary by its categories, and of the model by its leans. */
  found: Found[];
}

interface Found {
  by: "dictionary" | "model";
  what: string;
  n: number;
  n_alone: number;
  /** The weighted share of them that the other does not call political. */
  share_alone: number;
}

type Row = {
  is_unsampled: boolean;
  a: boolean;
  b: boolean;
  categories: string[] | null;
  lean: string | null;
  n: number;
  weight: number;
};

/**
 * Compare the shown label sets of the dictionary and of the language model, over the posts that passed
 * the filters and that both labelled.
 *
 * A post weighs 1 / (the smaller of its two `label_prob` × `window_prob` of its hour): samples are drawn
 * by one order of posts, so that what the rarer one has, the other has too.
 */
export async function agreementOf(data: Data, selection: Selection = {}): Promise<Agreement> {
  const { since, until, source, inSource } = measureParts({ view: "posts", column: "" }, selection);
  const table = await data.sql`
    WITH dictionary_labels AS (
      SELECT date, uri, reference_time, label_prob, is_political, categories FROM posts_dictionary
      WHERE was_successfully_labeled AND passed_filters
        AND date BETWEEN ${since}::DATE AND ${until}::DATE AND (${source} = 'all' OR ${inSource})
    ),
    model_labels AS (
      SELECT date, uri, label_prob, is_sociopolitical, lean FROM posts_sociopolitical
      WHERE was_successfully_labeled AND passed_filters
        AND date BETWEEN ${since}::DATE AND ${until}::DATE
    )
    SELECT a.label_prob IS NULL OR b.label_prob IS NULL AS is_unsampled,
      is_political AS a, is_sociopolitical AS b, categories, lean, count(*) AS n,
      sum(CASE WHEN a.label_prob IS NULL OR b.label_prob IS NULL THEN 1
        ELSE 1 / (least(a.label_prob, b.label_prob) * coalesce(window_prob, 1)) END) AS weight
    FROM dictionary_labels a JOIN model_labels b ON a.date = b.date AND a.uri = b.uri
      LEFT JOIN drawn_hours
        ON source = ${source} AND opens_at = date_trunc('hour', a.reference_time)
    GROUP BY ALL`;
  const all = table.objects() as Row[];
  const rows = knownWeights(all);
  const cell = (a: boolean, b: boolean): AgreementCell => {
    const among = rows.filter((row) => row.a === a && row.b === b);
    return { n: sum(among, "n"), weight: sum(among, "weight") };
  };
  const both = cell(true, true);
  const only_dictionary = cell(true, false);
  const only_model = cell(false, true);
  const neither = cell(false, false);
  const weight = sum(rows, "weight");
  const agreement = (both.weight + neither.weight) / weight;
  return {
    both,
    only_dictionary,
    only_model,
    neither,
    n: sum(rows, "n"),
    n_unsampled: sum(all, "n") - sum(rows, "n"),
    agreement,
    kappa: cohensKappa(rows) ?? NaN,
    found: [
      ...finds("dictionary", rows.filter(({ a }) => a), ({ categories }) => categories ?? []),
      ...finds("model", rows.filter(({ b }) => b), ({ lean }) => [lean ?? "no lean"]),
    ],
  };
}

function finds(by: Found["by"], rows: Row[], names: (row: Row) => string[]): Found[] {
  const named = rows.flatMap((row) => names(row).map((what) => ({ what, row })));
  return [...Map.groupBy(named, ({ what }) => what)]
    .map(([what, found]) => {
      const all = found.map(({ row }) => row);
      const alone = all.filter(({ a, b }) => a !== b);
      const share_alone = sum(alone, "weight") / sum(all, "weight");
      return { by, what, n: sum(all, "n"), n_alone: sum(alone, "n"), share_alone };
    })
    .sort((x, y) => y.n_alone - x.n_alone || y.n - x.n || (x.what < y.what ? -1 : 1));
}

function sum(rows: Row[], name: "n" | "weight"): number {
  return rows.reduce((sum, row) => sum + row[name], 0);
}

/** Put the table of what both say into bars, with kappa; in words where they share no post. */
export function agreementTable(
  found: Agreement,
  facts: FigureFacts,
  labelSets: (string | undefined)[],
): BarTable | Note {
  const { n, agreement, kappa, both, only_dictionary, only_model, neither } = found;
  if (n === 0) {
    return md`**Dictionary and language model have no labelled post in common,** so they cannot be
compared. \`deno task status\` says which posts wait for which classifier.`;
  }
  const weight = both.weight + only_dictionary.weight + only_model.weight + neither.weight;
  const row = (name: string, cell: AgreementCell) => ({
    name,
    value: cell.weight / weight,
    n: cell.n,
  });
  return new BarTable({
    title: "What the dictionary and the language model call political",
    measure: "share of posts",
    facts: {
      ...factsOfBoth(found, facts, labelSets),
      also: `They agree on ${formatShare(agreement, 1)}; Cohen's kappa is ${
        Number.isNaN(kappa) ? "not defined" : kappa.toFixed(2)
      } (1: always, 0: as often as by chance).`,
    },
    rows: [
      row("both", both),
      row("only the dictionary", only_dictionary),
      row("only the language model", only_model),
      row("neither", neither),
    ],
  });
}

/** More than these say no more. */
const MOST_FOUND = 8;

/** List what each finds most that the other does not: shares and counts of posts, no texts. */
export function foundTable(
  agreement: Agreement,
  facts: FigureFacts,
  labelSets: (string | undefined)[],
): BarTable | Note {
  const { n, found } = agreement;
  if (n === 0) return md`So no post is political for only one of them.`;
  const rows = (["dictionary", "model"] as const).flatMap((by) =>
    found.filter((one) => one.by === by && one.n_alone > 0).slice(0, MOST_FOUND)
  );
  if (rows.length === 0) return md`Neither finds political posts that the other does not.`;
  return new BarTable({
    title: "What one calls political and the other does not",
    measure: "share found by it alone",
    facts: {
      ...factsOfBoth(agreement, facts, labelSets),
      also: "Each row is a share of the posts that the named labeller puts into it.",
    },
    rows: rows.map(({ by, what, n, n_alone, share_alone }) => ({
      name: `${by}: ${what.replaceAll("_", " ")}`,
      value: share_alone,
      n,
      more: { "by it alone": n_alone },
    })),
  });
}

/** What is true of the posts that both labelled, whatever each labelled alone. */
function factsOfBoth(
  { n, n_unsampled }: Agreement,
  facts: FigureFacts,
  labelSets: (string | undefined)[],
): FigureFacts {
  return {
    ...facts,
    n,
    n_unsampled,
    failures: undefined,
    kind: undefined,
    label_set: labelSets.filter(Boolean).join("; "),
    denominator: `${facts.denominator}, labelled by both`,
    about: "Only posts that both labelled count. They are " +
      "weighted by the rarer of the two draws. No intervals are drawn here.",
  };
}
