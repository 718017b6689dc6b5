import { BarTable } from "../charts/bar_table.ts";
import { type FigureFacts, withoutBounds } from "../measures/figure_facts.ts";
import { md, type Note, nothingToDraw } from "../charts/note.ts";
import type { ColumnTable } from "arquero";
import type { Data } from "../query/data.ts";
import { logOdds } from "../measures/log_odds.ts";
import { type Measure, measureParts, type Selection } from "../measures/measure.ts";

/** A term that one side uses more than the other. */
export interface DistinctiveTerm {
  term: string;
  /** `logOdds`: above 0 where posts that say yes use it more. */
  z: number;
  /** Different authors of labelled posts that say yes, and no, with the term. */
  authors_yes: number;
  authors_no: number;
}

/** Which terms are looked for. */
export interface DistinctiveTermsOptions {
  /** `words` of texts, or `hashtags`. */
  of: "words" | "hashtags";
  /** So many different authors on its side, or a term is left out. */
  fewestAuthors: number;
}

/** The terms that tell two sides apart. */
export interface DistinctiveTerms {
  /** Most distinctive of posts that say yes first. */
  terms: DistinctiveTerm[];
  /** Labelled posts that were read. */
  n: number;
}

/** More posts than this say no more, and take long: of more, a random part is read. */
const MOST_POSTS = 50_000;

/**
 * Find the words or hashtags that tell posts of which a measure is true from the others, of labelled
 * posts that passed the filters.
 *
 * Authors are counted and not uses: each counts once a term and side, however often they write it, and
 * weighs as the post of theirs that was least likely to be drawn, with its hour and for its label;
 * weights are scaled to the number of authors. Links, handles and domains are no words; hashtags stand apart from them.
 */
export async function distinctiveTerms(
  data: Data,
  measure: Measure,
  selection: Selection,
  { of, fewestAuthors }: DistinctiveTermsOptions,
): Promise<DistinctiveTerms> {
  const n = await countLabelled(data, measure, selection);
  const table = await termCounts(data, measure, selection, of, fewestAuthors, n);
  const rows = table.objects() as Row[];
  const [{ weight_yes, weight_no, all_yes, all_no } = NOTHING] = rows;
  // So that what was weighted has the variance of as many authors as there are.
  const scale = (all_yes + all_no) / (weight_yes + weight_no);
  const terms = rows.map(({ term, yes, no, authors_yes, authors_no }) => ({
    term,
    z: logOdds(
      { term, first: yes * scale, second: no * scale },
      weight_yes * scale,
      weight_no * scale,
    ),
    authors_yes,
    authors_no,
  })).filter(({ z, authors_yes, authors_no }) =>
    z !== 0 && (z > 0 ? authors_yes : authors_no) >= fewestAuthors
  ).sort((a, b) => b.z - a.z || (a.term < b.term ? -1 : 1));
  return { terms, n: Math.min(n, MOST_POSTS) };
}

/** Links, handles, hashtags, DIDs, and what has a dot within, as domains and bare handles have. */
const NO_WORDS = String.raw`(https?://|[@#＃]|did:)\S*|\S+\.\S*\pL\S*`;
const WORDS = String.raw`\pL[\pL\pM'’-]+[\pL\pM]`;

interface Row {
  term: string;
  yes: number;
  no: number;
  authors_yes: number;
  authors_no: number;
  weight_yes: number;
  weight_no: number;
  all_yes: number;
  all_no: number;
}

const NOTHING = { weight_yes: 0, weight_no: 0, all_yes: 0, all_no: 0 };

async function countLabelled(data: Data, measure: Measure, selection: Selection): Promise<number> {
  const { view, column, since, until, source, inSource } = measureParts(measure, selection);
  const table = await data.sql`
    SELECT count(*) AS n FROM ${view}
    WHERE was_successfully_labeled AND ${column} IS NOT NULL AND passed_filters
      AND date BETWEEN ${since}::DATE AND ${until}::DATE AND (${source} = 'all' OR ${inSource})`;
  return (table.objects()[0] as { n: number }).n;
}

function termCounts(
  data: Data,
  measure: Measure,
  selection: Selection,
  of: DistinctiveTermsOptions["of"],
  fewestAuthors: number,
  n: number,
): Promise<ColumnTable> {
  const { view, column, since, until, source, inSource } = measureParts(measure, selection);
  return data.sql`
    WITH labelled AS (
      SELECT date, uri, did, ${column}::BOOLEAN AS y,
        coalesce(1 / (label_prob * coalesce(window_prob, 1)), 1) AS weight
      FROM ${view} LEFT JOIN drawn_hours
        ON source = ${source} AND opens_at = date_trunc('hour', reference_time)
      WHERE was_successfully_labeled AND ${column} IS NOT NULL AND passed_filters
        AND date BETWEEN ${since}::DATE AND ${until}::DATE AND (${source} = 'all' OR ${inSource})
        AND hash(uri) % 1000000 < ${Math.ceil(1_000_000 * Math.min(1, MOST_POSTS / Math.max(1, n)))}
    ),
    terms AS (
      SELECT labelled.did, y, weight, unnest(list_distinct(CASE WHEN ${of} = 'hashtags'
        THEN list_transform(hashtags, tag -> '#' || lower(tag))
        ELSE regexp_extract_all(lower(regexp_replace(text_normalized, ${NO_WORDS}, ' ', 'g')), ${WORDS})
        END)) AS term
      FROM labelled JOIN posts ON posts.date = labelled.date AND posts.uri = labelled.uri
      WHERE posts.date BETWEEN ${since}::DATE AND ${until}::DATE
    ),
    by_author AS (
      SELECT term, y, did, max(weight) AS weight FROM terms GROUP BY term, y, did
    )
    SELECT term,
      coalesce(sum(weight) FILTER (y), 0) AS yes, coalesce(sum(weight) FILTER (NOT y), 0) AS no,
      count(*) FILTER (y) AS authors_yes, count(*) FILTER (NOT y) AS authors_no,
      coalesce(sum(sum(weight) FILTER (y)) OVER (), 0) AS weight_yes,
      coalesce(sum(sum(weight) FILTER (NOT y)) OVER (), 0) AS weight_no,
      sum(count(*) FILTER (y)) OVER () AS all_yes, sum(count(*) FILTER (NOT y)) OVER () AS all_no
    FROM by_author GROUP BY term
    QUALIFY greatest(count(*) FILTER (y), count(*) FILTER (NOT y)) >= ${fewestAuthors}`;
}

const SHOWN = 12;

/** Put the terms that tell most on both sides into a table with bars, or say that there are none. */
export function distinctiveTermsTable(
  title: string,
  { terms, n }: DistinctiveTerms,
  facts: FigureFacts,
): BarTable | Note {
  if (n === 0) return nothingToDraw(title, facts);
  const yes = terms.filter(({ z }) => z > 0).slice(0, SHOWN);
  const no = terms.filter(({ z }) => z < 0).slice(-SHOWN);
  if (yes.length + no.length === 0) {
    return md`**${title}: there are none** that enough different authors use (n = ${n} posts).`;
  }
  return new BarTable({
    title,
    measure: "z of the log-odds",
    format: (z) => z.toFixed(1),
    facts: {
      ...withoutBounds(facts),
      n,
      also:
        "Terms above 0 tell political posts, terms below 0 the others. Less than 2 on either side is what " +
        "chance gives. Each author counts once a term.",
    },
    rows: [...yes, ...no].map(({ term, z, authors_yes, authors_no }) => ({
      name: term,
      value: z,
      more: { "authors, political": authors_yes, "authors, other": authors_no },
    })),
  });
}
