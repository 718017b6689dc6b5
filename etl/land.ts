import { basename } from "node:path";
import { describeError, UserError } from "./run/error.ts";
import { type Database, literal, row, rows } from "./store/duckdb.ts";
import { leftSegments } from "./store/journal.ts";
import { queryWhole } from "./store/damage.ts";
import { relation, sync, writeParquet } from "./store/parquet.ts";
import type { DataPaths } from "./store/paths.ts";
import { COVERAGE, RAW, type Table, TOMBSTONES } from "./store/tables.ts";

export interface Landed {
  posts: number;
  /** Tombstones, but for accounts that are active. */
  deletions: number;
}

/** Days of coverage in which the place of a host is looked for first. */
const RECENT_DAYS = 3;

/** Columns of a raw row that stand in the line itself. */
const LINE_COLUMNS = ["host", "cursor", "seen_at"];
const RAW_FROM_LINE = Object.keys(RAW.columns).map((column) => {
  if (LINE_COLUMNS.includes(column)) return `line.${column}`;
  // A feed's items have a time each, which stands with the item.
  const own = `post.${column}`;
  return column === "event_time" ? `coalesce(${own}, line.event_time) AS event_time` : own;
}).join(", ");

/**
 * Land a journal segment as Parquet: posts in `raw/<source>`, deletions in `raw/tombstones`, counts
 * in `coverage`; then remove it.
 *
 * The names of the parts come from the segment's, so that landing it again after a crash between
 * two of these steps writes the same files again and nothing twice.
 */
export async function landSegment(
  database: Database,
  paths: DataPaths,
  source: string,
  segment: string,
): Promise<Landed> {
  const name = basename(segment, ".jsonl");
  const lines = readLines(segment);
  const landed: Landed = { posts: 0, deletions: 0 };
  try {
    const { strange, deletions } = await row<{ strange: number; deletions: number }>(
      database,
      `SELECT count(*) FILTER (host IS NULL OR seen_at IS NULL OR posts IS NULL
           OR len(list_filter(posts, post -> post.uri IS NULL)) > 0) AS strange,
         coalesce(sum(len(list_filter(tombstones, t -> t.reason <> 'active'))), 0) AS deletions
       FROM ${lines}`,
    );
    if (strange > 0) throw damagedSegment(segment);
    landed.deletions = deletions;
    landed.posts = await landByDay(
      database,
      RAW,
      `SELECT ${RAW_FROM_LINE} FROM (
         SELECT host, cursor, event_time, seen_at, unnest(posts) AS post FROM ${lines}) AS line`,
      "seen_at",
      (day, days) => paths.rawPart(source, day, `${name}.${days}`),
      "coalesce(event_time, try_cast(created_at AS TIMESTAMPTZ)::TIMESTAMP)",
    );
    await landByDay(
      database,
      TOMBSTONES,
      `SELECT * EXCLUDE tombstone, tombstone.*
       FROM (SELECT host, cursor, event_time, seen_at, unnest(tombstones) AS tombstone FROM ${lines})`,
      "seen_at",
      (day) => paths.rawPart("tombstones", day, name),
    );
    await landByDay(
      database,
      COVERAGE,
      `SELECT ${literal(source)} AS source, host, date_trunc('minute', event_time) AS minute,
         sum(events) AS events, sum(len(posts)) AS posts, sum(bytes) AS bytes,
         min(coalesce(first_cursor, cursor)) AS first_cursor, max(cursor) AS last_cursor,
         min(coalesce(covered_from, event_time)) AS covered_from, 
         max(greatest(covered_until, event_time)) AS covered_until,
         sum(coalesce(skipped, 0)) AS skipped, sum(reconnects) AS reconnects,
         list_distinct(flatten(list(notes))) AS notes
       FROM ${lines} WHERE cursor IS NOT NULL OR covered_until IS NOT NULL
       GROUP BY host, minute, coalesce(stretch, 0) ORDER BY minute, covered_from`,
      "minute",
      (day) => paths.coveragePart(day, name),
    );
  } catch (cause) {
    if (cause instanceof UserError || !/JSON|Malformed/i.test(describeError(cause))) throw cause;
    throw damagedSegment(segment);
  }
  await Deno.remove(segment);
  await sync(paths.journal(source));
  return landed;
}

function damagedSegment(segment: string): UserError {
  return new UserError(
    `land the journal ${segment}`,
    "a line of it is damaged",
    "Remove that line and run the task again; the other segments have landed",
    // DuckDB's own message quotes the line, and with it a post's text: no cause.
    {},
  );
}

