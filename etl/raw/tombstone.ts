import { partName } from "../store/part_name.ts";
import { createHash } from "node:crypto";
import { now, utcDay } from "../run/clock.ts";
import { UserError } from "../run/error.ts";
import { ifThere } from "../store/if_there.ts";
import { type Database, literal } from "../store/duckdb.ts";
import { writeParquet } from "../store/parquet.ts";
import { sync } from "../store/whole_file.ts";
import type { DataPaths } from "../store/paths.ts";
import { TOMBSTONES } from "../store/tables.ts";

/** Removes every version of a post or an account that is not younger than itself. */
type Removal = "deleted" | "takendown" | "asked" | "not_found";

/** Hides the posts of an account until it is active again. */
export const HIDINGS = ["deactivated", "suspended"] as const;

/**
 * The reason of a row of `raw/tombstones`: a removal; or for an account one that hides its posts, or
 * `active`, which ends that.
 */
export type TombstoneReason = Removal | typeof HIDINGS[number] | "active";

/**
 * Give the study's key for the hashes of deleted posts and accounts; made at the first call.
 *
 * Without the key, trying known uris cannot reveal the uri of a hash. Throws
 * where its file is damaged: another key would make every tombstone miss its post.
 */
export async function hashKey(paths: DataPaths): Promise<string> {
  const path = paths.hashKey();
  const key = (await ifThere(() => Deno.readTextFile(path)))?.trim() ??
    await makeKey(paths.root, path);
  if (!/^\w{64}$/.test(key)) {
    throw new UserError(
      `read ${path}`,
      "it does not hold a key of 64 characters",
      "Put back a copy from a backup; without it, tombstones no longer find their posts",
    );
  }
  return key;
}

async function makeKey(root: string, path: string): Promise<string> {
  const key = crypto.getRandomValues(new Uint8Array(32)).toHex();
  const beside = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  await Deno.mkdir(root, { recursive: true });
  try {
    await Deno.writeTextFile(beside, key, { createNew: true, mode: 0o600 });
    await sync(beside);
    // A link never replaces another process's file, and shows the whole key at once.
    await Deno.link(beside, path);
    await sync(root);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    await Deno.remove(beside);
  }
  return (await Deno.readTextFile(path)).trim();
}

/** Give the keyed hash (sha256 of `key:subject`, hex) of a uri or a did. */
export function subjectHash(key: string, subject: string): string {
  return createHash("sha256").update(`${key}:${subject}`).digest("hex");
}

/** Give the same hash as an SQL expression over a column. */
export function subjectHashSql(key: string, column: string): string {
  return `sha256(${literal(`${key}:`)} || ${column})`;
}

/** A post or an account that is removed or hidden by hand, or found missing. */
export interface Found {
  subject: string;
  kind: "post" | "account";
  reason: TombstoneReason;
}

/** Land tombstones of this moment as one part; `host` is their origin. Gives their hashes. */
export async function writeTombstones(
  database: Database,
  paths: DataPaths,
  key: string,
  host: string,
  found: Found[],
): Promise<string[]> {
  const time = now();
  const hashes = found.map(({ subject }) => subjectHash(key, subject));
  const selects = found.map(({ kind, reason }, index) =>
    `SELECT ${literal(hashes[index])} AS subject_hash, ${literal(kind)} AS subject_kind,
       ${literal(reason)} AS reason, ${literal(time)} AS event_time, ${literal(time)} AS seen_at,
       ${literal(host)} AS host, NULL AS cursor, NULL AS rev, NULL AS with_rev`
  );
  if (selects.length > 0) {
    const path = paths.rawPart("tombstones", utcDay(time), partName(time));
    await writeParquet(database, TOMBSTONES, selects.join(" UNION ALL "), path);
  }
  return hashes;
}
