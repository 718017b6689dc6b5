import { basename } from "node:path";
import { utcDay } from "../run/clock.ts";
import { queryWhole } from "../store/damage.ts";
import { describeError, UserError } from "../run/error.ts";
import { DamagedSegment, damagedSegment } from "./damaged_segment.ts";
import { UNPROVEN } from "./journal_line.ts";
import { newestCoverage } from "./newest_coverage.ts";
import { type Database, literal, resetThreads, type Row, rows } from "../store/duckdb.ts";
import { leftSegments, longestLine } from "../store/journal.ts";
import { relation, writeParquet } from "../store/parquet.ts";
import { holdFiles } from "../store/reading.ts";
import { sync } from "../store/whole_file.ts";
import type { DataPaths } from "../store/paths.ts";
import { COVERAGE, RAW, type Table, TOMBSTONES } from "../store/tables.ts";

export interface Landed {
  posts: number;
  /** Tombstones, but for accounts that are active. */
  deletions: number;
}

/** The content of a segment's lines from one day. */
interface SeenDay extends Row {
  day: string;
  posts: number;
  tombstones: number;
  deletions: number;
  /**
   * `first_last`: the UTC days that its posts span. They stand in the names of raw parts, so that
   * damage to one tells which days of posts it may touch.
   */
  span: string | null;
  /** Days of its events. */
  covered: string[] | null;
  strange: boolean;
}

/** Columns of a raw row that stand in the line itself. */
const LINE_COLUMNS = ["host", "cursor", "seen_at"];
const RAW_FROM_LINE = Object.keys(RAW.columns).map((column) => {
  if (LINE_COLUMNS.includes(column)) return `line.${column}`;
  // A feed's items have a time each, which stands with the item.
  const own = `post.${column}`;
  return column === "event_time" ? `coalesce(${own}, line.event_time) AS event_time` : own;
}).join(", ");

/** The time that names of raw parts go by: of the event, or what the author says. */
const DATED =
  "coalesce(post.event_time, event_time, try_cast(post.created_at AS TIMESTAMPTZ)::TIMESTAMP)";
const IN_COVERAGE = "(cursor IS NOT NULL OR covered_until IS NOT NULL)";
const MAX_LINE_BYTES = 33_554_432;
/** Rows of raw posts that are held in memory before they are written. */
const ROWS_A_GROUP = 2048;

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
  const lines = readLines(segment, await longestLine(segment));
  const landed: Landed = { posts: 0, deletions: 0 };
  const write = async (table: Table, query: string, path: string) => {
    await frugal(database);
    return await writeParquet(database, table, query, path, ROWS_A_GROUP);
  };
  try {
    await frugal(database);
    const seen = await rows<SeenDay>(
      database,
      `SELECT seen_at::DATE AS day, sum(len(posts)) AS posts, sum(len(tombstones)) AS tombstones,
          sum(len(list_filter(tombstones, t -> t.reason <> 'active'))) AS deletions,
         min(list_min(dates))::DATE || '_' || max(list_max(dates)) AS span,
         list(DISTINCT event_time::DATE) FILTER (${IN_COVERAGE}) AS covered,
         coalesce(bool_or(posts IS NULL OR host IS NULL OR seen_at IS NULL
           OR len(list_filter(posts, post -> post.uri IS NULL)) > 0), false) AS strange
       FROM (SELECT *, list_transform(posts, post -> ${DATED}::DATE) AS dates FROM ${lines})
       GROUP BY day ORDER BY day`,
    );
    if (seen.some(({ strange }) => strange)) throw await damagedSegment(segment, isStrange);
    for (const { day, posts, tombstones, deletions, span } of seen) {
      landed.deletions += deletions ?? 0;
      const ofDay = (list: string) =>
        `SELECT host, cursor, event_time, seen_at, unnest(${list}s) AS ${list} FROM ${lines}
         WHERE seen_at::DATE = ${literal(day)}`;
      if (posts > 0) {
        const query = `SELECT ${RAW_FROM_LINE} FROM (${ofDay("post")}) AS line`;
        landed.posts += await write(RAW, query, paths.rawPart(source, day, `${name}.${span}`));
      }
      if (tombstones > 0) {
        const query = `SELECT * EXCLUDE tombstone, tombstone.* FROM (${ofDay("tombstone")})`;
        await write(TOMBSTONES, query, paths.rawPart("tombstones", day, name));
      }
    }
    for (const day of new Set(seen.flatMap(({ covered }) => covered ?? []))) {
      const query = `SELECT ${literal(source)} AS source, host,
           date_trunc('minute', event_time) AS minute,
           sum(events) AS events, sum(len(posts)) AS posts, sum(bytes) AS bytes,
           min(coalesce(first_cursor, cursor)) AS first_cursor, max(cursor) AS last_cursor,
           min(coalesce(covered_from, event_time)) AS covered_from,
           max(greatest(covered_until, event_time)) AS covered_until,
           sum(coalesce(skipped, 0)) AS skipped, sum(coalesce(set_aside, 0)) AS set_aside,
           sum(reconnects) AS reconnects,
           list_distinct(flatten(list(notes))) AS notes
         FROM ${lines} WHERE ${IN_COVERAGE} AND event_time::DATE = ${literal(day)}
         GROUP BY host, minute, coalesce(stretch, 0) ORDER BY minute, covered_from`;
      await write(COVERAGE, query, paths.coveragePart(day, name));
    }
  } catch (cause) {
    if (cause instanceof UserError || !/JSON|Malformed/i.test(describeError(cause))) throw cause;
    throw await damagedSegment(segment, isStrange, cause);
  } finally {
    await resetThreads(database);
  }
  await Deno.remove(segment);
  await sync(paths.journal(source));
  return landed;
}

