import type { ConfiguredFilter } from "./filter.ts";
import { type Database, literal } from "./store/duckdb.ts";
import { relation } from "./store/parquet.ts";
import { subjectHashSql } from "./store/tombstone.ts";
import { COVERAGE, RAW, TOMBSTONES } from "./store/tables.ts";

export interface PostsInput {
  /** Raw parts by source. */
  raw: Record<string, string[]>;
  tombstones: string[];
  coverage: string[];
  hashKey: string;
  filters: ConfiguredFilter[];
  filterConfigHash: string;
}

/** Any white space that Unicode knows, and control characters. */
const SPACE = "[\\s\\p{Z}\\p{Cc}]+";
const LINK = "https?://\\S+";
const HANDLE = "(^|[\\s\\p{Z}(])@[\\w.-]+";
const HASHTAG = "[#＃][^\\s\\p{Z}#＃]+";

/**
 * Make the temporary table `candidates`: one row a uri that is left once deletions are applied.
 *
 * A version is removed by a tombstone of its uri or its account that is not older than itself.
 * Content is that of the highest rev, else of the latest look; counts are those of the latest look.
 */
export async function collectCandidates(database: Database, input: PostsInput): Promise<void> {
  const sources = Object.entries(input.raw).map(([source, files]) =>
    `SELECT ${literal(source)} AS source, * FROM ${relation(RAW, files)}`
  );
  const versions = sources.length > 0 ? sources.join(" UNION ALL ") : emptyRaw();
  await database.run(`
    CREATE OR REPLACE TEMP TABLE removed AS
      SELECT subject_hash, max(event_time) AS removed_at
      FROM ${relation(TOMBSTONES, input.tombstones)} GROUP BY ALL`);
  await database.run(`
    CREATE OR REPLACE TEMP TABLE candidates AS
    WITH versions AS (${versions}),
    alive AS (
      SELECT v.* FROM versions v
      LEFT JOIN removed p ON p.subject_hash = ${subjectHashSql(input.hashKey, "v.uri")}
      LEFT JOIN removed a ON a.subject_hash = ${subjectHashSql(input.hashKey, "v.did")}
      WHERE NOT coalesce(greatest(p.removed_at, a.removed_at) >= coalesce(v.event_time, '-infinity'), false)
    ),
    per_uri AS (
      SELECT uri,
        min(event_time) FILTER (source <> 'import') AS reference_time,
        bool_or(source = 'firehose') AS in_firehose,
        bool_or(source = 'jetstream') AS in_jetstream,
        bool_or(source = 'most_liked') AS in_most_liked,
        bool_or(source = 'import') AS in_import,
        max(seen_at) FILTER (like_count IS NOT NULL) AS counted_at
      FROM alive GROUP BY uri
    ),
    counts AS (
      SELECT DISTINCT ON (uri) uri, like_count, repost_count, reply_count, quote_count
      FROM alive WHERE like_count IS NOT NULL ORDER BY uri, seen_at DESC, feed, rank
    ),
    latest AS (
      SELECT DISTINCT ON (uri)
        * EXCLUDE (source, like_count, repost_count, reply_count, quote_count),
        ${parsedTime("created_at")} AS written_at
      FROM alive ORDER BY uri, rev DESC NULLS LAST, seen_at DESC, source, cursor, feed, rank
    )
    SELECT latest.* EXCLUDE (created_at, written_at), written_at AS created_at,
      per_uri.* EXCLUDE uri,
      counts.* EXCLUDE uri,
      date_diff('second', coalesce(reference_time, written_at), counted_at) / 3600.0 AS count_age_hours,
      CASE WHEN reference_time IS NULL THEN false ELSE coalesce(
        written_at < reference_time - INTERVAL 1 HOUR OR
        written_at > reference_time + INTERVAL 10 MINUTE, true) END AS created_at_suspect
    FROM latest JOIN per_uri USING (uri) LEFT JOIN counts USING (uri)`);
  await database.run(`
    CREATE OR REPLACE TEMP TABLE candidates AS
    SELECT *,
      (CASE WHEN created_at_suspect THEN reference_time ELSE coalesce(created_at, reference_time) END)::DATE AS date,
      nfc_normalize(trim(regexp_replace(text, '${SPACE}', ' ', 'g'))) AS text_normalized,
      trim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        nfc_normalize(text), '${LINK}', ' ', 'g'), '${HANDLE}', '\\1', 'g'), '${HASHTAG}', ' ', 'g'),
        '${SPACE}', ' ', 'g')) AS bare_text,
      left(sha256(text), 32) AS text_hash
    FROM candidates`);
}

/**
 * Make the temporary table `finished`: the rows of `posts` with a column `date`.
 *
 * Needs `candidates` and `languages`.
 */
export async function finishPosts(database: Database, input: PostsInput): Promise<void> {
  const flags = input.filters.map(({ column, expression }) => `${expression} AS ${column}`);
  const passed = input.filters.map(({ column }) => `NOT ${column}`).join(" AND ") || "true";
  await database.run(`
    CREATE OR REPLACE TEMP TABLE finished AS
    WITH covered AS (
      SELECT DISTINCT minute FROM ${relation(COVERAGE, input.coverage)} WHERE events > 0
    ),
    detected AS (
      SELECT c.*, l.detected_language, l.detected_language_score,
        CASE WHEN c.reference_time IS NULL THEN NULL ELSE m.minute IS NOT NULL END AS in_covered_minute
      FROM candidates c JOIN languages l USING (bare_text)
      LEFT JOIN covered m ON m.minute = date_trunc('minute', c.reference_time)
    ),
    flagged AS (SELECT * ${flags.map((flag) => `, ${flag}`).join("")} FROM detected)
    SELECT *, ${passed} AS passed_filters, ${literal(input.filterConfigHash)} AS filter_config_hash
    FROM flagged`);
}

/**
 * Give an SQL expression that reads an RFC 3339 time as UTC, null for anything else.
 *
 * DuckDB alone would also read words such as `epoch`.
 */
export function parsedTime(column: string): string {
  const pattern =
    "\\d{4}-\\d\\d-\\d\\d[Tt ]\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?([Zz]|[+-]\\d\\d:?\\d\\d)?";
  return `(CASE WHEN regexp_full_match(${column}, '${pattern}')
    THEN try_cast(${column} AS TIMESTAMPTZ)::TIMESTAMP END)`;
}

function emptyRaw(): string {
  return `SELECT '' AS source, * FROM ${relation(RAW, [])}`;
}
