import { CLASSIFIER as HUMAN, COLUMNS } from "../labels/coded_posts.ts";
import { QUOTING_COLUMNS } from "../labels/paid_answer.ts";
import { EXIT, UserError } from "../run/error.ts";
import { literal } from "../store/duckdb.ts";
import { subjectHashSql } from "../raw/tombstone.ts";
import { LABELS, POSTS } from "../store/tables.ts";
import { STRATUM_OF_POST } from "../labels/stratum.ts";
import { fileURLToPath } from "node:url";

/** Meanings of an analysis file's columns for human labels. */
const CODED_MEANINGS: Record<string, string> = {
  labeled: "whether any coder labelled the post",
  labels: "answers by variable: that of most coders of the post, none on a tie",
};

/** The longest name in Stata. */
const LONGEST_NAME = 32;
/** Digits of a keyed hash that stand for a post or an account in an analysis file: 128 bits. */
export const KEY_DIGITS = 32;

/** A column of an analysis file, with its codebook entry. */
export interface AnalysisColumn {
  name: string;
  /** DuckDB type. */
  type: string;
  /** SQL over a row `p` of posts, `w` of its hour and `<classifier>` of its labels. */
  sql: string;
  meaning: string;
  unit: string;
  /** The table and column that it comes from. */
  source: string;
}

/** A label set in an analysis file, with the classifier's own columns. */
export interface ChosenLabelSet {
  classifier: string;
  label_set_id: string;
  /** DuckDB types by column, without those that every label has. */
  columns: Record<string, string>;
}

const NO_YES = "0 no, 1 yes";

/** Give the columns of an analysis file. Throws where two would have one name. */
export function analysisColumns(
  sets: ChosenLabelSet[],
  hashKey: string,
  withUris: boolean,
): AnalysisColumn[] {
  const columns = [
    ...postColumns(hashKey),
    ...withUris ? uriColumns() : [],
    ...sets.flatMap(labelColumns),
  ];
  const names = columns.map(({ name }) => name.toLowerCase());
  const twice = columns.find(({ name }, index) => names.indexOf(name.toLowerCase()) !== index);
  if (twice !== undefined) {
    throw new UserError(
      "name the columns of the export",
      `two would be called ${twice.name}, as names have ${LONGEST_NAME} characters at most`,
      "Export one of the classifiers at a time with --labels",
      { exitCode: EXIT.usage },
    );
  }
  return columns;
}

/** When a post was written, as its `date` has it. */
const WRITTEN =
  "CASE WHEN p.created_at_suspect THEN p.reference_time ELSE coalesce(p.created_at, p.reference_time) END";

function postColumns(hashKey: string): AnalysisColumn[] {
  const key = (column: string) => `left(${subjectHashSql(hashKey, `p.${column}`)}, ${KEY_DIGITS})`;
  const meanings = columnMeanings("posts");
  const flag = (name: string): AnalysisColumn => ({
    name,
    type: "BOOLEAN",
    sql: `coalesce(p.${name}, false)`,
    meaning: meanings[name]!,
    unit: NO_YES,
    source: `posts.${name}`,
  });
  return [
    {
      name: "date",
      type: "DATE",
      sql: "CAST(p.day AS DATE)",
      meaning: "the day on which the post was written",
      unit: "UTC day",
      source: "posts.date",
    },
    {
      name: "hour",
      type: "INTEGER",
      sql: `hour(${WRITTEN})`,
      meaning: "the hour in which it was written",
      unit: "hour of the day, UTC, 0 to 23",
      source: "posts.created_at, posts.reference_time",
    },
    {
      name: "post_key",
      type: "VARCHAR",
      sql: key("uri"),
      meaning: "stands for the post: the beginning of its keyed hash, as in raw/tombstones",
      unit: `${KEY_DIGITS} hexadecimal digits`,
      source: "posts.uri",
    },
    {
      name: "author_key",
      type: "VARCHAR",
      sql: key("did"),
      meaning: "stands for its author, likewise; posts of one author have the same",
      unit: `${KEY_DIGITS} hexadecimal digits`,
      source: "posts.did",
    },
    ...Object.keys(POSTS.columns).filter((name) => /^in_(?!covered)/.test(name)).map((name) => ({
      ...flag(name),
      meaning: `the source ${name.slice("in_".length)} brought it`,
    })),
    flag("passed_filters"),
    {
      name: "stratum",
      type: "VARCHAR",
      sql: STRATUM_OF_POST,
      meaning: "part of the day's posts that is drawn for labelling at a rate of its own",
      unit: "category",
      source: "posts.in_most_liked, posts.passed_filters",
    },
    {
      name: "window_prob",
      type: "DOUBLE",
      sql: "w.window_prob",
      meaning: "probability with which its hour was drawn, for the source of the export",
      unit: "probability, 0 to 1; empty where hours were not drawn or no source was named",
      source: "windows.window_prob",
    },
  ];
}