/** Let a query hold little memory: that of one thread, and none of earlier queries. */
async function frugal(database: Database): Promise<void> {
  // DuckDB gives what it has freed back to the system when the number of threads changes.
  await database.run("RESET threads");
  await database.run("SET threads = 1");
}

/** Is a line of a segment none of ours, though it is JSON? */
function isStrange(line: unknown): boolean {
  const { host, seen_at, posts } = (line ?? {}) as Record<string, unknown>;
  return !host || !seen_at || !Array.isArray(posts) || posts.some((post) => !post?.uri);
}

/**
 * Land leftovers of earlier runs in the journal of a source.
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
      // With a full disk, another run would only read the journal again.
      if (!(error instanceof DamagedSegment)) throw error;
      total.errors.push(error);
    }
  }
  return total;
}

function readLines(segment: string, longest: number): string {
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
    set_aside: "BIGINT",
    event_time: "TIMESTAMP",
    seen_at: "TIMESTAMP",
    events: "BIGINT",
    bytes: "BIGINT",
    reconnects: "BIGINT",
    notes: "VARCHAR[]",
    posts: `STRUCT(${post})[]`,
    tombstones: "STRUCT(subject_hash VARCHAR, subject_kind VARCHAR, reason VARCHAR, rev VARCHAR, " +
      "with_rev BOOLEAN)[]",
  };
  const spec = Object.entries(columns).map(([name, type]) => `"${name}": ${literal(type)}`);
  // DuckDB holds a buffer of twice this size for each thread, and of 32 MB at least.
  const size = Math.min(MAX_LINE_BYTES, longest + 1);
  return `read_json(${literal(segment)}, format = 'newline_delimited',
    maximum_object_size = ${size}, columns = {${spec.join(", ")}})`;
}

/** The place to which a source was read at a host. */
export interface LastPosition {
  cursor: number;
  time: string;
  /** True where only few events behind a gap told that time. */
  isUnproven: boolean;
  /** Events that came in the last whole minute before `time`. */
  minuteEvents: number;
}

/**
 * Give the newest durable place to which a source was read at a host.
 *
 * Only after `landLeftovers`: the journal is not read.
 */
export async function lastPosition(
  database: Database,
  paths: DataPaths,
  source: string,
  host: string,
): Promise<LastPosition | undefined> {
  const last = await newestCoverage<{
    cursor: number | null;
    time: string | null;
    is_unproven: boolean | null;
    minute_events: number | null;
  }>(
    database,
    paths,
    // By time and not by cursor: a host that restarts its sequence counts from a lower number.
    (files) =>
      `WITH ours AS (FROM ${relation(COVERAGE, files)}
         WHERE source = ${literal(source)} AND host = ${literal(host)}),
       last AS (SELECT arg_max(last_cursor, (covered_until, last_cursor)) AS cursor,
         arg_max(list_contains(notes, ${literal(UNPROVEN)}), (covered_until, last_cursor))
           AS is_unproven,
         max(covered_until) AS time FROM ours)
       SELECT cursor, time, is_unproven, (SELECT sum(events)::INTEGER FROM ours
         WHERE minute = date_trunc('minute', time) - INTERVAL 1 MINUTE) AS minute_events FROM last`,
    ({ cursor, time }) => cursor !== null && time !== null,
  );
  if (last === undefined) return undefined;
  const time = new Date(`${last.time!.replace(" ", "T")}Z`).toISOString();
  return {
    cursor: last.cursor!,
    time,
    isUnproven: last.is_unproven ?? false,
    minuteEvents: last.minute_events ?? 0,
  };
}

/**
 * Give the cursor of the first event that was read at a host from a time on, where a stretch begins
 * exactly there: what ends at it misses nothing and reads nothing twice, whatever its time says.
 */
export async function firstCursorAt(
  database: Database,
  paths: DataPaths,
  source: string,
  host: string,
  time: Date,
): Promise<number | undefined> {
  await using _files = await holdFiles(paths);
  const days = [utcDay(time), utcDay(new Date(time.getTime() + 86_400_000))];
  const files = days.flatMap((day) => paths.filesOfDay("coverage", day));
  const [found] = await queryWhole<{ cursor: number | null }>(
    database,
    files,
    (files) =>
      `SELECT min(first_cursor) AS cursor FROM ${relation(COVERAGE, files)}
       WHERE source = ${literal(source)} AND host = ${literal(host)}
         AND covered_from = ${literal(time.toISOString())}::TIMESTAMP AND events > 0`,
  );
  return found!.cursor ?? undefined;
}
