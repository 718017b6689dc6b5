import { partName } from "../store/part_name.ts";
import { basename, extname, resolve } from "node:path";
import {
  type Columns,
  COUNT_COLUMNS,
  describeSynonyms,
  missingColumns,
  understand,
} from "./columns.ts";
import { checkCsv, csvRows } from "./csv.ts";
import { humanLabelSet, landHumanLabels } from "./human_labels.ts";
import { ImportReader } from "./import_reader.ts";
import { ImportedRows } from "./imported_rows.ts";
import { knownPosts } from "./known_posts.ts";
import { describeLost, findPostsOfLabels, type FoundLabels } from "../labels/found_posts.ts";
import { landScores, scoreLabelSet, type ScoreTable } from "./imported_scores.ts";
import { comparedText } from "../labels/same_text.ts";
import { labelSetId } from "../labels/label_set.ts";
import { warnOfCoding } from "./coding_warnings.ts";
import { describeImport } from "./import_text.ts";
import { noLabels, nothingLanded } from "./nothing_landed.ts";
import { namingColumn } from "./naming_column.ts";
import { postsLine } from "../raw/journal_line.ts";
import { landLeftovers, landSegment } from "../raw/land.ts";
import { now, utcDay } from "../run/clock.ts";
import type { Command, Context, Outcome } from "../command/command.ts";
import { EXIT, UserError } from "../run/error.ts";
import { type Database, rows } from "../store/duckdb.ts";
import { Journal } from "../store/journal.ts";
import { unlessDamaged } from "../store/damage.ts";
import { lock } from "../store/lock.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { Quarantine } from "../store/quarantine.ts";
import { SOURCE_NAMES } from "../store/source.ts";
import { RAW } from "../store/tables.ts";

const SOURCE = "import";
/** Posts per journal line. */
const PAGE = 1000;
/** Rows without a time that are held until their posts are looked up. */
const MOST_WAITING = 50_000;

interface Options {
  labels?: string[];
  coder?: string;
  as?: string;
}

/** The task of importing CSV files, without its `run`. */
export const DESCRIPTION: Omit<Command, "run"> = {
  task: "import",
  description:
    "Import posts that you already have, from a CSV file with the columns uri, created_at and text.\n\n" +
    "Optional columns: like_count, repost_count, reply_count, quote_count; labels by human coders;\n" +
    "coder; and Perspective's probabilities (prob_toxic, ..., which become a label set of their own).\n" +
    "counted_at says when the counts were taken; counts without it never replace others that have a time.\n" +
    "Every other column is kept with the post in raw/import. A row without a post or a time is set\n" +
    "aside with its line number and the reason; any other cell that cannot be read costs that cell.\n" +
    "Of posts that are here neither created_at nor text is needed: a file of labels or counts needs uri\n" +
    "alone, and labels of posts that are not here wait for them.\n" +
    "Importing the same file again changes nothing.\n\n" +
    "A created_at without a zone is UTC, a date alone is its midnight. Fields may be separated by\n" +
    "commas, semicolons, tabs or |. NA, NaN, NULL and nothing are missing. A uri may be a link\n" +
    "(https://bsky.app/profile/did:.../post/...). Case, blanks and _ in column names make no\n" +
    "difference. One column names the posts of the whole file: uri where there is one, else the one of\n" +
    "those below that names most. Understood as well, as exports of 4CAT and minet have them:\n" +
    describeSynonyms(),
  arguments: [{ name: "<file>", description: "CSV file in UTF-8 with a header line" }],
  options: [
    {
      flags: "--labels <columns>",
      description: "columns with labels, separated by commas (default: those that end in _label)",
      parse: (text) => text.split(",").map((name) => name.trim()).filter((name) => name !== ""),
    },
    {
      flags: "--coder <name>",
      description: "coder of the labels, if the file has no column coder",
    },
    {
      flags: "--as <name>",
      description:
        "name of the label set, the same for files of several coders (default for CSV: the file's name)",
    },
  ],
  examples: [
    "deno task import posts.csv",
    "deno task import anna.csv --labels civic,lean --coder anna --as round_1",
  ],
};

/**
 * Import a CSV file: posts, human labels, and scores of a classifier.
 *
 * Throws a usage error where the file or an option cannot be used.
 */