function uriColumns(): AnalysisColumn[] {
  const meanings = columnMeanings("posts");
  return ["uri", "did"].map((name) => ({
    name,
    type: "VARCHAR",
    sql: `p.${name}`,
    meaning: meanings[name] === "key" ? "at:// URI of the post" : meanings[name]!,
    unit: "text that names a person",
    source: `posts.${name}`,
  }));
}

function labelColumns({ classifier, columns }: ChosenLabelSet): AnalysisColumn[] {
  const folder = `labels/${classifier}`;
  const [common, own] = [columnMeanings("labels/<classifier>"), columnMeanings(folder)];
  const of = (column: string) => `"${classifier}"."${column}"`;
  const column = (
    name: string,
    from: string,
    type: string,
    unit: string,
    meaning: string,
    sql = of(from),
  ): AnalysisColumn => ({
    name: nameOf(classifier, name),
    type,
    sql,
    meaning: classifier === HUMAN ? CODED_MEANINGS[name] ?? meaning : meaning,
    unit,
    source: `${folder}.${from}`,
  });
  return [
    column(
      "labeled",
      "was_successfully_labeled",
      "BOOLEAN",
      `${NO_YES}, empty: not tried`,
      "whether the label set has a label of the post; if not, the next column says why",
    ),
    column("reason", "reason", "VARCHAR", "category", "why it has none"),
    column("label_prob", "label_prob", "DOUBLE", "probability, 0 to 1", common.label_prob!),
    column(
      "weight",
      "label_prob",
      "DOUBLE",
      "posts",
      "the number of posts it stands for: 1 / (label_prob × window_prob), window_prob where it is known",
      `1 / (${of("label_prob")} * coalesce(w.window_prob, 1))`,
    ),
    ...Object.entries(columns).filter(([name]) => !QUOTING_COLUMNS.includes(name)).map((
      [name, type],
    ) => column(name, name, type, unitOf(name, type), own[name] ?? "not in data/README.md")),
  ];
}

/** Name a column of a classifier, as far as there is room. */
function nameOf(classifier: string, column: string): string {
  return `${classifier}_${column}`.replace(/\W/g, "_").slice(0, LONGEST_NAME);
}

function unitOf(name: string, type: string): string {
  if (type === "BOOLEAN") return NO_YES;
  if (name.startsWith("prob_")) return "probability, 0 to 1";
  if (type === "VARCHAR") return "category";
  if (type.endsWith("[]")) return "list of categories";
  if (type === COLUMNS.labels) return "category by variable";
  if (type.startsWith("MAP")) return "number by category";
  return "number";
}

/** Give the label columns of a classifier that an analysis file has, among those of its files. */
export function ownColumns(found: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(found).filter(([name]) => !(name in LABELS.columns)));
}

/**
 * Give the values of a column of an analysis file as SQL for a CSV file that R, Stata and SPSS read:
 * 0 and 1, lists with semicolons between, maps as JSON.
 */
export function csvValue(name: string, type: string): string {
  const column = `"${name}"`;
  if (type === "BOOLEAN") return `${column}::INTEGER AS ${column}`;
  if (type.endsWith("[]")) return `array_to_string(${column}, ${literal(";")}) AS ${column}`;
  if (type.startsWith("MAP")) return `to_json(${column})::VARCHAR AS ${column}`;
  return column;
}

const DICTIONARY = fileURLToPath(new URL("../../data/README.md", import.meta.url));

/**
 * Read the data dictionary's meanings of a table's columns, by column, without links.
 *
 * `heading` is that of the table in `data/README.md`, such as `posts` or `labels/dictionary`. A table
 * that it does not describe gives nothing.
 */
function columnMeanings(heading: string): Record<string, string> {
  const text = Deno.readTextFileSync(DICTIONARY).replaceAll("\r\n", "\n");
  const start = text.indexOf(`\n### \`${heading}\`\n`);
  if (start === -1) return {};
  const section = text.slice(start + 1).split(/\n#{2,3} /)[0]!;
  const rows = section.matchAll(/^\| `([^`]+)` \| [^|]+ \| ?(.*?) ?\|$/gm);
  return Object.fromEntries(
    [...rows].map((
      [, column, meaning],
    ) => [column!, meaning!.replace(/\[([^\]]+)\]\([^)]+\)/g, "$1")]),
  );
}
