import { basename, dirname } from "node:path";
import { now, utcDay } from "./run/clock.ts";
import type { Context } from "./run/command.ts";
import { EXIT, UserError } from "./run/error.ts";
import { type Database, literal, row } from "./store/duckdb.ts";
import { lock } from "./store/lock.ts";
import { damage } from "./store/damage.ts";
import { rewriteParquet, sync } from "./store/parquet.ts";
import type { DataPaths } from "./store/paths.ts";
import { subjectHash, subjectHashSql } from "./store/tombstone.ts";

/** Rows that left a table, by its folder under the data folder; tables that lost none are not named. */
export type Purged = Record<string, number>;

/**
 * Remove what was deleted from every table that still holds it, and from the quarantine.
 *
 * Needs the temporary tables of `removal.ts` and `finished`. Labels go with their post, or stay as
 * numbers under the post's keyed hash, as the study says. Posts of hidden accounts leave `posts` alone.
 */
export async function purge(context: Context, key: string): Promise<Purged> {
  const { database, paths, study } = context;
  const { tombstones } = await row<{ tombstones: number }>(
    database,
    "SELECT (SELECT count(*) FROM removed) + (SELECT count(*) FROM hidden) AS tombstones",
  );
  if (tombstones === 0) return {};
  const purged: Purged = {};
  const purgeFrom = async (table: string, condition: string, replacement?: string) => {
    const rows = await purgeTable(database, paths, table, condition, replacement);
    if (rows > 0) purged[table] = rows;
  };
  const uriHash = subjectHashSql(key, "uri");
  const didHash = subjectHashSql(key, "regexp_extract(uri, '^at://([^/]+)', 1)");
  const removalOf = (hash: string) =>
    `(SELECT removed_at FROM removed WHERE subject_hash = ${hash})`;
  const removedAt = `greatest(${removalOf(uriHash)}, ${removalOf(didHash)})`;
  const removedVersion = (time: string) =>
    `coalesce(${removedAt} >= coalesce(${time}, '-infinity'), false)`;
  for (const source of paths.names("raw").filter((name) => name !== "tombstones")) {
    await purgeFrom(`raw/${source}`, removedVersion("event_time"));
  }
  const isHidden = `${subjectHashSql(key, "did")} IN (SELECT subject_hash FROM hidden)`;
  await purgeFrom("posts", `${removedVersion("reference_time")} OR ${isHidden}`);
  const gone = `${removedAt} IS NOT NULL AND uri NOT IN (SELECT uri FROM finished)`;
  const asNumbers = `SELECT * REPLACE ('deleted:' || ${uriHash} AS uri, NULL AS cid,
    NULL AS text_hash) FROM old WHERE ${gone}`;
  for (const classifier of paths.names("labels")) {
    const replacement = study.after_deletion === "keep_numbers" ? asNumbers : undefined;
    await purgeFrom(`labels/${classifier}`, gone, replacement);
  }
  const lines = await purgeQuarantine(context, key);
  return lines > 0 ? { ...purged, quarantine: lines } : purged;
}

/** Rewrite the files of a table in which a condition holds for some row. */
async function purgeTable(
  database: Database,
  paths: DataPaths,
  table: string,
  condition: string,
  replacement?: string,
): Promise<number> {
  let touched = 0;
  for (const { path } of paths.files(table)) {
    // Damaged files were named by whoever reads them for their content.
    if (await damage(database, path) !== undefined) continue;
    const { matches } = await row<{ matches: number }>(
      database,
      `SELECT count(*) AS matches FROM (
         SELECT 1 FROM read_parquet(${literal(path)}, hive_partitioning = false)
         WHERE ${condition})`,
    );
    if (matches === 0) continue;
    const kept = `SELECT * FROM old WHERE NOT (${condition})`;
    await rewriteParquet(
      database,
      path,
      replacement ? `${kept} UNION ALL BY NAME ${replacement}` : kept,
    );
    touched += matches;
  }
  return touched;
}

/**
 * Take out of the quarantine what belongs to a removed post or account.
 *
 * Only today's file is still written to: it is left to the next run while its source is running.
 */
async function purgeQuarantine(
  { database, paths, warn }: Context,
  key: string,
): Promise<number> {
  const removed = new Set(
    (await database.runAndReadAll("SELECT subject_hash FROM removed")).getRows().map(String),
  );
  let touched = 0;
  for (const path of paths.quarantined()) {
    const source = basename(dirname(path));
    const rewrite = async () => touched += await purgeLines(path, removed, key);
    if (basename(path) !== basename(paths.quarantine(source, utcDay(now())))) {
      await rewrite();
      continue;
    }
    try {
      await using _lock = await lock(paths.locks(), `sync-${source}`, "purge the quarantine");
      await rewrite();
    } catch (error) {
      if (!(error instanceof UserError) || error.exitCode !== EXIT.busy) throw error;
      warn(`${source} is running: what it set aside today is purged by the next preprocess`);
    }
  }
  return touched;
}

async function purgeLines(path: string, removed: Set<string>, key: string): Promise<number> {
  const lines = (await Deno.readTextFile(path)).split("\n").filter((line) => line !== "");
  const kept = lines.filter((line) => {
    const uri = uriOf(line);
    if (uri === undefined) return true;
    const did = /^at:\/\/([^/]+)/.exec(uri)?.[1] ?? "";
    return !removed.has(subjectHash(key, uri)) && !removed.has(subjectHash(key, did));
  });
  if (kept.length < lines.length) {
    const beside = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
    await Deno.writeTextFile(beside, kept.map((line) => `${line}\n`).join(""));
    await sync(beside);
    await Deno.rename(beside, path);
  }
  return lines.length - kept.length;
}

/** Give the uri that a line names; a process that was killed may have left half a last line. */
function uriOf(line: string): string | undefined {
  try {
    return (JSON.parse(line) as { uri?: string }).uri;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return /"uri":"([^"]+)"/.exec(line)?.[1];
  }
}
