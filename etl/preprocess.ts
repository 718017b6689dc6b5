import { createHash } from "node:crypto";
import { type ConfiguredFilter, loadFilters } from "./filter.ts";
import { readInputs } from "./inputs.ts";
import { detectLanguages } from "./language.ts";
import { collectCandidates, finishPosts } from "./posts.ts";
import { purge } from "./purge.ts";
import { type Command, type Context, main, type Outcome } from "./run/command.ts";
import { type Database, literal, row, rows } from "./store/duckdb.ts";
import { lock } from "./store/lock.ts";
import { damage, removeLeftovers, writeParquet } from "./store/parquet.ts";
import { POSTS, withColumns } from "./store/tables.ts";
import { hashKey } from "./store/tombstone.ts";

export const command: Command = {
  task: "preprocess",
  description:
    "Build the table posts from what was collected: one row per post, with language and filters.\n\n" +
    "A filter flags posts, it never drops them. Deleted posts are removed from every table.\n" +
    "Run it as often as you like: the same raw data and study.yaml give the same rows.",
  options: [],
  examples: ["deno task preprocess"],
  run: preprocess,
};

async function preprocess(context: Context): Promise<Outcome> {
  const { paths, database, study, progress, signal } = context;
  const filters = await loadFilters(study, context.studyPath);
  await using _lock = await lock(paths.locks(), "posts", "run preprocess");
  const key = await hashKey(paths);
  const inputs = await readInputs(database, paths);
  const input = { ...inputs, hashKey: key, filters, filterConfigHash: configHash(filters) };
  await collectCandidates(database, input);
  await leaveStoppedDays(database, paths.files("posts"), inputs.stoppedDays);
  await detectLanguages(
    database,
    "candidates",
    (done) => progress.update(() => `language of ${done} texts detected`),
  );
  await finishPosts(database, input);
  const days = await rows<{ date: string; posts: number }>(
    database,
    "SELECT date, count(*) AS posts FROM finished GROUP BY date ORDER BY date",
  );
  const table = withColumns(
    POSTS,
    Object.fromEntries(filters.map(({ column }) => [column, "BOOLEAN"])),
  );
  let written = 0;
  for (const [index, { date }] of days.entries()) {
    if (signal.aborted) break;
    await removeLeftovers(paths.posts(date));
    written += await writeParquet(
      database,
      table,
      `SELECT * FROM finished WHERE date = ${
        literal(date)
      } ORDER BY reference_time, created_at, uri`,
      paths.posts(date),
    );
    progress.update(() => `day ${index + 1} of ${days.length} written`);
  }
  const purged = await purge(context, key);
  await removeEmptiedDays(context, new Set(days.map(({ date }) => date)), inputs.stoppedDays);
  const flagged = await countFlags(database, filters);
  const summary = {
    posts: written,
    days: days.length,
    first_day: days[0]?.date ?? null,
    last_day: days.at(-1)?.date ?? null,
    ...flagged,
    removed_rows: purged,
    days_stopped_by_damage: [...inputs.stoppedDays].sort(),
  };
  return {
    summary,
    text: describe(summary, filters),
    stopped: signal.aborted,
    errors: inputs.errors,
  };
}

/** Take out of the candidates what belongs to, or stands in, a day that stays as it is. */
async function leaveStoppedDays(
  database: Database,
  files: { path: string; day: string | undefined }[],
  stopped: Set<string>,
): Promise<void> {
  if (stopped.size === 0) return;
  await database.run(`DELETE FROM candidates WHERE date IN (
    SELECT unnest(${literal([...stopped])})::DATE)`);
  for (const { path, day } of files) {
    if (!stopped.has(day!) || await damage(database, path) !== undefined) continue;
    await database.run(
      `DELETE FROM candidates WHERE uri IN (SELECT uri FROM read_parquet(${literal(path)}))`,
    );
  }
}

/** Remove days of which every post was deleted; keep, and name, days whose raw data is elsewhere. */
async function removeEmptiedDays(
  context: Context,
  built: Set<string>,
  stopped: Set<string>,
): Promise<void> {
  for (const { path, day } of context.paths.files("posts")) {
    if (built.has(day!) || stopped.has(day!)) continue;
    const { left } = await row<{ left: number }>(
      context.database,
      `SELECT count(*) AS left FROM read_parquet(${literal(path)})`,
    );
    if (left === 0) await Deno.remove(path);
    else context.warn(`${left} posts of ${day} stand without their raw data and stay as they are`);
  }
}

/** Identify filters and settings; stands in each row of posts. */
function configHash(filters: ConfiguredFilter[]): string {
  const parts = filters.map(({ name, version, settings }) => ({ name, version, settings }));
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

async function countFlags(database: Database, filters: ConfiguredFilter[]) {
  const columns = filters.flatMap(({ name, column }) => {
    const others = filters.filter((other) => other.column !== column)
      .map((other) => ` AND NOT ${other.column}`).join("");
    return [
      `count(*) FILTER (${column}) AS "${name}"`,
      `count(*) FILTER (${column}${others}) AS "${name} alone"`,
    ];
  });
  const counts = await row<Record<string, number>>(
    database,
    `SELECT ${["count(*) FILTER (passed_filters) AS passed", ...columns].join(", ")}
     FROM finished`,
  );
  const flagged = Object.fromEntries(
    filters.map(({ name }) => [name, { flagged: counts[name], alone: counts[`${name} alone`] }]),
  );
  return { passed_filters: counts.passed ?? 0, filters: flagged };
}

function describe(
  summary: {
    posts: number;
    days: number;
    first_day: string | null;
    last_day: string | null;
    passed_filters: number;
    filters: Record<string, { flagged?: number; alone?: number }>;
    removed_rows: number;
    days_stopped_by_damage: string[];
  },
  filters: ConfiguredFilter[],
): string {
  const width = Math.max(...filters.map(({ name }) => name.length), 6);
  const lines = filters.map(({ name, description }) => {
    const { flagged, alone } = summary.filters[name]!;
    return `  ${name.padEnd(width)} ${String(flagged).padStart(8)} ${String(alone).padStart(8)}  ` +
      description;
  });
  const stopped = summary.days_stopped_by_damage;
  return [
    `Built ${summary.posts} posts of ${summary.days} days` +
    (summary.first_day ? ` (${summary.first_day} to ${summary.last_day})` : ""),
    `  ${summary.passed_filters} pass the filters`,
    `  ${"filter".padEnd(width)} ${"flagged".padStart(8)} ${"alone".padStart(8)}`,
    ...lines,
    `  ${summary.removed_rows} rows of deleted posts removed from other tables`,
    ...(stopped.length ? [`  days left as they were, for damage: ${stopped.join(", ")}`] : []),
  ].join("\n");
}

if (import.meta.main) await main(command);
