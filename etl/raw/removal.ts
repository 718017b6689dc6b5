import { now } from "../run/clock.ts";
import { type Database, literal, row } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { POSTS, RAW, TOMBSTONES } from "../store/tables.ts";
import { subjectHashSql } from "./tombstone.ts";

/** How long a deactivated account may still come back before its posts are purged. */
const RETURN_DAYS = 30;

/**
 * Removals by authors and hosts, as SQL over the tables `removed` (subject_hash, removed_at) and
 * `hidden` (subject_hash) of one database.
 */
export class Removals {
  constructor(readonly key: string) {}

  /** When the uri or did of an expression was removed; null where it was not. */
  removedAt(subject: string): string {
    return `(SELECT removed_at FROM removed WHERE subject_hash = ${
      subjectHashSql(this.key, subject)
    })`;
  }

  /** Is a version of a post, with its time, removed by its uri or its author? */
  isRemoved(time: string, uri = "uri", did = "did"): string {
    return `coalesce(greatest(${this.removedAt(uri)}, ${this.removedAt(did)})
      >= coalesce(${time}, '-infinity'), false)`;
  }

  /** Is an author hidden, as deactivated accounts are? */
  isHidden(did = "did"): string {
    return `${subjectHashSql(this.key, did)} IN (SELECT subject_hash FROM hidden)`;
  }
}

/**
 * Make the temporary tables `removed` (subject_hash, removed_at), which leaves every table, and `hidden`
 * (subject_hash of an account), which is not shown. What somebody asked to forget is removed for good,
 * whatever times its versions have: `removed_at` is infinite.
 *
 * An account is hidden from `#account` with the status deactivated until it is active again, or wrote
 * something that we saw: nobody who is deactivated can. After 30 days it counts as removed at the time of
 * its deactivation. `raw` are the files to look for its posts in, `posts` those of days that are archived.
 */
export async function readRemovals(
  database: Database,
  tombstones: string[],
  raw: string[],
  hashKey: string,
  posts: string[] = [],
): Promise<Removals> {
  const purged = new Date(now().getTime() - RETURN_DAYS * 86_400_000);
  await database.run(`
    CREATE OR REPLACE TEMP TABLE states AS
      FROM ${relation(TOMBSTONES, tombstones)} SELECT subject_hash, reason, event_time;
    CREATE OR REPLACE TEMP TABLE away AS
      WITH back AS (
        SELECT subject_hash, max(event_time) AS back_at FROM states WHERE reason = 'active' GROUP BY ALL
      )
      SELECT subject_hash, min(event_time) AS first_at, max(event_time) AS last_at
      FROM states LEFT JOIN back USING (subject_hash)
      WHERE reason = 'deactivated' AND event_time > coalesce(back_at, '-infinity')
      GROUP BY ALL`);
  const { accounts } = await row<{ accounts: number }>(
    database,
    "SELECT count(*) AS accounts FROM away",
  );
  if (accounts > 0) {
    // Outside of our windows we miss a host's account events, but may see the account's posts.
    await database.run(`
      CREATE OR REPLACE TEMP TABLE authors AS
        SELECT ${subjectHashSql(hashKey, "did")} AS subject_hash, max(event_time) AS wrote_at
        FROM (SELECT did, max(event_time) AS event_time FROM ${relation(RAW, raw)} GROUP BY did
          UNION ALL SELECT did, max(reference_time) FROM ${relation(POSTS, posts)} GROUP BY did)
        GROUP BY ALL;
      DELETE FROM away USING authors
        WHERE authors.subject_hash = away.subject_hash AND wrote_at > last_at;
      DROP TABLE authors`);
  }
  await database.run(`
    CREATE OR REPLACE TEMP TABLE removed AS
      SELECT subject_hash, max(event_time) AS removed_at FROM (
        -- Times of posts are what servers wrote: none of them spares a post that is to be forgotten.
        SELECT subject_hash, if(reason = 'asked', 'infinity'::TIMESTAMP, event_time) AS event_time
        FROM states
        WHERE coalesce(reason NOT IN ('deactivated', 'active'), true)
        UNION ALL
        SELECT subject_hash, last_at FROM away WHERE first_at <= ${literal(purged)})
      GROUP BY ALL;
    CREATE OR REPLACE TEMP TABLE hidden AS
      SELECT subject_hash FROM away WHERE first_at > ${literal(purged)};
    DROP TABLE states;
    DROP TABLE away`);
  return new Removals(hashKey);
}
