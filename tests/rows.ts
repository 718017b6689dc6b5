/** Reads tables with native DuckDB, whatever wrote them. */
import "./common_environment.ts";
import { DuckDBInstance } from "@duckdb/node-api";
import { type Database, type Row, rows } from "../etl/store/duckdb.ts";

/** One for all tests of a file: to open one takes as long as ten queries. */
let opened: Promise<DuckDBInstance> | undefined;

/** Do some work with a connection of its own to the DuckDB that tests share. */
export async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  opened ??= DuckDBInstance.create(":memory:", {
    // With a second one, the first spins while it waits.
    threads: "1",
    // Tests replace files within the second in which they were read.
    enable_external_file_cache: "false",
  });
  const database = await (await opened).connect();
  try {
    await database.run("SET TimeZone = 'UTC'");
    return await work(database);
  } finally {
    database.closeSync();
  }
}

/** Run a query; `{data}` in it stands for the data folder. */
export function query<T extends Row = Row>(data: string, sql: string): Promise<T[]> {
  return withDatabase((database) => rows<T>(database, sql.replaceAll("{data}", data)));
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
