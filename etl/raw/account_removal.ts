/** Removals of accounts: what of theirs was received before, and what behind their return. */
import { now } from "../run/clock.ts";
import { type Database, literal, row } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { POSTS, RAW } from "../store/tables.ts";
import { AHEAD_MINUTES, FIRST_TIME_CURSOR } from "./stream_place.ts";
import { HIDINGS, subjectHashSql } from "./tombstone.ts";

/** How long a deactivated account may still come back before its posts are purged. */
const RETURN_DAYS = 30;
const AHEAD = `INTERVAL ${AHEAD_MINUTES} MINUTE`;

/** The place of a version in a stream, as SQL expressions. */
export interface PlaceColumns {
  host: string;
  cursor: string;
  seenAt: string;
}

/** The place of a raw row. */
export const RAW_PLACE: PlaceColumns = { host: "host", cursor: "cursor", seenAt: "seen_at" };

/**
 * Does one of the removals of an account (a list of `removed_accounts`) reach a version, as SQL?
 *
 * At one host the cursors tell what was received before, whatever servers wrote. Elsewhere times do;
 * as a server's clock may be ahead, a removal that no return follows reaches ten minutes further, and
 * takes what is dated before it too. Nothing reaches what stands behind a return.
 */
export function isReached(removals: string, time: string, place: PlaceColumns): string {
  const at = `coalesce(${time}, '-infinity'::TIMESTAMP)`;
  // No name of a lambda may be that of a table around it.
  const [back, gone] = ["a_return", "a_removal"];
  const isBehindReturn = `len(list_filter(coalesce(${gone}.returns, []), ${back} ->
    ${isComparable(back, at, place)} AND ${place.cursor} > ${back}.cursor)) > 0`;
  return `coalesce(len(list_filter(${removals}, ${gone} -> (CASE
    WHEN ${isBehindReturn} THEN false
    WHEN ${isComparable(gone, at, place)}
      THEN ${place.cursor} <= ${gone}.cursor OR
        (${gone}.returns IS NULL AND ${at} <= ${gone}.event_time)
    ELSE ${at} <= ${gone}.reaches_to END))) > 0, false)`;
}

/**
 * Do the cursors of an event and a version tell their order?
 *
 * They do where one sequence gave both: a host may begin its sequence anew, or change from numbers to
 * times. What was received in another order than its cursors say is left to its time.
 */
function isComparable(event: string, time: string, { host, cursor, seenAt }: PlaceColumns): string {
  return `coalesce(${event}.host = ${host} AND
    (${event}.cursor >= ${FIRST_TIME_CURSOR}) = (${cursor} >= ${FIRST_TIME_CURSOR}) AND
    if(${cursor} > ${event}.cursor, ${seenAt} >= ${event}.seen_at,
      ${seenAt} <= ${event}.seen_at OR ${time} <= ${event}.event_time), false)`;
}

/**
 * Does the event `r` of an account follow the event `t`, as SQL?
 *
 * Where events were received in another order than their cursors say, an hour was read later, or the
 * sequence began anew: the time of the stream tells which.
 */
function follows(r: string, t: string): string {
  return `if(coalesce(${r}.host = ${t}.host AND
      (${r}.cursor >= ${FIRST_TIME_CURSOR}) = (${t}.cursor >= ${FIRST_TIME_CURSOR}), false)
      AND if(${r}.cursor > ${t}.cursor, ${r}.seen_at >= ${t}.seen_at, ${r}.seen_at <= ${t}.seen_at)
      AND ${r}.event_time >= ${t}.event_time - ${AHEAD}
      AND ${r}.event_time <= ${t}.event_time + ${AHEAD},
    ${r}.cursor > ${t}.cursor,
    ${r}.event_time > ${t}.event_time OR (${t}.is_hiding AND ${r}.event_time = ${t}.event_time))`;
}

/**
 * Make of the temporary table `states` the tables `removed_accounts` (subject_hash, `removals` for
 * `isReached`, `removed_at`), `hidden` (subject_hash), and `account_verdicts` (post, its uri; is_removed): posts of
 * removed accounts of which all raw rows say the same, for tables that know no place in a stream.
 * Gives how many accounts are away for long enough by our own clock alone: up to `confirmedDay` time has
 * passed for certain.
 */