export async function importPosts(
  context: Context,
  options: Options,
  file: string,
  table: ScoreTable,
): Promise<Outcome> {
  const { paths, database, progress, signal } = context;
  const path = resolve(file);
  const csv = await checkCsv(
    path,
    (header) => missingColumns(header, isOfPostsHere(header, options.labels, table)),
  );
  const { header } = csv;
  const columns = understand(header);
  columns.uri = await namingColumn(path, csv, columns.uri);
  const variables = chooseVariables(header, options.labels, path);
  const scores = chooseScores(header.filter((column) => !variables.includes(column)), table);
  await using _lock = await lock(paths.locks(), `sync-${SOURCE}`, `import ${path}`);
  const { errors, ...landed } = await landLeftovers(database, paths, SOURCE);
  const reader = new ImportReader(
    new Quarantine(paths, SOURCE),
    await ImportedRows.read(database, paths.files(`raw/${SOURCE}`).map((file) => file.path)),
    columns,
    { variables, coder: options.coder, scores },
  );
  const journal = await Journal.create(paths.journal(SOURCE), partName());
  const posts = paths.files("posts").map((file) => file.path);
  const known = (uris: string[]) => knownPosts(database, posts, uris, `import ${path}`);
  let read = 0;
  try {
    for await (const { fields, raw, line } of csvRows(path, csv)) {
      if (signal.aborted) break;
      reader.take({ fields, raw, where: { file: basename(path), line } });
      await reader.settle(MOST_WAITING, known);
      if (reader.posts.length >= PAGE) journal.append(postsLine(reader.posts.splice(0)));
      if (++read % PAGE === 0) await journal.commit();
      progress.update(() => `${read} of ${csv.rows} rows read`);
    }
    await reader.settle(0, known);
    reader.finish();
    if (reader.posts.length > 0) journal.append(postsLine(reader.posts.splice(0)));
    await journal.commit();
    await reader.quarantine.commit();
  } finally {
    journal.close();
  }
  if (journal.bytes > 0) {
    landed.posts += (await landSegment(database, paths, SOURCE, journal.path)).posts;
  }
  const setName = options.as ?? basename(path, extname(path));
  const set = humanLabelSet(setName, variables);
  const scoreNames = Object.keys(scores);
  const scoreSet = scoreLabelSet(table.classifier, setName, scoreNames);
  const labels = [...reader.labels];
  await useLandedTexts(database, paths, reader);
  await landHumanLabels(context, set, labels);
  const scored = [...reader.scores];
  await landScores(context, scoreSet, table, scoreNames, scored);
  const found = await findLabelled(context, [
    ...labels.length > 0 ? [labelSetId(set)] : [],
    ...scored.length > 0 ? [labelSetId(scoreSet)] : [],
  ]);
  warnOfDiffering(context, reader.differing);
  if (variables.length > 0) await warnOfCoding(context, set, reader);
  if (read > 0) warnOfColumns(context, reader, header, variables);
  const summary = {
    rows: read,
    new_posts: landed.posts - reader.newCounts - reader.copies,
    new_counts: reader.newCounts,
    undated_counts: reader.undatedCounts,
    posts_here_before: reader.hereBefore,
    differing_rows: reader.differing,
    labels: labels.length,
    label_set_id: labels.length > 0 ? labelSetId(set) : null,
    label_columns: variables,
    found_labels: found.sets,
    scored_posts: scored.length,
    score_label_set_id: scored.length > 0 ? labelSetId(scoreSet) : null,
    score_columns: scoreNames,
    labels_without_post: reader.withoutPost,
    kept_with_the_post: landed.posts === 0
      ? []
      : keptColumns(header, columns, [...variables, ...Object.values(scores)]),
    missing_texts: reader.missingTexts,
    unreadable_cells: Object.fromEntries(
      reader.unreadable.entries().map(([column, { cells }]) => [column, cells]),
    ),
    set_aside: reader.quarantine.counts,
  };
  const aside = paths.quarantine(SOURCE, utcDay(now()));
  const nothing = signal.aborted ? [] : [
    ...nothingLanded(path, reader.quarantine, read, aside),
    ...noLabels(path, variables, reader, landed.posts),
  ];
  return {
    summary,
    text: describeImport(summary, reader.unreadable, table.classifier, aside),
    stopped: signal.aborted,
    errors: [...errors, ...found.errors, ...nothing],
  };
}

/** Warn of rows that say other things of their posts than the first row that came in. */
function warnOfDiffering({ warn }: Context, differing: ImportReader["differing"]) {
  if (differing.rows === 0) return;
  warn(
    `${differing.rows} rows have another created_at (${differing.created_at}) or text ` +
      `(${differing.text}) than the first row that was imported of their post: a post that only ` +
      "imports brought keeps the first",
  );
}

