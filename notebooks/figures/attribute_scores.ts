import type { Correlations } from "../charts/correlation_matrix.ts";
import { BINS, type Distribution } from "../charts/distributions.ts";
import type { Data } from "../query/data.ts";
import { type Identifier, identifier } from "../query/identifier.ts";
import { attributeColumns } from "../measures/attribute_columns.ts";
import { knownWeights, measureParts, type Selection } from "../measures/measure.ts";

type Histogram = Map<number, number | bigint>;
type Histograms = { is_unsampled: boolean; weight: number } & Record<string, unknown>;

/**
 * Give the distributions of the `prob_…` or `score_…` columns of a view of posts, of the posts that passed the
 * filters, weighted by 1 / (`label_prob` × `window_prob`). A column that no post has is left out.
 */
export async function distributionsOf(
  data: Data,
  view: string,
  selection: Selection = {},
): Promise<Distribution[]> {
  const { since, until, source, inSource } = measureParts({ view, column: "" }, selection);
  const columns = await attributeColumns(data, view);
  const table = await data.sql`
    SELECT label_prob IS NULL AS is_unsampled, coalesce(1 / (label_prob * coalesce(window_prob, 1)), 1) AS weight,
      histogram(floor(COLUMNS('^(prob|score)_') * 20)::INTEGER)
    FROM ${identifier(view)} LEFT JOIN drawn_hours
      ON source = ${source} AND opens_at = date_trunc('hour', reference_time)
    WHERE was_successfully_labeled AND passed_filters
      AND date BETWEEN ${since}::DATE AND ${until}::DATE AND (${source} = 'all' OR ${inSource})
    GROUP BY ALL`;
  const rows = knownWeights(table.objects() as Histograms[]);
  return columns.flatMap((column, index) => {
    const bins = Array<number>(BINS).fill(0);
    let n = 0;
    for (const row of rows) {
      // Columns come by their place, after the two that rows are grouped by.
      for (const [bin, count] of (Object.values(row)[2 + index] ?? []) as Histogram) {
        n += Number(count);
        // The last bin holds 1 too.
        bins[Math.min(bin, BINS - 1)]! += Number(count) * row.weight;
      }
    }
    const sum = bins.reduce((sum, weight) => sum + weight, 0);
    return n === 0 ? [] : [{ column, n, shares: bins.map((weight) => weight / sum) }];
  });
}

/** Give the correlations of columns of a view, of the posts that passed the filters, weighted. */
export async function correlationsOf(
  data: Data,
  view: string,
  columns: string[],
  selection: Selection = {},
): Promise<Correlations> {
  const { since, until, source, inSource } = measureParts({ view, column: "" }, selection);
  const names = columns.map(identifier);
  const pairs = names.flatMap((a, i) =>
    names.slice(i).map((b): [Identifier, Identifier] => [a, b])
  );
  const query = new Query();
  query.add("SELECT is_unsampled, count(*) AS n, sum(weight) AS weight");
  for (const name of names) query.add(", sum(weight * ", name, ")");
  for (const [a, b] of pairs) query.add(", sum(weight * ", a, " * ", b, ")");
  query.add(" FROM (SELECT label_prob IS NULL AS is_unsampled, ");
  query.add("coalesce(1 / (label_prob * coalesce(window_prob, 1)), 1) AS weight");
  for (const name of names) query.add(", ", name);
  query.add(" FROM ", identifier(view), " LEFT JOIN drawn_hours ON source = ", source);
  query.add(" AND opens_at = date_trunc('hour', reference_time)");
  query.add(
    " WHERE was_successfully_labeled AND passed_filters AND date BETWEEN ",
    since,
    "::DATE AND ",
    until,
    "::DATE AND (",
    source,
  );
  query.add(" = 'all' OR ", inSource, ")");
  for (const name of names) query.add(" AND ", name, " IS NOT NULL");
  query.add(") GROUP BY is_unsampled");
  const rows = (await query.run(data)).objects() as ({ is_unsampled: boolean })[];
  const [row = {}] = knownWeights(rows);
  const [, n = 0, weight = NaN, ...sums] = Object.values(row) as number[];
  const mean = columns.map((_, i) => sums[i]! / weight!);
  const covariance = columns.map(() => Array<number>(columns.length).fill(NaN));
  let at = columns.length;
  for (let i = 0; i < columns.length; i++) {
    for (let j = i; j < columns.length; j++, at++) {
      covariance[i]![j] = covariance[j]![i] = sums[at]! / weight! - mean[i]! * mean[j]!;
    }
  }
  const r = columns.map((_, i) =>
    columns.map((_, j) => {
      const spread = Math.sqrt(covariance[i]![i]! * covariance[j]![j]!);
      return spread > 1e-12 ? covariance[i]![j]! / spread : NaN;
    })
  );
  return { columns, n, r };
}

/** A query with as many columns as there are attributes; names and values are bound as in `sql`. */
class Query {
  readonly #texts = [""];
  readonly #values: (Identifier | string)[] = [];

  /** Add text and values in turns, beginning with text. */
  add(...parts: (string | Identifier)[]): void {
    parts.forEach((part, index) => {
      if (index % 2 === 0) this.#texts[this.#texts.length - 1] += part as string;
      else {
        this.#values.push(part);
        this.#texts.push("");
      }
    });
  }

  run(data: Data) {
    return data.sql(Object.assign([...this.#texts], { raw: this.#texts }), ...this.#values);
  }
}
