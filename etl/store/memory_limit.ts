import { type Database, isOutOfMemory } from "./duckdb.ts";

/**
 * DuckDB's memory in a labelling run, beside JavaScript's. DuckDB spills the rest, except what it pins: where
 * this is too little, a run takes more.
 */
export const LIMIT_MEMORY = "SET memory_limit = '110MB'";

/** Do some work of a labelling run; if memory ran out, do it again with more: old files have larger row groups. */
export async function withMoreMemory<T>(database: Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    await database.run("SET memory_limit = '600MB'");
    return await work();
  }
}
