import { type Database } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { COUNTS } from "../store/tables.ts";
import { subjectHashSql } from "../raw/tombstone.ts";

/**
 * Make the temporary table `counts_48h`: the first count that was taken again of each uri.
 *
 * Columns uri, counted_48h_at, and the four counts with `_48h`, null where the post was gone by then.
 * Needs the temporary table `removed`: a count of what a tombstone removes is left out, as its post is.
 */
export async function indexCounts(
  database: Database,
  files: string[],
  hashKey: string,
): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP TABLE counts_48h AS
    SELECT c.uri, c.seen_at AS counted_48h_at, c.like_count AS like_count_48h,
      c.repost_count AS repost_count_48h, c.reply_count AS reply_count_48h,
      c.quote_count AS quote_count_48h
    FROM ${relation(COUNTS, files)} c
    LEFT JOIN removed p ON p.subject_hash = ${subjectHashSql(hashKey, "c.uri")}
    LEFT JOIN removed a ON a.subject_hash = ${subjectHashSql(hashKey, "c.did")}
    WHERE NOT coalesce(
      greatest(p.removed_at, a.removed_at) >= coalesce(c.event_time, '-infinity'), false)
    QUALIFY row_number() OVER (PARTITION BY c.uri
      ORDER BY c.seen_at, c.host, c.like_count, c.repost_count, c.reply_count, c.quote_count) = 1`);
}
