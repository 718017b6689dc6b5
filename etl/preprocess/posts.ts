import type { DataPaths } from "../store/paths.ts";
import type { Inputs } from "../raw/inputs.ts";
import type { ConfiguredFilter } from "../filters/load_filters.ts";
import { rawRows } from "../raw/raw_rows.ts";
import { SOURCE_COLUMNS } from "../store/source.ts";
import { type Database, literal, resetThreads, row, rows } from "../store/duckdb.ts";
import { damage } from "../store/damage.ts";
import { tableOf, writeParquet } from "../store/parquet.ts";
import { POSTS, type Table, withColumns } from "../store/tables.ts";

/** Any white space of Unicode, and control characters. */
const SPACE = "[\\s\\p{Z}\\p{Cc}]+";
/** Finds texts with other space than single blanks: replacing costs ten times as much. */
const OTHER_SPACE = "[\\s\\p{Z}\\p{Cc}]{2}|[^\\PZ ]|\\p{Cc}";
const LINK = "https?://\\S+";
const HANDLE = "(^|[\\s\\p{Z}(])@[\\w.-]+";
const HASHTAG = "[#＃][^\\s\\p{Z}#＃]+";

/** Columns of posts that are as in raw. */
const FROM_RAW = [
  "uri",
  "cid",
  "did",
  "rkey",
  "rev",
  "text",
  "langs",
  "reply_root_uri",
  "reply_parent_uri",
  "embed_kind",
  "quoted_uri",
  "external_title",
  "external_description",
  "external_url",
  "image_alts",
  "hashtags",
  "links",
  "self_labels",
];
/** Columns of posts that stand in the index. */
const FROM_INDEX = [
  "reference_time",
  "created_at",
  "created_at_suspect",
  ...SOURCE_COLUMNS,
  "in_covered_minute",
  "like_count",
  "repost_count",
  "reply_count",
  "quote_count",
  "count_age_hours",
  "like_count_48h",
  "repost_count_48h",
  "reply_count_48h",
  "quote_count_48h",
  "count_48h_age_hours",
];

/**
 * Make the view `contents`: the posts of a day as the sources gave them, with the key `version`.
 *
 * It reads the raw parts each time, so that a day never has to be held at once. Needs `post_index` and
 * `raw_files`.
 */
export async function openDay(database: Database, day: string): Promise<void> {
  const files = await rows<{ path: string }>(
    database,
    `SELECT path FROM raw_files WHERE file IN (
       SELECT version // 4294967296 FROM post_index WHERE date = ${literal(day)}) ORDER BY file`,
  );
  const columns = [
    ...FROM_RAW.map((name) => `r.${name}`),
    ...FROM_INDEX.map((name) => `i.${name}`),
  ];
  await database.run(`CREATE OR REPLACE TEMP VIEW contents AS
    SELECT i.version, ${columns.join(", ")}
    FROM ${rawRows(files.map(({ path }) => path))} r JOIN raw_files f ON f.path = r.file
    JOIN (FROM post_index WHERE date = ${literal(day)}) i
      ON i.version = f.file * 4294967296 + r.row`);
}

/**
 * Does a file of posts already hold what `contents` and the filters would give?
 *
 * Every other column follows from these and from the hash of the filters.
 */
export async function isUpToDate(
  database: Database,
  path: string,
  table: Table,
  filterConfigHash: string,
): Promise<boolean> {
  const content = `hash(${[...FROM_RAW, ...FROM_INDEX].join(", ")})`;
  const digest = `count(*) AS n, bit_xor(${content}) AS x, sum(${content}) AS s`;
  try {
    const { version, columns } = await tableOf(database, path);
    if (version !== table.version) return false;
    if (JSON.stringify(columns) !== JSON.stringify(table.columns)) return false;
    const { same } = await row<{ same: boolean | null }>(
      database,
      `SELECT (SELECT {'n': n, 'x': x, 's': s} FROM (SELECT ${digest} FROM contents)) =
         (SELECT {'n': n, 'x': x, 's': s} FROM (SELECT ${digest}
           FROM read_parquet(${literal(path)}, hive_partitioning = false)
           HAVING bool_and(filter_config_hash = ${literal(filterConfigHash)}))) AS same`,
    );
    return same === true;
  } catch (error) {
    if (await damage(database, path) === undefined) throw error;
    return false;
  }
}