export async function readAccountRemovals(
  database: Database,
  { raw, posts, confirmedDay }: {
    raw: string[];
    posts: string[];
    confirmedDay: string | undefined;
  },
  hashKey: string,
): Promise<number> {
  const hidings = HIDINGS.map((reason) => literal(reason)).join(", ");
  await database.run(`
    CREATE OR REPLACE TEMP TABLE account_events AS
      SELECT subject_hash, coalesce(reason, '') AS reason,
        coalesce(reason IN (${hidings}), false) AS is_hiding, host, cursor,
        -- What is read again was received when it first came.
        min(seen_at) AS seen_at, max(event_time) AS event_time
      FROM states WHERE subject_kind = 'account' AND subject_hash IN (
        SELECT subject_hash FROM states WHERE reason IS DISTINCT FROM 'active')
      GROUP BY subject_hash, reason, host, cursor, if(cursor IS NULL, event_time, NULL);
    CREATE OR REPLACE TEMP TABLE ends AS
      SELECT t.*,
        list(struct_pack(host := r.host, cursor := r.cursor, seen_at := r.seen_at,
          event_time := r.event_time) ORDER BY r.event_time, r.host, r.cursor)
          FILTER (r.subject_hash IS NOT NULL) AS returns
      FROM account_events t LEFT JOIN account_events r
        ON r.subject_hash = t.subject_hash AND r.reason = 'active' AND ${follows("r", "t")}
      WHERE t.reason <> 'active'
      GROUP BY ALL;
    CREATE OR REPLACE TEMP TABLE away AS
      SELECT subject_hash, min(event_time) AS first_at,
        arg_max(struct_pack(host := host, cursor := cursor, seen_at := seen_at,
          event_time := event_time), (event_time, coalesce(cursor, -1))) AS last
      FROM ends WHERE is_hiding AND returns IS NULL GROUP BY subject_hash;
    CREATE OR REPLACE TEMP TABLE hidden (subject_hash VARCHAR);
    CREATE OR REPLACE TEMP TABLE removed_accounts AS
      SELECT subject_hash, [struct_pack(host := host, cursor := cursor, seen_at := seen_at,
        event_time := event_time, reaches_to := event_time, returns := returns)] AS removals,
        event_time AS removed_at FROM ends LIMIT 0;
    CREATE OR REPLACE TEMP TABLE account_verdicts (post VARCHAR, is_removed BOOLEAN)`);
  const { some } = await row<{ some: number }>(database, "SELECT count(*) AS some FROM ends");
  const monthBefore = (time: number) => new Date(time - RETURN_DAYS * 86_400_000);
  const present = now().getTime();
  const byClock = monthBefore(present);
  const purged = monthBefore(Math.min(present, Date.parse(confirmedDay ?? "1970-01-01")));
  if (some > 0) await judgeAccounts(database, raw, posts, hashKey, purged);
  const { unconfirmed } = await row<{ unconfirmed: number }>(
    database,
    `SELECT count(*)::INTEGER AS unconfirmed FROM away
     WHERE first_at > ${literal(purged)} AND first_at <= ${literal(byClock)}`,
  );
  await database.run("DROP TABLE account_events; DROP TABLE ends; DROP TABLE away");
  return unconfirmed;
}

async function judgeAccounts(
  database: Database,
  raw: string[],
  posts: string[],
  hashKey: string,
  purged: Date,
): Promise<void> {
  const place = { host: "v.host", cursor: "v.cursor", seenAt: "v.seen_at" };
  await database.run(`
    CREATE OR REPLACE TEMP TABLE named_authors AS
      SELECT did, subject_hash FROM (
        SELECT did, ${subjectHashSql(hashKey, "did")} AS subject_hash
        FROM (SELECT did FROM ${relation(RAW, raw)} UNION SELECT did FROM ${
    relation(POSTS, posts)
  }))
      WHERE subject_hash IN (SELECT subject_hash FROM ends);
    -- Outside of our windows we miss a host's account events, but may see the account's posts.
    DELETE FROM away WHERE subject_hash IN (
      SELECT a.subject_hash FROM ${relation(RAW, raw)} v JOIN named_authors n ON n.did = v.did
        JOIN away a ON a.subject_hash = n.subject_hash
      WHERE if(${isComparable("a.last", "v.event_time", place)},
        v.cursor > a.last.cursor AND v.event_time > a.last.event_time,
        v.event_time > a.last.event_time + ${AHEAD})
      UNION ALL
      SELECT a.subject_hash FROM ${relation(POSTS, posts)} v JOIN named_authors n ON n.did = v.did
        JOIN away a ON a.subject_hash = n.subject_hash
      WHERE v.reference_time > a.last.event_time + ${AHEAD});
    INSERT INTO hidden SELECT subject_hash FROM away WHERE first_at > ${literal(purged)};
    INSERT INTO removed_accounts
      SELECT subject_hash, list(struct_pack(host := host, cursor := cursor, seen_at := seen_at,
          event_time := event_time, reaches_to := reaches_to, returns := returns)
          ORDER BY event_time, host, cursor),
        max(reaches_to)
      FROM (
        SELECT subject_hash, host, cursor, seen_at, event_time, returns,
          if(returns IS NULL, event_time + ${AHEAD}, event_time) AS reaches_to
        FROM ends WHERE NOT is_hiding
        UNION ALL
        SELECT subject_hash, last.host, last.cursor, last.seen_at, last.event_time, NULL,
          last.event_time + ${AHEAD}
        FROM away WHERE first_at <= ${literal(purged)})
      GROUP BY subject_hash;
    INSERT INTO account_verdicts
      SELECT uri, bool_or(is_removed) FROM (
        SELECT v.uri, ${isReached("a.removals", "v.event_time", place)} AS is_removed
        FROM ${relation(RAW, raw)} v JOIN named_authors n ON n.did = v.did
        JOIN removed_accounts a ON a.subject_hash = n.subject_hash)
      GROUP BY uri HAVING bool_or(is_removed) = bool_and(is_removed);
    DROP TABLE named_authors`);
}
