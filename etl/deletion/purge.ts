import { basename, dirname } from "node:path";
import { KEY_DIGITS } from "../export/analysis_column.ts";
import { purgeAnalyses } from "./purge_analyses.ts";
import { QUOTING_COLUMNS } from "../labels/paid_answer.ts";
import { recountPanel } from "../labels/panel.ts";
import { purgeArchive } from "./purge_archive.ts";
import { purgeBatches } from "./purge_batches.ts";
import { purgeLeftovers } from "./purge_leftovers.ts";
import { purgeLines, whileIdle } from "./purge_lines.ts";
import { purgeQuotes } from "./purge_quotes.ts";
import { now, utcDay } from "../run/clock.ts";
import type { Context } from "../command/command.ts";
import { UserError } from "../run/error.ts";
import { subjectsOf } from "./quarantined_subjects.ts";
import { type Database, literal, row } from "../store/duckdb.ts";
import { unlessDamaged } from "../store/damage.ts";
import { leftSegments } from "../store/journal.ts";
import { rewriteParquet, tableOf } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { type PlaceColumns, RAW_PLACE } from "../raw/account_removal.ts";
import type { Removals } from "../raw/removal.ts";
import { SOURCE_NAMES } from "../store/source.ts";
import { subjectHash, subjectHashSql } from "../raw/tombstone.ts";

/** What left the study. */
export interface Purged {
  /** Rows that left a table, by its folder under the data folder; tables that lost none are not named. */
  removed_rows: Record<string, number>;
  /** Rows of labels about replies and quotes, of which what a model wrote was emptied. */
  emptied_answers: number;
}

/** Columns by which a post can be found again, beside its uri. */
const NAMING_COLUMNS = ["cid", "did", "text", "text_hash", "reference_time", "created_at"];

/**
 * Remove deleted posts from every table that still holds them, and from the quarantine; and the
 * half-written files of killed runs, whatever they hold.
 *
 * `removals` come from `indexPosts`, which also says which posts were written anew (`finished`). Labels go with their post, or stay as
 * numbers under the post's keyed hash, as the study says; so do replicates and posts of panels. Posts of
 * hidden accounts leave `posts` alone. What models wrote about posts that reply to a removed one is emptied.
 */
export async function purge(context: Context, removals: Removals): Promise<Purged> {
  const { database, paths, study } = context;
  const { key } = removals;
  await purgeLeftovers(paths);
  const { tombstones } = await row<{ tombstones: number }>(
    database,
    "SELECT (SELECT count(*) FROM removed) + (SELECT count(*) FROM hidden) AS tombstones",
  );
  if (tombstones === 0) return { removed_rows: {}, emptied_answers: 0 };
  const purged: Record<string, number> = {};
  const purgeFrom = async (table: string, condition: string, replacement?: Replacement) => {
    const rows = await purgeTable(database, paths, table, condition, replacement);
    if (rows > 0) purged[table] = rows;
  };
  const uriHash = subjectHashSql(key, "uri");
  // Rows of labels name no author but in their uri.
  const author = "regexp_extract(uri, '^at://([^/]+)', 1)";
  const removedAt = `greatest(${removals.removedAt("uri")}, ${removals.removedAt(author)})`;
  const removedVersion = (time: string, rev?: string, place?: PlaceColumns) =>
    removals.isRemoved({ time, uri: "uri", did: author, rev, place });
  const removedRow = removedVersion("event_time", "rev", RAW_PLACE);
  for (const source of paths.names("raw").filter((name) => name !== "tombstones")) {
    const isOfPosts = (SOURCE_NAMES as readonly string[]).includes(source);
    await purgeFrom(`raw/${source}`, isOfPosts ? removedRow : removedVersion("event_time"));
  }
  const archived = await purgeArchive(context, removedRow);
  await purgeFrom("posts", `${removedVersion("reference_time", "rev")} OR ${removals.isHidden()}`);
  const gone = `${removedAt} IS NOT NULL AND uri NOT IN (SELECT uri FROM finished)`;
  const asNumbers = (condition: string): Replacement | undefined => {
    if (study.after_deletion !== "keep_numbers") return undefined;
    return (columns) => {
      const names = [...NAMING_COLUMNS, ...QUOTING_COLUMNS].filter((name) =>
        columns.includes(name)
      );
      const emptied = names.map((name) => `, NULL AS ${name}`).join("") +
        (columns.includes("labels") ? `, ${NUMBERS_OF_CODERS} AS labels` : "");
      return `SELECT * REPLACE ('deleted:' || ${uriHash} AS uri${emptied})
        FROM old WHERE ${condition}`;
    };
  };
  for (const classifier of paths.names("labels")) {
    await purgeFrom(`labels/${classifier}`, gone, asNumbers(gone));
  }
  await purgeFrom("anchors", gone);
  for (const classifier of paths.names("replicates")) {
    await purgeFrom(`replicates/${classifier}`, gone, asNumbers(gone));
  }
  const emptied_answers = await purgeQuotes(context, removals);
  for (const panel of paths.names("panels")) {
    const isGone = removedVersion("reference_time");
    await purgeFrom(`panels/${panel}`, isGone, asNumbers(isGone));
    await recountPanel(database, paths, panel).catch((error) => {
      if (!(error instanceof UserError)) throw error;
      context.warn(`${error.message}; the number of posts left in the panel ${panel} is unknown`);
    });
  }
  const removed = new Set(
    (await database.runAndReadAll("SELECT subject_hash FROM removed")).getRows().map(String),
  );
  const has = (subject: string) => removed.has(subjectHash(key, subject));
  const isRemoved = (uri: string) => has(uri) || has(/^at:\/\/([^/]+)/.exec(uri)?.[1] ?? "");
  const quarantine = await purgeQuarantine(context, isRemoved);
  const answers = await purgeAnswers(context, isRemoved);
  const batches = await purgeBatches(context, removals, isRemoved);
  let exports = 0;
  const isIdle = await whileIdle(paths, "exports", async () => {
    const keys = new Set(removed.values().map((hash) => hash.slice(0, KEY_DIGITS)));
    exports = await purgeAnalyses(context, { keys, has });
  });
  if (!isIdle) context.warn("export is running: its files are purged by the next preprocess");
  const removed_rows = {
    ...purged,
    ...archived > 0 ? { archive: archived } : {},
    ...quarantine > 0 ? { quarantine } : {},
    ...answers > 0 ? { answers } : {},
    ...batches > 0 ? { batches } : {},
    ...exports > 0 ? { exports } : {},
  };
  return { removed_rows, emptied_answers };
}

