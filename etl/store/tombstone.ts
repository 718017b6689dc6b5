import { createHash } from "node:crypto";
import { literal } from "./duckdb.ts";
import type { DataPaths } from "./paths.ts";

/**
 * Give the study's key for the hashes that stand for what was deleted; make it at the first call.
 *
 * Without the key nobody can find out from a hash which uri it was by trying known ones.
 */
export async function hashKey(paths: DataPaths): Promise<string> {
  const path = paths.hashKey();
  await Deno.mkdir(paths.root, { recursive: true });
  try {
    const key = crypto.getRandomValues(new Uint8Array(32)).toHex();
    await Deno.writeTextFile(path, key, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
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
