import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { join } from "node:path";

export type Database = DuckDBConnection;
export type Row = Record<string, unknown>;

/** Memory for DuckDB; what exceeds it spills to a folder beside the tables. */
const MEMORY_LIMIT = "600MB";

/**
 * Open an in-memory DuckDB, in UTC, whose large sorts and joins spill to `<root>/tmp`.
 *
 * `using` closes it.
 */
export async function openDatabase(root: string): Promise<Database & Disposable> {
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: MEMORY_LIMIT,
    temp_directory: join(root, "tmp"),
    // Extensions come from the network; nothing here needs one.
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return Object.assign(connection, {
    [Symbol.dispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  });
}

/** Run a query and give its rows; integers beyond 2^53 and times come as strings. */
export async function rows<T extends Row = Row>(database: Database, sql: string): Promise<T[]> {
  const reader = await database.runAndReadAll(sql);
  const names = reader.columnNames();
  const types = reader.columnTypes().map(String);
  return reader.getRowsJson().map((values) =>
    Object.fromEntries(names.map((name, index) => [name, fromJson(values[index], types[index]!)]))
  ) as T[];
}

/** Run a query that gives one row. */
export async function row<T extends Row = Row>(database: Database, sql: string): Promise<T> {
  const [first, second] = await rows<T>(database, sql);
  if (first === undefined || second !== undefined) {
    throw new Error("the query did not give one row");
  }
  return first;
}

function fromJson(value: unknown, type: string): unknown {
  if (typeof value !== "string" || !/^(BIGINT|HUGEINT|UBIGINT)$/.test(type)) return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Quote a value as an SQL literal. Lists become lists; undefined and null become NULL. */
export function literal(value: unknown): string {
  if (value === undefined || value === null) return "NULL";
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return String(value);
  }
  if (value instanceof Date) return `TIMESTAMP '${value.toISOString().replace("Z", "")}'`;
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  return `'${String(value).replaceAll("'", "''")}'`;
}
