import { whileIdle } from "./purge_lines.ts";
import type { Context } from "../command/command.ts";
import type { UserError } from "../run/error.ts";
import {
  ARCHIVED_SOURCES,
  isReachable,
  readArchive,
  readMarker,
  writeMarker,
} from "../store/archive.ts";
import { damage, damagedFile } from "../store/damage.ts";
import { type Database, literal, row } from "../store/duckdb.ts";
import { rewriteParquet } from "../store/parquet.ts";
import { DataPaths } from "../store/paths.ts";
import { COMPACT } from "../store/reading.ts";

/**
 * Remove the rows of a condition from archived raw data; gives how many were removed.
 *
 * Needs the temporary tables `removed` and `removed_accounts`. A missing archive is a warning: tombstones are kept,
 * and the next `preprocess` that finds it applies them all. Only the columns of the condition are read,
 * and nothing where the same removals were applied before.
 */
export async function purgeArchive(
  { database, paths, warn, progress }: Pick<Context, "database" | "paths" | "warn" | "progress">,
  condition: string,
): Promise<number> {
  const archive = readArchive(paths);
  if (archive === undefined || archive.days.length === 0) return 0;
  const { folder, id } = archive;
  if (!isReachable(archive)) {
    warn(`the archive ${folder} is not there: deleted posts leave it when preprocess finds it`);
    return 0;
  }
  const { removals } = await row<{ removals: string }>(
    database,
    `SELECT count(*) || ' ' || coalesce(bit_xor(hash(r, a.removals)), 0) AS removals
     FROM removed r LEFT JOIN removed_accounts a ON a.subject_hash = r.subject_hash`,
  );
  if (readMarker(folder)?.removals === removals) return 0;
  let touched = 0;
  const isIdle = await whileIdle(paths, COMPACT, async () => {
    // No task moves files there now: half-copied files of a killed run may go.
    for (const { path } of new DataPaths(folder).everyFile()) {
      if (/\.parquet\.[0-9a-f]{8}\.part$/.test(path)) await Deno.remove(path);
    }
    let isWhole = true;
    for (const source of ARCHIVED_SOURCES) {
      const files = new DataPaths(folder).files(`raw/${source}`);
      for (const [index, { path }] of files.entries()) {
        progress.update(() => `${index + 1} of ${files.length} archived files of ${source} purged`);
        const rows = await purgeFile(database, path, condition);
        if (typeof rows === "number") touched += rows;
        else {
          isWhole = false;
          warn(rows.message);
        }
      }
    }
    if (isWhole) await writeMarker(folder, { id, removals });
  });
  if (!isIdle) warn("compact is running: the archive is purged by the next preprocess");
  return touched;
}

/** Give the number of removed rows, or the error of a damaged file. */
async function purgeFile(
  database: Database,
  path: string,
  condition: string,
): Promise<number | UserError> {
  try {
    const { matches } = await row<{ matches: number }>(
      database,
      `SELECT count(*) AS matches FROM read_parquet(${literal(path)}, hive_partitioning = false)
       WHERE ${condition}`,
    );
    if (matches > 0) {
      await rewriteParquet(database, path, `SELECT * FROM old WHERE NOT (${condition})`);
    }
    return matches;
  } catch (error) {
    const what = await damage(database, path);
    if (what === undefined) throw error;
    return damagedFile("purge the archive", path, what);
  }
}