/** Warn where a file may have meant to bring more than was understood. */
function warnOfColumns(
  { warn }: Context,
  { withoutPost, columns, labels, quarantine }: ImportReader,
  header: string[],
  variables: string[],
) {
  if (withoutPost > 0) {
    warn(`${withoutPost} rows label posts that are not here: their labels wait until these are`);
  }
  if (variables.length > 0 && labels.size === 0) {
    warn(`no row has a label that can be used (${variables.join(", ")})`);
  }
  if (columns.created_at.length === 0 && quarantine.counts.no_such_post) {
    warn(
      `no column is taken for created_at, without which a post that is not here cannot come in (the ` +
        `columns are ${header.join(", ")})`,
    );
  }
  if (variables.length === 0 && columns.coder.length > 0) {
    warn(
      `no column is taken for labels, though there is a column ${
        columns.coder[0]
      }: name them with ` +
        `--labels (the columns are ${header.join(", ")})`,
    );
  }
}

/** Give labels of posts that are here the text by which these landed: only its hash stays with a label. */
async function useLandedTexts(
  database: Database,
  paths: DataPaths,
  { labelledBefore, labels, scores }: ImportReader,
): Promise<void> {
  if (labelledBefore.size === 0) return;
  const files = paths.files(`raw/${SOURCE}`).map((file) => file.path);
  const landed = await rows<{ uri: string; text: string }>(
    database,
    `SELECT DISTINCT uri, text FROM ${relation(RAW, files)} ORDER BY uri, text`,
  );
  const texts = Map.groupBy(
    landed.filter(({ uri }) => labelledBefore.has(uri)),
    ({ uri }) => uri,
  );
  for (const label of [...labels, ...scores]) {
    const known = (texts.get(label.uri) ?? []).map(({ text }) => text);
    if (known.includes(label.text)) continue;
    const compared = comparedText(label.text, "NFC");
    label.text = known.find((text) => comparedText(text, "NFC") === compared) ?? label.text;
  }
}

/** Find the posts of the labels that landed, among those that are built. */
async function findLabelled(
  { database, paths, warn }: Context,
  sets: string[],
): Promise<{ sets: FoundLabels[]; errors: UserError[] }> {
  const list = (table: string) => paths.files(table).map(({ path }) => path);
  if (sets.length === 0) return { sets: [], errors: [] };
  const raw = Object.fromEntries(SOURCE_NAMES.map((name) => [name, list(`raw/${name}`)]));
  const tombstones = list("raw/tombstones");
  const files = [...list("posts"), ...Object.values(raw).flat(), ...tombstones];
  const found = await unlessDamaged(
    database,
    files,
    "find the posts of labels",
    () => findPostsOfLabels(database, paths, raw, tombstones),
  );
  if (!Array.isArray(found)) return { sets: [], errors: [found] };
  const ofFile = found.filter(({ label_set_id }) => sets.includes(label_set_id));
  // Posts that this file brought are not built yet.
  for (const one of ofFile) {
    if (one.found + one.without_post < one.labels || one.by_uri_alone > 0) {
      describeLost(one).forEach(warn);
    }
  }
  return { sets: ofFile, errors: [] };
}

/** Give the columns that have no meaning here; several may mean the same, and one of them counts. */
function keptColumns(header: string[], columns: Columns, labels: string[]): string[] {
  const used = [...Object.values(columns).flatMap((names) => names.slice(0, 1)), ...labels];
  return header.filter((column) => !used.includes(column));
}

/** Has a file columns of labels, scores or counts, so that it need not have the posts themselves? */
function isOfPostsHere(header: string[], asked: string[] | undefined, table: ScoreTable): boolean {
  const names = asked?.map((name) => name.toLowerCase());
  const columns = understand(header);
  const hasCounts = COUNT_COLUMNS.some((name) => columns[name].length > 0);
  return hasCounts && columns.created_at.length === 0 ||
    Object.keys(chooseScores(header, table)).length > 0 ||
    header.some((column) => names?.includes(column.toLowerCase()) ?? /_label$/i.test(column));
}

function chooseVariables(header: string[], asked: string[] | undefined, path: string): string[] {
  if (asked === undefined) return header.filter((column) => /_label$/i.test(column));
  const named = asked.map((name) =>
    header.find((column) => column === name) ??
      header.find((column) => column.toLowerCase() === name.toLowerCase())
  );
  const unknown = asked.filter((_, index) => named[index] === undefined);
  if (unknown.length === 0) return [...new Set(named as string[])];
  throw new UserError(
    `import ${path}`,
    `it has no column ${unknown.join(", ")}`,
    `Its columns are ${header.join(", ")}`,
    { exitCode: EXIT.usage },
  );
}

/** Give the columns of a file that hold scores, by their names in the table of scores. */
function chooseScores(header: string[], { columns }: ScoreTable): Record<string, string> {
  return Object.fromEntries(
    Object.keys(columns).flatMap((name) => {
      const column = header.find((column) => column.toLowerCase() === name);
      return column === undefined ? [] : [[name, column] as const];
    }),
  );
}
