import { now } from "../run/clock.ts";
import { type Database, literal, row } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { POSTS, RAW, TOMBSTONES } from "../store/tables.ts";
import { HIDINGS, subjectHashSql } from "./tombstone.ts";

/** How long a deactivated account may still come back before its posts are purged. */
const RETURN_DAYS = 30;

/** A version of a post, as SQL expressions. */
export interface VersionColumns {
  /** Its time, null where it has none. */
  time: string;
  uri?: string;
  did?: string;
  /** The revision of its repository; left out where the table has none. */
  rev?: string;
}

/**
 * Removals by authors and hosts, as SQL over the tables `removed` (see `readRemovals`) and `hidden`
 * (subject_hash) of one database.
 */
export class Removals {
  constructor(readonly key: string) {}

  /** When the uri or did of an expression was removed; null where it was not. */
  removedAt(subject: string): string {
    return `(SELECT removed_at FROM removed WHERE subject_hash = ${
      subjectHashSql(this.key, subject)
    })`;
  }

  /** Is a version of a post removed by its uri or its author? */
  isRemoved({ time, uri = "uri", did = "did", rev }: VersionColumns): string {
    if (rev === undefined) {
      return `coalesce(greatest(${this.removedAt(uri)}, ${this.removedAt(did)})
        >= coalesce(${time}, '-infinity'), false)`;
    }
    return `(EXISTS (SELECT 1 FROM removed r WHERE r.subject_hash = ${
      subjectHashSql(this.key, uri)
    } AND ${isVersionRemoved("r", time, rev)})
      OR coalesce(${this.removedAt(did)} >= coalesce(${time}, '-infinity'), false))`;
  }

  /** Is an author hidden, as deactivated accounts are? */
  isHidden(did = "did"): string {
    return `${subjectHashSql(this.key, did)} IN (SELECT subject_hash FROM hidden)`;
  }
}

/**
 * Is a version of a post removed by a row of `removed` of its uri, as SQL?
 *
 * Within a repository revisions are the order: times are what servers wrote, and a post may be deleted
 * and written anew in one commit. Times count where one of the two has no revision.
 */
export function isVersionRemoved(removal: string, time: string, rev: string): string {
  const byTime = (column: string) => `${removal}.${column} >= coalesce(${time}, '-infinity')`;
  return `coalesce(if(${rev} IS NULL, ${byTime("removed_at")},
    coalesce(${rev} < ${removal}.rev_limit, false) OR coalesce(${
    byTime("timed_at")
  }, false)), false)`;
}

/**
 * Make the temporary tables `removed`, which leaves every table, and `hidden` (subject_hash of an
 * account), which is not shown.
 *
 * `removed` has for each subject_hash `removed_at` (the last time of any tombstone), `timed_at` (the last of
 * those without a revision) and `rev_limit` (versions of a revision below it are removed). What somebody
 * asked to forget is removed for good, whatever times its versions have: both times are infinite.
 *
 * An account is hidden from `#account` with the status deactivated or suspended until it is active again,
 * or wrote something that we saw: nobody who is away can. After 30 days it counts as removed at the time
 * of its deactivation. `raw` are the files to look for its posts in, `posts` those of days that are archived.
 */
export async function readRemovals(
  database: Database,
  tombstones: string[],
  raw: string[],
  hashKey: string,
  posts: string[] = [],
): Promise<Removals> {
  const purged = new Date(now().getTime() - RETURN_DAYS * 86_400_000);
  const hidings = HIDINGS.map((reason) => literal(reason)).join(", ");
  await database.run(`
    CREATE OR REPLACE TEMP TABLE states AS
      FROM ${relation(TOMBSTONES, tombstones)}
      SELECT subject_hash, reason, event_time, rev || if(with_rev, '~', '') AS rev_limit;
    CREATE OR REPLACE TEMP TABLE away AS
      WITH back AS (
        SELECT subject_hash, max(event_time) AS back_at FROM states WHERE reason = 'active' GROUP BY ALL
      )
      SELECT subject_hash, min(event_time) AS first_at, max(event_time) AS last_at
      FROM states LEFT JOIN back USING (subject_hash)
      WHERE reason IN (${hidings}) AND event_time > coalesce(back_at, '-infinity')
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
      SELECT subject_hash, max(event_time) AS removed_at,
        max(event_time) FILTER (rev_limit IS NULL) AS timed_at, max(rev_limit) AS rev_limit
      FROM (
        -- Times of posts are what servers wrote: none of them spares a post that is to be forgotten.
        SELECT subject_hash, if(reason = 'asked', 'infinity'::TIMESTAMP, event_time) AS event_time,
          rev_limit
        FROM states
        WHERE coalesce(reason NOT IN (${hidings}, 'active'), true)
        UNION ALL
        SELECT subject_hash, last_at, NULL FROM away WHERE first_at <= ${literal(purged)})
      GROUP BY ALL;
    CREATE OR REPLACE TEMP TABLE hidden AS
      SELECT subject_hash FROM away WHERE first_at > ${literal(purged)};
    DROP TABLE states;
    DROP TABLE away`);
  return new Removals(hashKey);
}
