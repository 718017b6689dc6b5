import { now } from "../../etl/run/clock.ts";
import { queryWhole } from "../../etl/store/damage.ts";
import { type Database, literal } from "../../etl/store/duckdb.ts";
import { relation } from "../../etl/store/parquet.ts";
import type { DataPaths } from "../../etl/store/paths.ts";
import { RUNS } from "../../etl/store/tables.ts";

/**
 * Give what the runs of a task spent in the present calendar month (UTC), in US dollars.
 *
 * From the ledger; a run that died says nothing of what it spent, so that its answers are counted by
 * the compaction of the run after it (`recovered_cost`).
 */
export async function spentThisMonth(
  database: Database,
  paths: DataPaths,
  task: string,
): Promise<number> {
  const month = now().toISOString().slice(0, 7);
  const files = paths.files("runs").filter(({ day }) => day!.startsWith(month))
    .map(({ path }) => path);
  const [sum] = await queryWhole<{ cost: number }>(
    database,
    files,
    (files) =>
      `SELECT coalesce(sum(coalesce((summary::JSON->>'cost')::DOUBLE, 0)
         + coalesce((summary::JSON->>'recovered_cost')::DOUBLE, 0)), 0) AS cost
       FROM ${relation(RUNS, files)} WHERE task = ${literal(task)} AND summary IS NOT NULL`,
  );
  return sum!.cost;
}
