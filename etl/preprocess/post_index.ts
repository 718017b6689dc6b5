import { rawRows } from "../raw/raw_rows.ts";
import type { Inputs } from "../raw/inputs.ts";
import { AHEAD_MINUTES } from "../raw/stream_place.ts";
import { isReached } from "../raw/account_removal.ts";
import { isVersionRemoved, readRemovals, type Removals } from "../raw/removal.ts";
import { SOURCE_COLUMNS, SOURCE_NAMES } from "../store/source.ts";
import { type Database, literal, row } from "../store/duckdb.ts";
import { COUNTS, COVERAGE, POSTS } from "../store/tables.ts";
import { subjectHashSql } from "../raw/tombstone.ts";
import { relation } from "../store/parquet.ts";

/** The place of a raw row in its stream. */
const PLACE = { host: "r.host", cursor: "r.cursor", seenAt: "r.seen_at" };

/**
 * Make the temporary table `post_index`: one narrow row a uri that is left once deletions are applied,
 * with its day, in the order of days.
 *
 * `version` (file number × 2³² + row) locates the content: in the version with the highest
 * rev, within it in the last that came, else of the latest look, else of the first import that has a text:
 * later files may have gone through other tools (see `indexImports`). Values that depend on all versions of
 * a uri stand here: reference time, sources, each count as the latest look that has it gives it: an import's
 * are of its `counted_at`, and without one they stand only where no others do, those of the latest import
 * first. A version is removed by a tombstone of its uri or its account that came after it. Makes also
 * `raw_files` (file, source, path), the tables of
 * `removal.ts`, and `finished` (uri): posts that are left although a tombstone names them or their
 * author, as they were written after it. `standing` are files of posts that stay as they are: their
 * posts are not indexed. Gives how many posts are hidden, and how many belong to archived days
 * and do not stand there.
 */
