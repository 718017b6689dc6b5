import { type Database, literal, rows } from "../store/duckdb.ts";
import { firstDamage } from "../store/damage.ts";
import { relation } from "../store/parquet.ts";
import { POSTS } from "../store/tables.ts";

/** Give the times, ISO 8601 in UTC, by which posts of some uris stand in `posts`; those that are not there are left out. */
export async function knownPosts(
  database: Database,
  files: string[],
  uris: string[],
  doing: string,
): Promise<Map<string, string>> {
  if (files.length === 0 || uris.length === 0) return new Map();
  const damaged = await firstDamage(database, files, doing);
  if (damaged) throw damaged;
  const found = await rows<{ uri: string; time: string }>(
    database,
    `SELECT uri, strftime(if(created_at_suspect, reference_time,
         coalesce(created_at, reference_time)), '%Y-%m-%dT%H:%M:%S.%gZ') AS time
     FROM ${relation(POSTS, files)} WHERE uri IN (SELECT unnest(${literal(uris)}))`,
  );
  return new Map(found.map(({ uri, time }) => [uri, time]));
}