/** What coders wrote that is no number may quote the post. */
const NUMBERS_OF_CODERS = `map_from_entries(list_filter(map_entries(labels),
  lambda entry: regexp_full_match(entry.value, '-?[0-9]+([.][0-9]+)?|true|false')))`;

/** Give the query for replacements of removed rows, by the columns of the file. */
type Replacement = (columns: string[]) => string;

/** Rewrite the files of a table in which a condition holds for some row. */
async function purgeTable(
  database: Database,
  paths: DataPaths,
  table: string,
  condition: string,
  replacement?: Replacement,
): Promise<number> {
  let touched = 0;
  // A copy that somebody laid beside a file holds what is deleted too.
  const files = [...paths.files(table).map(({ path }) => path), ...paths.strays(table)];
  for (const path of files) {
    const purged = await unlessDamaged(database, [path], "purge", async () => {
      const { matches } = await row<{ matches: number }>(
        database,
        `SELECT count(*) AS matches FROM (
           SELECT 1 FROM read_parquet(${literal(path)}, hive_partitioning = false)
           WHERE ${condition})`,
      );
      if (matches === 0) return 0;
      const kept = `SELECT * FROM old WHERE NOT (${condition})`;
      const columns = Object.keys((await tableOf(database, path)).columns);
      await rewriteParquet(
        database,
        path,
        replacement ? `${kept} UNION ALL BY NAME ${replacement(columns)}` : kept,
      );
      return matches;
    });
    // Readers of its content name a damaged file.
    if (typeof purged === "number") touched += purged;
  }
  return touched;
}

/**
 * Remove the lines of removed posts and accounts from the quarantine, also those in whose payload
 * their text may stand.
 *
 * Only today's file is still being written: it is left to the next run while its source is running.
 */
async function purgeQuarantine(
  { paths, warn }: Context,
  isGone: (uriOrDid: string) => boolean,
): Promise<number> {
  let touched = 0;
  for (const path of paths.quarantined()) {
    const source = basename(dirname(path));
    const rewrite = async () => {
      touched += await purgeLines<string[]>(path, (names) => names.some(isGone), subjectsOf);
    };
    if (basename(path) !== basename(paths.quarantine(source, utcDay(now())))) {
      await rewrite();
    } else if (!await whileIdle(paths, `sync-${source}`, rewrite)) {
      warn(`${source} is running: its quarantine of today is purged by the next preprocess`);
    }
  }
  return touched;
}

/**
 * Remove paid answers to removed posts from segments, even if the study keeps labels: only the
 * classifier can read the numbers of an answer.
 *
 * Segments of a label set are left to the next run while its classifier is running.
 */
async function purgeAnswers(
  { database, paths, warn }: Context,
  isRemoved: (uri: string) => boolean,
): Promise<number> {
  let touched = 0;
  for (const classifier of paths.names("answers")) {
    for (const labelSetId of paths.names(`answers/${classifier}`)) {
      const isIdle = await whileIdle(paths, `classify-${labelSetId}`, async () => {
        const segments = [
          ...await leftSegments(paths.answers(classifier, labelSetId)),
          ...await leftSegments(paths.replicateAnswers(classifier, labelSetId)),
        ];
        if (segments.length === 0) return;
        const finished = new Set(
          (await database.runAndReadAll("SELECT uri FROM finished")).getRows().map(String),
        );
        for (const path of segments) {
          touched += await purgeLines(path, (uri) => isRemoved(uri) && !finished.has(uri));
        }
      });
      if (!isIdle) {
        warn(`${classifier} is running: its new answers are purged by the next preprocess`);
      }
    }
  }
  return touched;
}
