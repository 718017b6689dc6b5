import type { Removals } from "./raw/removal.ts";
import { createHash } from "node:crypto";
import { resolveAccounts } from "./filters/account_list.ts";
import { type ConfiguredFilter, loadFilters } from "./filters/load_filters.ts";
import { countFlags, type FilterSummary, filterTable } from "./filters/filter_summary.ts";
import { type Inputs, listInputs, withoutDamage } from "./raw/inputs.ts";
import {
  collectTexts,
  isUpToDate,
  openDay,
  postsTable,
  prepareCandidates,
  standingPosts,
  writePosts,
} from "./preprocess/posts.ts";
import { detectLanguages, DETECTOR, LanguagePool } from "./preprocess/language_pool.ts";
import {
  type CreationTimes,
  creationTimes,
  describeCreationTimes,
} from "./methods/creation_times.ts";
import { indexPosts } from "./preprocess/post_index.ts";
import { purge } from "./deletion/purge.ts";
import { emptiedLines } from "./deletion/purge_quotes.ts";
import { describeLost, findPostsOfLabels, type FoundLabels } from "./labels/found_posts.ts";
import type { Command, Context, Outcome } from "./command/command.ts";
import { type Database, literal, row, rows } from "./store/duckdb.ts";
import { lock } from "./store/lock.ts";
import { damage, damagedFile, unlessDamaged } from "./store/damage.ts";
import { relation, rewriteParquet } from "./store/parquet.ts";
import { warnOfStrays } from "./store/stray_file.ts";
import { removeLeftovers } from "./store/whole_file.ts";
import { POSTS } from "./store/tables.ts";
import { hashKey } from "./raw/tombstone.ts";

/** Raised when the same raw data begins to give other rows of posts. */
const VERSION = 2;
/** Less than in other tasks, as the language threads need memory too. */
const MEMORY_LIMIT = "400MB";

/** The task `preprocess`. */
export const command: Command = {
  task: "preprocess",
  description:
    "Build the table posts from the raw data: one row per post, with its language and filter flags.\n\n" +
    "Filters flag posts, they never drop them. Deleted posts are removed from every table.\n" +
    "Run it as often as you like: the same raw data and study.yaml give the same rows, and days\n" +
    "without changes are left alone.",
  options: [],
  examples: ["deno task preprocess"],
  run: preprocess,
};

interface Built {
  /** Days that have posts, in order, as far as the run came. */
  days: string[];
  unchanged: number;
  /** Posts of deactivated accounts. */
  hidden: number;
  removals: Removals;
}

async function preprocess(context: Context): Promise<Outcome> {
  const { paths, database, study, signal } = context;
  const filters = await loadFilters(study, context.studyPath);
  await using _lock = await lock(paths.locks(), "posts", "run preprocess");
  // The order of rows is asked for where it matters; keeping it elsewhere costs memory.
  await database.run(`SET preserve_insertion_order = false; SET memory_limit = '${MEMORY_LIMIT}'`);
  const key = await hashKey(paths);
  warnOfStrays(context);
  const inputs = listInputs(paths);
  const built = await withoutDamage(
    database,
    paths,
    inputs,
    "preprocess",
    () => build(context, inputs, filters, key),
  );
  const { unconfirmed } = built.removals;
  if (unconfirmed > 0) {
    context.warn(
      `${unconfirmed} accounts are away for 30 days by this clock, which no stream and no run of a week ` +
        "ago confirms: their posts are hidden and not purged",
    );
  }
  const purged = await purge(context, built.removals);
  // What was purged may have been all that a day had.
  const left = new Set(paths.files("posts").map(({ path }) => path));
  built.days = built.days.filter((day) => left.has(paths.posts(day)));
  await removeEmptiedDays(context, new Set(built.days), inputs);
  const found = await findLabelled(context, inputs);
  const flags = await countFlags(database, filters, built.days.map((day) => paths.posts(day)));
  const { posts, ...flagged } = flags;
  const summary = {
    posts,
    days: built.days.length,
    days_unchanged: built.unchanged,
    first_day: built.days[0] ?? null,
    last_day: built.days.at(-1) ?? null,
    ...flagged,
    creation_times: await creationTimes(database, built.days.map((day) => paths.posts(day))),
    hidden_posts: built.hidden,
    removed_rows: Object.values(purged.removed_rows).reduce((sum, rows) => sum + rows, 0),
    emptied_answers: purged.emptied_answers,
    found_labels: found,
    days_archived: new Set(
      paths.files("posts").flatMap(({ day }) => inputs.archivedDays.has(day!) ? day! : []),
    ).size,
    days_stopped_by_damage: [...inputs.stoppedDays.difference(inputs.archivedDays)].sort(),
  };
  return {
    summary,
    text: describe(summary, filterTable(flags, filters)),
    stopped: signal.aborted,
    errors: inputs.errors,
  };
}

/** Find the posts of labels that came with a file; those of days that were not reached wait. */
async function findLabelled(
  { paths, database, signal, warn }: Context,
  inputs: Inputs,
): Promise<FoundLabels[]> {
  if (signal.aborted) return [];
  const files = ["posts", ...paths.names("labels").map((name) => `labels/${name}`)]
    .flatMap((table) => paths.files(table).map(({ path }) => path));
  const found = await unlessDamaged(
    database,
    files,
    "find the posts of labels",
    () => findPostsOfLabels(database, paths, inputs.raw, inputs.tombstones),
  );
  if (!Array.isArray(found)) {
    inputs.errors.push(found);
    return [];
  }
  found.flatMap(describeLost).forEach(warn);
  return found;
}

