import type { Inputs } from "./inputs.ts";
import type { Database } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { TOMBSTONES } from "../store/tables.ts";
import { isReached, type PlaceColumns, readAccountRemovals } from "./account_removal.ts";
import { subjectHashSql } from "./tombstone.ts";

/** A version of a post, as SQL expressions. */
export interface VersionColumns {
  /** Its time, null where it has none. */
  time: string;
  uri?: string;
  did?: string;
  /** The revision of its repository; left out where the table has none. */
  rev?: string;
  /** Its place in a stream; left out where the table has none. */
  place?: PlaceColumns;
}

/** What removals are read from, of the inputs of preprocess. */
export type RemovalInputs = Pick<Inputs, "tombstones" | "archivedPosts" | "confirmedDay">;

/**
 * Removals by authors and hosts, as SQL over the tables `removed` (see `readRemovals`) and `hidden`
 * (subject_hash) of one database.
 */
export class Removals {
  /** `unconfirmed` accounts are away for 30 days by our own clock alone: they stay hidden. */
  constructor(readonly key: string, readonly unconfirmed = 0) {}

  /** When the uri or did of an expression was removed; null where it was not. */
  removedAt(subject: string): string {
    return `(SELECT removed_at FROM removed WHERE subject_hash = ${
      subjectHashSql(this.key, subject)
    })`;
  }

  /** Is a version of a post removed by its uri or its author? */
  isRemoved({ time, uri = "uri", did = "did", rev, place }: VersionColumns): string {
    const byAuthor = this.#isAuthorRemoved(time, uri, did, place);
    if (rev === undefined) {
      return `(coalesce(${this.removedAt(uri)} >= coalesce(${time}, '-infinity'), false)
        OR ${byAuthor})`;
    }
    return `(EXISTS (SELECT 1 FROM removed r WHERE r.subject_hash = ${
      subjectHashSql(this.key, uri)
    } AND ${isVersionRemoved("r", time, rev)}) OR ${byAuthor})`;
  }

  #isAuthorRemoved(time: string, uri: string, did: string, place: PlaceColumns | undefined) {
    if (place !== undefined) {
      const removals = `(SELECT removals FROM removed_accounts WHERE subject_hash = ${
        subjectHashSql(this.key, did)
      })`;
      return isReached(removals, time, place);
    }
    // What the raw rows of the post say counts more than its time alone.
    return `coalesce((SELECT is_removed FROM account_verdicts WHERE post = ${uri}),
      ${this.removedAt(did)} >= coalesce(${time}, '-infinity'), false)`;
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
 * of its deactivation, once those days have passed for certain. `raw` are the files to look for its posts in.
 */
export async function readRemovals(
  database: Database,
  inputs: RemovalInputs,
  raw: string[],
  hashKey: string,
): Promise<Removals> {
  const { tombstones, archivedPosts, confirmedDay } = inputs;
  await database.run(`
    CREATE OR REPLACE TEMP TABLE states AS
      FROM ${relation(TOMBSTONES, tombstones)}
      SELECT subject_hash, subject_kind, reason, host, cursor, seen_at,
        -- Times of posts are what servers wrote: none of them spares a post that is to be forgotten.
        if(reason = 'asked', 'infinity'::TIMESTAMP, event_time) AS event_time,
        rev || if(with_rev, '~', '') AS rev_limit`);
  const unconfirmed = await readAccountRemovals(
    database,
    { raw, posts: archivedPosts, confirmedDay },
    hashKey,
  );
  await database.run(`
    CREATE OR REPLACE TEMP TABLE removed AS
      SELECT subject_hash, max(event_time) AS removed_at,
        max(event_time) FILTER (rev_limit IS NULL) AS timed_at, max(rev_limit) AS rev_limit
      FROM states WHERE subject_kind = 'post' GROUP BY ALL
      UNION ALL SELECT subject_hash, removed_at, removed_at, NULL FROM removed_accounts;
    DROP TABLE states`);
  return new Removals(hashKey, unconfirmed);
}
