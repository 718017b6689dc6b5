import { type Database } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { COUNTS } from "../store/tables.ts";
import type { Removals } from "../raw/removal.ts";

/**
 * Make the temporary table `counts_48h`: the first count that was taken again of each uri.
 *
 * Columns uri, counted_48h_at, and the four counts with `_48h`, null where the post was gone by then.
 * A count of what a tombstone removes is left out, as its post is.
 */
export async function indexCounts(
  database: Database,
  files: string[],
  removals: Removals,
): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP TABLE counts_48h AS
    SELECT c.uri, c.seen_at AS counted_48h_at, c.like_count AS like_count_48h,
      c.repost_count AS repost_count_48h, c.reply_count AS reply_count_48h,
      c.quote_count AS quote_count_48h
    FROM ${relation(COUNTS, files)} c
    WHERE NOT ${removals.isRemoved("c.event_time", "c.uri", "c.did")}
    QUALIFY row_number() OVER (PARTITION BY c.uri
      ORDER BY c.seen_at, c.host, c.like_count, c.repost_count, c.reply_count, c.quote_count) = 1`);
}