async function build(
  context: Context,
  inputs: Inputs,
  filters: ConfiguredFilter[],
  key: string,
): Promise<Built> {
  const { paths, database, progress, signal, warn } = context;
  const standing = await standingPosts(database, paths, inputs);
  const { hidden, late, removals } = await indexPosts(database, inputs, key, standing);
  if (late > 0) {
    warn(
      `${late} posts of archived days came later and are only in raw: ` +
        "deno task compact --restore, then preprocess, adds them",
    );
  }
  const unknown = await resolveAccounts(database, filters, Object.values(inputs.raw).flat());
  if (unknown.length > 0) {
    warn(`no feed gave the handles ${unknown.join(", ")}: name those accounts by did`);
  }
  const hash = await filterConfigHash(database, filters);
  const table = postsTable(filters);
  const days = await rows<{ date: string; posts: number }>(
    database,
    "SELECT date, count(*) AS posts FROM post_index GROUP BY date ORDER BY date",
  );
  const built: Built = { days: [], unchanged: 0, hidden, removals };
  const older = new Set(paths.files("posts").map(({ path }) => path));
  await using pool = new LanguagePool();
  for (const { date, posts } of days) {
    if (signal.aborted) break;
    const path = paths.posts(date);
    await removeLeftovers(path);
    await openDay(database, date);
    if (older.has(path) && await isUpToDate(database, path, table, hash)) {
      built.unchanged++;
    } else {
      await collectTexts(database);
      const said = (done: number) =>
        progress.update(() =>
          `day ${built.days.length + 1} of ${days.length}: language of ${done} of ${posts} texts`
        );
      if (!await detectLanguages(database, pool, signal, said)) break;
      await prepareCandidates(database, filters);
      await writePosts(database, filters, hash, path);
    }
    built.days.push(date);
    progress.update(() => `day ${built.days.length} of ${days.length} written`);
  }
  return built;
}

/**
 * Handle days that have no post of their own any more.
 *
 * Posts that moved to another day are removed; a day with only deleted or moved posts is removed;
 * posts whose raw data is elsewhere stay, with a warning.
 */
async function removeEmptiedDays(
  { paths, database, signal, warn }: Context,
  built: Set<string>,
  inputs: Inputs,
): Promise<void> {
  // Days that the run did not reach are not empty.
  if (signal.aborted) return;
  for (const { path, day } of paths.files("posts")) {
    if (built.has(day!) || inputs.stoppedDays.has(day!)) continue;
    const what = await damage(database, path);
    if (what !== undefined) {
      inputs.errors.push(damagedFile("preprocess", path, what));
      continue;
    }
    const elsewhere = `SELECT uri FROM ${
      relation(POSTS, [...built].map((day) => paths.posts(day)))
    }`;
    const { moved, left } = await row<{ moved: number; left: number }>(
      database,
      `SELECT count(*) FILTER (uri IN (${elsewhere})) AS moved, count(*) - moved AS left
       FROM read_parquet(${literal(path)})`,
    );
    if (left === 0) await Deno.remove(path);
    else {
      if (moved > 0) {
        await rewriteParquet(
          database,
          path,
          `SELECT * FROM old WHERE uri NOT IN (${elsewhere})`,
        );
      }
      warn(`${left} posts of ${day} no longer have raw data and stay as they are`);
    }
  }
}

/** Identify filters, settings and all else that flags depend on; stands in each row of posts. */
async function filterConfigHash(database: Database, filters: ConfiguredFilter[]): Promise<string> {
  const accounts = await rows(database, "SELECT filter, did FROM listed_accounts ORDER BY ALL");
  const parts = filters.map(({ name, version, settings }) => ({ name, version, settings }));
  return createHash("sha256").update(JSON.stringify({ VERSION, DETECTOR, parts, accounts }))
    .digest("hex").slice(0, 16);
}

function describe(
  summary: FilterSummary & {
    days: number;
    days_unchanged: number;
    first_day: string | null;
    last_day: string | null;
    creation_times: CreationTimes;
    hidden_posts: number;
    removed_rows: number;
    emptied_answers: number;
    found_labels: FoundLabels[];
    days_archived: number;
    days_stopped_by_damage: string[];
  },
  filters: string[],
): string {
  const stopped = summary.days_stopped_by_damage;
  return [
    `Built ${summary.posts} posts of ${summary.days} days` +
    (summary.first_day ? ` (${summary.first_day} to ${summary.last_day})` : ""),
    `  unchanged: ${summary.days_unchanged} days`,
    ...(summary.days_archived
      ? [`  archived, left as they are: ${summary.days_archived} days`]
      : []),
    `  ${summary.passed_filters} pass the filters`,
    ...filters,
    ...describeCreationTimes(summary.creation_times).map((line) => `  ${line}`),
    `  ${summary.hidden_posts} posts of deactivated accounts are hidden`,
    `  ${summary.removed_rows} rows of deleted posts removed from other tables`,
    ...emptiedLines(summary.emptied_answers).map((line) => `  emptied: ${line}`),
    ...summary.found_labels.map(({ classifier, label_set_id, labels, found }) =>
      `  ${found} of ${labels} labels of ${classifier} (${label_set_id}) found their post`
    ),
    ...(stopped.length
      ? [`  days left as they were because of damage: ${stopped.join(", ")}`]
      : []),
  ].join("\n");
}