/**
 * Make the temporary table `texts` of `contents`: version and bare_text, which is NFC with single
 * spaces, without links, handles and hashtags.
 */
export async function collectTexts(database: Database): Promise<void> {
  const bare = `regexp_replace(regexp_replace(regexp_replace(nfc_normalize(text),
    '${LINK}', ' ', 'g'), '${HANDLE}', '\\1', 'g'), '${HASHTAG}', ' ', 'g')`;
  await database.run(`CREATE OR REPLACE TEMP TABLE texts AS
    SELECT version, ${singleSpaced("bare")} AS bare_text
    FROM (SELECT version, ${bare} AS bare FROM contents)`);
}

function singleSpaced(text: string): string {
  return `trim(CASE WHEN regexp_matches(${text}, '${OTHER_SPACE}')
    THEN regexp_replace(${text}, '${SPACE}', ' ', 'g') ELSE ${text} END)`;
}

/** Give the table of posts that is written, with the columns of the filters. */
export function postsTable(filters: ConfiguredFilter[]): Table {
  return withColumns(
    POSTS,
    Object.fromEntries(filters.map(({ column }) => [column, "BOOLEAN"])),
  );
}

/**
 * Make the view `candidates`, which filters read, from `contents`, `texts` and `languages`, and prepare
 * the filters' tables from it.
 */
export async function prepareCandidates(
  database: Database,
  filters: ConfiguredFilter[],
): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP VIEW candidates AS
    SELECT c.*, t.bare_text, l.detected_language, l.detected_language_score
    FROM contents c JOIN texts t USING (version) JOIN languages l USING (version)`);
  for (const { preparation } of filters) {
    for (const statement of preparation) await database.run(statement);
  }
}

/**
 * Write the day of `contents` with the flags of `candidates`, in the order of the raw parts.
 *
 * Drops `texts` and `languages`. Gives the number of rows.
 */
export async function writePosts(
  database: Database,
  filters: ConfiguredFilter[],
  filterConfigHash: string,
  path: string,
): Promise<number> {
  const flags = filters.map(({ column, expression }) =>
    `, coalesce(${expression}, false) AS ${column}`
  );
  const passed = filters.map(({ column }) => `NOT ${column}`).join(" AND ") || "true";
  await database.run(`CREATE OR REPLACE TEMP TABLE judged AS
    SELECT version, detected_language, detected_language_score ${flags.join("")} FROM candidates`);
  await database.run("DROP VIEW candidates; DROP TABLE texts; DROP TABLE languages");
  // Sorting would hold the whole day. So joins follow the order of raw, and one thread holds one row group.
  await database.run(`SET preserve_insertion_order = true; SET threads = 1;
    SET disabled_optimizers = 'join_order,build_side_probe_side'`);
  try {
    return await writeParquet(
      database,
      postsTable(filters),
      `SELECT *, ${singleSpaced("nfc_normalize(text)")} AS text_normalized,
         left(sha256(text), 32) AS text_hash,
         ${passed} AS passed_filters, ${literal(filterConfigHash)} AS filter_config_hash
       FROM contents JOIN judged USING (version)`,
      path,
    );
  } finally {
    await database.run("RESET disabled_optimizers; SET preserve_insertion_order = false");
    await resetThreads(database);
  }
}

/** Give the files of posts that stay as they are, as their raw data is damaged or elsewhere. */
export async function standingPosts(
  database: Database,
  paths: DataPaths,
  { stoppedDays }: Inputs,
): Promise<string[]> {
  const standing: string[] = [];
  for (const { path, day } of paths.files("posts")) {
    if (!stoppedDays.has(day!) || await damage(database, path) !== undefined) continue;
    standing.push(path);
  }
  return standing;
}
