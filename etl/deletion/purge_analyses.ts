import { KEY_DIGITS } from "../export/analysis_column.ts";
import { writeCsv } from "../export/analysis_file.ts";
import { damage } from "../store/damage.ts";
import { type Database, literal, row } from "../store/duckdb.ts";
import { rewriteParquet, tableOf } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";

/**
 * Remove rows of removed posts and accounts from the analysis files in the data folder; gives how many.
 *
 * Needs the temporary table `removed`. These files have no time within a day, so that posts of an account
 * from the day of its removal are removed too. Posts of hidden accounts stay.
 */
export async function purgeAnalyses(database: Database, paths: DataPaths): Promise<number> {
  let touched = 0;
  const removed = (column: string) =>
    `EXISTS (FROM removed WHERE left(subject_hash, ${KEY_DIGITS}) = ${column}
       AND removed_at >= date - INTERVAL 1 HOUR)`;
  const condition = `${removed("post_key")} OR ${removed("author_key")}`;
  for (const { path } of paths.files("exports")) {
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
  return touched;
}