export async function indexPosts(
  database: Database,
  inputs: Inputs,
  hashKey: string,
  standing: string[],
): Promise<{ hidden: number; late: number; removals: Removals }> {
  const files = Object.entries(inputs.raw).flatMap(([source, paths]) =>
    paths.map((path) => ({ source, path }))
  );
  const parts = files.map(({ path }) => path);
  const removals = await readRemovals(database, inputs, parts, hashKey);
  await database.run(
    "CREATE OR REPLACE TEMP TABLE raw_files (file BIGINT, source VARCHAR, path VARCHAR)",
  );
  const appender = await database.createAppender("raw_files");
  for (const [file, { source, path }] of files.entries()) {
    appender.appendBigInt(BigInt(file));
    appender.appendVarchar(source);
    appender.appendVarchar(path);
    appender.endRow();
  }
  appender.closeSync();
  await indexCounts(database, inputs.counts, removals);
  await indexImports(database, inputs.raw.import ?? []);
  const isIn = SOURCE_NAMES.map((source) =>
    `bool_or(source = ${literal(source)}) OVER all_of_uri AS in_${source}`
  );
  await database.run(`
    CREATE OR REPLACE TEMP TABLE post_index AS
    WITH versions AS (
      SELECT f.source, f.file * 4294967296 + r.row AS version, r.uri, r.rev, r.cid, r.cursor, r.feed,
        r.rank, r.event_time, r.seen_at, r.created_at, r.like_count, r.repost_count, r.reply_count,
        r.quote_count, CASE WHEN f.source = 'import' THEN r.counted_at ELSE r.seen_at END AS looked_at,
        greatest(p.removed_at, a.removed_at) AS removed_at,
        ${isVersionRemoved("p", "r.event_time", "r.rev")}
          OR ${isReached("a.removals", "r.event_time", PLACE)} AS is_removed,
        coalesce(a.is_hidden, false) AS is_hidden,
        -- Events of one microsecond have one cursor: they stand in the order in which they came.
        if(r.rev IS NULL, NULL, version) AS written
      FROM ${rawRows(files.map(({ path }) => path))} r JOIN raw_files f ON f.path = r.file
      LEFT JOIN removed p ON p.subject_hash = ${subjectHashSql(hashKey, "r.uri")}
      LEFT JOIN (
        SELECT coalesce(x.subject_hash, hidden.subject_hash) AS subject_hash, removed_at, removals,
          hidden.subject_hash IS NOT NULL AS is_hidden
        FROM removed_accounts x FULL JOIN hidden ON hidden.subject_hash = x.subject_hash
      ) a ON a.subject_hash = ${subjectHashSql(hashKey, "r.did")}
    ),
    alive AS (
      SELECT *, row_number() OVER versions_of_uri AS place,
        min(event_time) FILTER (source <> 'import') OVER all_of_uri AS reference_time,
        ${isIn.join(", ")}
      FROM versions
      WHERE NOT is_removed
      WINDOW versions_of_uri AS (PARTITION BY uri
          ORDER BY rev DESC NULLS LAST, source = 'import', seen_at DESC, source, cursor DESC,
            written DESC, feed, rank, cid, version),
        all_of_uri AS (PARTITION BY uri
          ORDER BY rev DESC NULLS LAST, source = 'import', seen_at DESC, source, cursor DESC,
            written DESC, feed, rank, cid, version
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ),
    counts AS (
      -- A look that has no value of a count leaves the earlier one.
      SELECT uri, max(looked_at) AS looked_at, arg_min(like_count, look) AS like_count,
        arg_min(repost_count, look) AS repost_count, arg_min(reply_count, look) AS reply_count,
        arg_min(quote_count, look) AS quote_count
      FROM (
        SELECT *, row_number() OVER (PARTITION BY uri ORDER BY looked_at DESC NULLS LAST,
          seen_at DESC, feed, rank, if(source = 'import', -version, version)) AS look
        FROM versions WHERE coalesce(like_count, repost_count, reply_count, quote_count) IS NOT NULL
          AND NOT is_removed
      )
      GROUP BY uri
    ),
    covered AS (
      SELECT DISTINCT minute FROM ${relation(COVERAGE, inputs.coverage)} WHERE events > 0
    ),
    chosen AS (
      SELECT a.* EXCLUDE (version, created_at),
        if(a.source = 'import', i.version, a.version) AS version,
        ${parsedTime("if(a.source = 'import', i.created_at, a.created_at)")} AS created_at
      FROM alive a LEFT JOIN imported i USING (uri) WHERE place = 1
    ),
    dated AS (
      SELECT *, coalesce(reference_time, created_at) AS written_at,
        CASE WHEN reference_time IS NULL THEN false ELSE coalesce(
        created_at < reference_time - INTERVAL 1 HOUR OR
        created_at > reference_time + INTERVAL ${AHEAD_MINUTES} MINUTE, true) END AS created_at_suspect
      FROM chosen
    )
    SELECT
      (CASE WHEN created_at_suspect THEN reference_time
        ELSE coalesce(created_at, reference_time) END)::DATE AS date,
      d.version, d.reference_time, d.created_at, d.created_at_suspect,
      ${SOURCE_COLUMNS.map((name) => `d.${name}`).join(", ")},
      CASE WHEN d.reference_time IS NULL THEN NULL ELSE m.minute IS NOT NULL END AS in_covered_minute,
      c.like_count, c.repost_count, c.reply_count, c.quote_count,
      -- Nobody counted a post before it was written: one of the two clocks was wrong.
      if(c.looked_at >= written_at, date_diff('second', written_at, c.looked_at) / 3600.0, NULL)
        AS count_age_hours,
      again.like_count_48h, again.repost_count_48h, again.reply_count_48h, again.quote_count_48h,
      date_diff('second', written_at, again.counted_48h_at) / 3600.0 AS count_48h_age_hours,
      if(d.removed_at IS NULL, NULL, d.uri) AS uri_younger_than_tombstone, d.is_hidden
    FROM dated d LEFT JOIN counts c ON c.uri = d.uri
    LEFT JOIN counts_48h again ON again.uri = d.uri
    LEFT JOIN covered m ON m.minute = date_trunc('minute', d.reference_time)
    ${
    standing.length > 0
      // Of standing posts, only those that are also indexed are held in memory.
      ? `WHERE d.uri NOT IN (SELECT uri FROM read_parquet(${literal(standing)})
           WHERE uri IN (SELECT uri FROM dated))`
      : ""
  }
    ORDER BY date, version`);
  const hash = (column: string) => subjectHashSql(hashKey, column);
  await database.run(`CREATE OR REPLACE TEMP TABLE finished AS
    SELECT uri_younger_than_tombstone AS uri FROM post_index
    WHERE uri_younger_than_tombstone IS NOT NULL
    UNION SELECT uri FROM (
      ${
    ["uri", "did"].map((name) =>
      `SELECT s.uri, ${name === "did" ? "coalesce(v.is_removed, " : "("}${
        isVersionRemoved("r", "s.reference_time", "s.rev")
      }) AS is_removed
         FROM ${relation(POSTS, standing)} s
         JOIN removed r ON r.subject_hash = ${hash(`s.${name}`)}
         LEFT JOIN account_verdicts v ON v.post = s.uri`
    ).join(" UNION ALL ")
  })
    GROUP BY uri HAVING NOT bool_or(is_removed);
    ALTER TABLE post_index DROP COLUMN uri_younger_than_tombstone;`);
  const { hidden } = await row<{ hidden: number }>(
    database,
    "SELECT count(*) AS hidden FROM post_index WHERE is_hidden",
  );
  await database.run(`DELETE FROM post_index WHERE is_hidden;
    ALTER TABLE post_index DROP COLUMN is_hidden`);
  const { late } = await row<{ late: number }>(
    database,
    `SELECT count(*) AS late FROM post_index WHERE date IN (
      SELECT unnest(${literal([...inputs.archivedDays])}::VARCHAR[])::DATE)`,
  );
  if (inputs.stoppedDays.size > 0) {
    await database.run(`DELETE FROM post_index WHERE date IN (
      SELECT unnest(${literal([...inputs.stoppedDays])})::DATE)`);
  }
  return { hidden, late, removals };
}

