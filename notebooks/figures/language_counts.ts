import { BarTable } from "../charts/bar_table.ts";
import type { FigureFacts } from "../measures/figure_facts.ts";
import { md, type Note } from "../charts/note.ts";
import { formatShare } from "../measures/number_format.ts";
import type { Data } from "../query/data.ts";
import { measureParts, type Selection } from "../measures/measure.ts";

/** The posts of a detected language. */
export interface LanguageCount {
  /** ISO 639-1, or `none detected`. */
  language: string;
  n: number;
  /** The share of all posts of the selection. */
  share: number;
  n_passed: number;
}

/** Count posts by detected language, most frequent first; what comes after `most` is one row. */
export async function languageCounts(
  data: Data,
  selection: Selection = {},
  most = 12,
): Promise<LanguageCount[]> {
  const { since, until, source, inSource } = measureParts({ view: "posts", column: "" }, selection);
  const table = await data.sql`
    SELECT coalesce(detected_language, 'none detected') AS language, count(*) AS n,
      count(*) FILTER (passed_filters) AS n_passed
    FROM posts
    WHERE date BETWEEN ${since}::DATE AND ${until}::DATE AND (${source} = 'all' OR ${inSource})
    GROUP BY 1 ORDER BY n DESC, language`;
  const rows = table.objects() as Omit<LanguageCount, "share">[];
  const sum = (of: typeof rows, name: "n" | "n_passed") =>
    of.reduce((total, row) => total + row[name], 0);
  const rest = rows.slice(most);
  const shown = rest.length < 2 ? rows : [...rows.slice(0, most), {
    language: `${rest.length} others`,
    n: sum(rest, "n"),
    n_passed: sum(rest, "n_passed"),
  }];
  const all = sum(rows, "n");
  return shown.map((row) => ({ ...row, share: row.n / all }));
}

/** Put the counts of languages into a table with bars. */
export function languagesTable(
  counts: LanguageCount[],
  facts: Pick<FigureFacts, "denominator" | "coverage">,
): BarTable | Note {
  const n = counts.reduce((sum, { n }) => sum + n, 0);
  if (n === 0) return md`**There are no posts yet**, so there are no languages.`;
  return new BarTable({
    title: "Detected languages",
    measure: "share of posts",
    facts: { ...facts, n },
    rows: counts.map(({ language, share, n, n_passed }) => ({
      name: language,
      value: share,
      n,
      more: { "passed the filters": formatShare(n_passed, n) },
    })),
  });
}
