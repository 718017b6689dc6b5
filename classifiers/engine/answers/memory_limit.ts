import { type Database, isOutOfMemory } from "../../../etl/store/duckdb.ts";

/**
 * For DuckDB, beside what JavaScript holds. What does not fit it spills, but not all that it pins: where
 * the little is not enough, a run takes more.
 */
export const LIMIT_MEMORY = "SET memory_limit = '110MB'";

/** Do some work, once more with more memory where it ran out: old files have larger row groups. */
export async function withMoreMemory<T>(database: Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    await database.run("SET memory_limit = '600MB'");
    return await work();
  }
}
