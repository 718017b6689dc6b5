import { KEY_DIGITS } from "../export/analysis_column.ts";
import { writeCsv } from "../export/analysis_file.ts";
import type { Context } from "../command/command.ts";
import { damage } from "../store/damage.ts";
import { purgeExportCopies, type Removed } from "./purge_export_copies.ts";
import { literal, row } from "../store/duckdb.ts";
import { rewriteParquet, tableOf } from "../store/parquet.ts";

/**
 * Remove rows of removed posts and accounts from the analysis files in the data folder; gives how many.
 *
 * Needs the temporary table `removed`. These files have no time within a day, so that posts of an account
 * from the day of its removal are removed too. Posts of hidden accounts stay.
 */
export async function purgeAnalyses(
  { database, paths, warn }: Pick<Context, "database" | "paths" | "warn">,
  removed: Removed,
): Promise<number> {
  const isRemoved = (column: string) =>
    `EXISTS (FROM removed WHERE left(subject_hash, ${KEY_DIGITS}) = ${column}
       AND coalesce(removed_at >= try_cast(date AS DATE) - INTERVAL 1 HOUR, true))`;
  const condition = `${isRemoved("post_key")} OR ${isRemoved("author_key")}`;
  const found = paths.files("exports").map(({ path }) => path);
  let touched = 0;
  for (const path of found) {
    if (await damage(database, path) !== undefined) continue;
    const { matches } = await row<{ matches: number }>(
      database,
      `SELECT count(*) AS matches FROM read_parquet(${literal(path)}, hive_partitioning = false)
       WHERE ${condition}`,
    );
    if (matches === 0) continue;
    const left = `FROM read_parquet(${literal(path)}) WHERE NOT coalesce(${condition}, false)`;
    // The CSV first: if this is killed between the two, the Parquet file still shows the rows to remove.
    const csv = path.replace(/parquet$/, "csv");
    await writeCsv(database, await tableOf(database, path), left, csv);
    await rewriteParquet(
      database,
      path,
      `SELECT * FROM old WHERE NOT coalesce(${condition}, false)`,
    );
    touched += matches;
  }
  return touched + await purgeExportCopies({ database, paths, warn }, found, condition, removed);
}