/**
 * Make the temporary table `imported` (uri, version, created_at): what imports make of a post.
 *
 * A post that only imports brought keeps what the first of them said of it: tables of coders and of
 * spreadsheets lose seconds, zones and texts. A day alone, which lands as its midnight, yields to a time.
 */
async function indexImports(database: Database, files: string[]): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP TABLE imported AS
    SELECT uri, first(version ORDER BY is_textless, seen_at, version) AS version,
      first(created_at ORDER BY ends_with(created_at, 'T00:00:00.000Z'), seen_at, version)
        AS created_at
    FROM (
      SELECT f.file * 4294967296 + r.row AS version, r.uri, r.created_at, r.seen_at,
        trim(coalesce(r.text, '')) = '' AS is_textless
      FROM ${rawRows(files)} r JOIN raw_files f ON f.path = r.file
    )
    GROUP BY uri`);
}

/**
 * Give an SQL expression that reads an RFC 3339 time as UTC, null for anything else.
 *
 * DuckDB alone would also read words such as `epoch`.
 */
function parsedTime(column: string): string {
  const pattern =
    "\\d{4}-\\d\\d-\\d\\d[Tt ]\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?([Zz]|[+-]\\d\\d:?\\d\\d)?";
  return `(CASE WHEN regexp_full_match(${column}, '${pattern}')
    THEN try_cast(${column} AS TIMESTAMPTZ)::TIMESTAMP END)`;
}

/**
 * Make the temporary table `counts_48h`: the first repeated count of each uri.
 *
 * Columns uri, counted_48h_at, and the four counts with `_48h`, null where the post was gone by then.
 * Counts of removed posts are left out.
 */
async function indexCounts(
  database: Database,
  files: string[],
  removals: Removals,
): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP TABLE counts_48h AS
    SELECT c.uri, c.seen_at AS counted_48h_at, c.like_count AS like_count_48h,
      c.repost_count AS repost_count_48h, c.reply_count AS reply_count_48h,
      c.quote_count AS quote_count_48h
    FROM ${relation(COUNTS, files)} c
    WHERE NOT ${removals.isRemoved({ time: "c.event_time", uri: "c.uri", did: "c.did" })}
    QUALIFY row_number() OVER (PARTITION BY c.uri
      ORDER BY c.seen_at, c.host, c.like_count, c.repost_count, c.reply_count, c.quote_count) = 1`);
}