/**
 * Land what runs before this one left in the journal of a source.
 *
 * A damaged segment stays where it is and does not keep the others from landing; its error is given.
 */
export async function landLeftovers(
  database: Database,
  paths: DataPaths,
  source: string,
): Promise<Landed & { errors: UserError[] }> {
  const total = { posts: 0, deletions: 0, errors: [] as UserError[] };
  for (const segment of await leftSegments(paths.journal(source))) {
    try {
      const landed = await landSegment(database, paths, source, segment);
      total.posts += landed.posts;
      total.deletions += landed.deletions;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      total.errors.push(error);
    }
  }
  return total;
}

/**
 * Write one part a day of `time`.
 *
 * `days` is `first_last`: the UTC days that `dated` spans in the part. It stands in the names of raw
 * parts, so that damage to one tells which days of posts it may touch.
 */
export async function landByDay(
  database: Database,
  table: Table,
  query: string,
  time: string,
  path: (day: string, days: string) => string,
  dated = time,
): Promise<number> {
  const days = await rows<{ day: string; days: string }>(
    database,
    `SELECT ${time}::DATE AS day, min(${dated})::DATE || '_' || max(${dated})::DATE AS days
     FROM (${query}) GROUP BY day ORDER BY day`,
  );
  let count = 0;
  for (const { day, days: span } of days) {
    count += await writeParquet(
      database,
      table,
      `SELECT * FROM (${query}) WHERE ${time}::DATE = ${literal(day)}`,
      path(day, span),
    );
  }
  return count;
}

function readLines(segment: string): string {
  const post = Object.entries(RAW.columns).filter(([name]) => !LINE_COLUMNS.includes(name))
    .map(([name, type]) => `"${name}" ${type}`).join(", ");
  const columns = {
    host: "VARCHAR",
    cursor: "BIGINT",
    first_cursor: "BIGINT",
    covered_from: "TIMESTAMP",
    covered_until: "TIMESTAMP",
    stretch: "BIGINT",
    skipped: "BIGINT",
    event_time: "TIMESTAMP",
    seen_at: "TIMESTAMP",
    events: "BIGINT",
    bytes: "BIGINT",
    reconnects: "BIGINT",
    notes: "VARCHAR[]",
    posts: `STRUCT(${post})[]`,
    tombstones: "STRUCT(subject_hash VARCHAR, subject_kind VARCHAR, reason VARCHAR)[]",
  };
  const spec = Object.entries(columns).map(([name, type]) => `"${name}": ${literal(type)}`);
  return `read_json(${literal(segment)}, format = 'newline_delimited',
    maximum_object_size = 33554432, columns = {${spec.join(", ")}})`;
}

/**
 * Give where a source was read to at a host: the newest place that is durable.
 *
 * Only after `landLeftovers`: what is still in the journal is not looked at.
 */
export async function lastPosition(
  database: Database,
  paths: DataPaths,
  source: string,
  host: string,
): Promise<{ cursor: number; time: string } | undefined> {
  const days = [...new Set(paths.files("coverage").map(({ day }) => day!))].sort();
  const recent = days.at(-RECENT_DAYS) ?? "";
  return await lastPositionIn(database, paths, source, host, (day) => day >= recent) ??
    await lastPositionIn(database, paths, source, host, (day) => day < recent);
}

async function lastPositionIn(
  database: Database,
  paths: DataPaths,
  source: string,
  host: string,
  isAsked: (day: string) => boolean,
): Promise<{ cursor: number; time: string } | undefined> {
  const files = paths.files("coverage").filter(({ day }) => isAsked(day!)).map(({ path }) => path);
  // A damaged part may cost a stretch that is read twice; it must not cost the hours to come.
  const [last] = await queryWhole<{ cursor: number | null; time: string | null }>(
    database,
    files,
    // By time and not by cursor: a host that begins its sequence anew counts from below.
    (files) =>
      `SELECT arg_max(last_cursor, (covered_until, last_cursor)) AS cursor, max(covered_until) AS time
       FROM ${relation(COVERAGE, files)}
       WHERE source = ${literal(source)} AND host = ${literal(host)}`,
  );
  const { cursor, time } = last!;
  if (cursor === null || time === null) return undefined;
  return { cursor, time: new Date(`${time.replace(" ", "T")}Z`).toISOString() };
}
