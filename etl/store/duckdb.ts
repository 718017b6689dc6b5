import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { join } from "node:path";
import { ifThereSync } from "./if_there.ts";
import { startTicks } from "../run/process.ts";

/** A connection to DuckDB. */
export type Database = DuckDBConnection;
/** A row as DuckDB gives it, by column. */
export type Row = Record<string, unknown>;

/** Memory for DuckDB; what exceeds it spills to a folder beside the tables. */
const MEMORY_LIMIT = "600MB";

/**
 * A folder of up to so many entries and bytes of tables is read on one thread. With more threads, the
 * one that asks spins until the others are done: a fifth of the time that tasks on small data take.
 */
const LITTLE = { entries: 2000, bytes: 4_000_000 };

/** Databases of small folders, which keep to one thread. */
const onOne = new WeakSet<Database>();

/**
 * Open an in-memory DuckDB, in UTC, whose large sorts and joins spill to a folder of their own,
 * `<root>/tmp-<process>`. Leftovers of killed processes of this host are removed.
 *
 * `isLooking` is for tasks that only look: they leave everything where it is. `using` closes it.
 */
export async function openDatabase(
  root: string,
  isLooking = false,
): Promise<Database & Disposable> {
  if (!isLooking) await removeDeadSpills(root);
  const isSmall = holdsLittle(root);
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: MEMORY_LIMIT,
    ...isSmall ? { threads: "1" } : {},
    // DuckDB takes every file in there for its own, so that two processes cannot share one.
    temp_directory: spillFolder(root),
    // Otherwise its allocator keeps freed memory: 90 MB more after a few queries over a million posts.
    allocator_flush_threshold: "1MB",
    allocator_bulk_deallocation_flush_threshold: "1MB",
    // Its cache misses a file that another process replaced within the same second.
    enable_external_file_cache: "false",
    // Extensions come from the network; nothing here needs one.
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const connection = await instance.connect();
  if (isSmall) onOne.add(connection);
  await connection.run("SET TimeZone = 'UTC'");
  return Object.assign(connection, {
    [Symbol.dispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  });
}

/**
 * Name a new folder for data that does not fit in memory. If this process dies, the next one that
 * opens the tables removes it.
 */
export function spillFolder(root: string): string {
  return join(root, `${spillOf(Deno.pid)}-${crypto.randomUUID().slice(0, 8)}`);
}

/** Name the spill of a process of this host; a later process with the same pid has another. */
function spillOf(pid: number): string {
  return `tmp-${Deno.hostname()}-${pid}-${startTicks(pid)}`;
}

/** Tell whether an error, or what caused it, is that DuckDB's `memory_limit` was too little. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error &&
    (error.message.startsWith("Out of Memory Error") || isOutOfMemory(error.cause));
}

/** Do some work on one thread, which holds one row group, and then release free memory. */
export async function onOneThread<T>(database: Database, work: () => Promise<T>): Promise<T> {
  await database.run("SET threads = 1");
  try {
    return await work();
  } finally {
    await resetThreads(database);
  }
}

/**
 * Give a database the threads back that it was opened with.
 *
 * DuckDB releases free memory when their number changes.
 */
export async function resetThreads(database: Database): Promise<void> {
  if (!onOne.has(database)) await database.run("RESET threads");
}

/** Does a folder hold few tables, and small ones? Looks no further than it takes to know. */
function holdsLittle(root: string): boolean {
  let { entries, bytes } = LITTLE;
  const fits = (folder: string): boolean =>
    (ifThereSync(() => [...Deno.readDirSync(folder)]) ?? []).every(({ name, isFile }) => {
      if (isFile && !name.endsWith(".parquet")) return --entries > 0;
      const path = join(folder, name);
      const found = ifThereSync(() => Deno.statSync(path));
      if (found?.isDirectory) return --entries > 0 && fits(path);
      return --entries > 0 && (bytes -= found?.size ?? 0) > 0;
    });
  try {
    return fits(root);
  } catch {
    // What may not be read is told of by the task that needs it.
    return false;
  }
}

async function removeDeadSpills(root: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(root)) {
      const [, host, pid] = /^tmp-(.*)-(\d+)-\d+-[0-9a-f]{8}$/.exec(name) ?? [];
      if (host !== Deno.hostname() || name.startsWith(`${spillOf(Number(pid))}-`)) continue;
      await Deno.remove(join(root, name), { recursive: true });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
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
  const text = `'${String(value).replaceAll("'", "''")}'`;
  // DuckDB reads a statement up to its first NUL.
  return text.includes("\0") ? `(${text.replaceAll("\0", "' || chr(0) || '")})` : text;
}

/** Read a timestamp as DuckDB writes it. */
export function utc(text: string): Date {
  return new Date(`${text.replace(" ", "T")}Z`);
}

/**
 * Limits DuckDB's memory where JavaScript holds much beside it. DuckDB spills the rest, except what it pins:
 * where this is too little, `withMoreMemory` takes more.
 */
export const LIMIT_MEMORY = "SET memory_limit = '110MB'";

/**
 * Do some work with DuckDB's memory limited; if it ran out, do it again with more: old files have
 * larger row groups.
 */
export async function withMoreMemory<T>(database: Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    await database.run("SET memory_limit = '600MB'");
    return await work();
  }
}
