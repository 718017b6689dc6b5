import { join } from "node:path";
import { KEY_DIGITS } from "../export/analysis_column.ts";
import { writeCsv } from "../export/analysis_file.ts";
import type { Context } from "../command/command.ts";
import { damage } from "../store/damage.ts";
import { type Database, literal, row, rows } from "../store/duckdb.ts";
import { namesIn } from "../store/if_there.ts";
import { rewriteParquet, tableOf } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { replaceFile } from "../store/whole_file.ts";

/**
 * Remove rows of removed posts and accounts from the analysis files in the data folder; gives how many.
 *
 * Needs the temporary table `removed`. These files have no time within a day, so that posts of an account
 * from the day of its removal are removed too. Posts of hidden accounts stay.
 */
export async function purgeAnalyses(
  { database, paths, warn }: Pick<Context, "database" | "paths" | "warn">,
): Promise<number> {
  let touched = 0;
  const removed = (column: string) =>
    `EXISTS (FROM removed WHERE left(subject_hash, ${KEY_DIGITS}) = ${column}
       AND removed_at >= date - INTERVAL 1 HOUR)`;
  const condition = `${removed("post_key")} OR ${removed("author_key")}`;
  const found = paths.files("exports").map(({ path }) => path);
  for (const path of csvAlone(paths, found)) {
    const matches = await matchesInCsv(database, path, condition).catch(() => undefined);
    // What DuckDB says of a CSV quotes it.
    if (matches === undefined) {
      warn(`${path} cannot be read as CSV: purge it by hand, or remove it`);
    }
    if (!matches) continue;
    const left = `FROM ${csvRows(path)} WHERE NOT coalesce(${condition}, false)`;
    await replaceFile(
      path,
      (beside) => database.run(`COPY (${left}) TO ${literal(beside)} (FORMAT csv, HEADER)`),
    );
    touched += matches;
  }
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
  return touched;
}

/** List the CSV files of exports whose Parquet file is gone. */
function csvAlone(paths: DataPaths, found: string[]): string[] {
  return namesIn(paths.exports()).filter((name) => name.endsWith(".csv"))
    .map((name) => join(paths.exports(), name))
    .filter((path) => !found.includes(path.replace(/csv$/, "parquet")));
}

/** Count rows in a CSV file as exports write it; none in one with other columns. */
async function matchesInCsv(
  database: Database,
  path: string,
  condition: string,
): Promise<number> {
  const columns = await rows<{ column_name: string }>(database, `DESCRIBE FROM ${csvFile(path)}`);
  const names = columns.map(({ column_name }) => column_name);
  if (!["post_key", "author_key", "date"].every((name) => names.includes(name))) return 0;
  const { matches } = await row<{ matches: number }>(
    database,
    `SELECT count(*) AS matches FROM ${csvRows(path)} WHERE ${condition}`,
  );
  return matches;
}

function csvRows(path: string): string {
  return `(SELECT * REPLACE (try_cast(date AS DATE) AS date) FROM ${csvFile(path)})`;
}

function csvFile(path: string): string {
  return `read_csv(${literal(path)}, header = true, delim = ',', quote = '"', escape = '"',
    all_varchar = true, allow_quoted_nulls = false)`;
}
