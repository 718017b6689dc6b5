/** Reads tables with native DuckDB, whatever wrote them. */
import "./common_environment.ts";
import { openDatabase, type Row, rows } from "../etl/store/duckdb.ts";

/** Run a query; `{data}` in it stands for the data folder. */
export async function query<T extends Row = Row>(data: string, sql: string): Promise<T[]> {
  using database = await openDatabase(data);
  return await rows<T>(database, sql.replaceAll("{data}", data));
}

/** Run a test with a data folder of its own, removed afterwards. */
export async function withData(run: (data: string) => Promise<void>): Promise<void> {
  const data = await Deno.makeTempDir({ prefix: "civicsky-" });
  try {
    await run(data);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
}
