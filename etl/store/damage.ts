import { describeError, UserError } from "../run/error.ts";
import { ifThereSync } from "./if_there.ts";
import { type Database, isOutOfMemory, literal, type Row, rows } from "./duckdb.ts";

/**
 * Read every value of a Parquet file and give its damage, undefined where it is whole.
 *
 * The result quotes no value of the file. Throws where the file may not be read, and where DuckDB
 * has not memory enough to tell.
 */
export async function damage(database: Database, path: string): Promise<string | undefined> {
  try {
    await readAll(database, path);
    return undefined;
  } catch (error) {
    if (/Permission denied/i.test(describeError(error))) {
      throw new Deno.errors.PermissionDenied(`${path} cannot be read`, { cause: error });
    }
    if (isOutOfMemory(error)) throw tooLarge(path, error);
    return describeError(withoutQuery(error)).replace(/value ".*"/, "a value").slice(0, 200);
  }
}

/**
 * DuckDB shows the line of the query after what it found, which says nothing of a file. It also quotes
 * a string that is no UTF-8, which may be a post's text.
 */
function withoutQuery(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s*^LINE \d+: [^]*$/m, "");
}

/** Read every value of a file; column after column where memory does not hold a row group of all. */
async function readAll(database: Database, path: string): Promise<void> {
  const file = `read_parquet(${literal(path)}, hive_partitioning = false)`;
  try {
    await database.run(`SELECT max(hash(t)) FROM ${file} AS t`);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    const columns = await rows<{ column_name: string }>(database, `DESCRIBE FROM ${file}`);
    for (const { column_name } of columns) {
      await database.run(`SELECT max(hash("${column_name}")) FROM ${file}`);
    }
  }
}

/** Restoring a copy or moving the file for want of memory would lose a whole file. */
function tooLarge(path: string, cause: unknown): UserError {
  return new UserError(
    `read the file ${path}`,
    `there is not enough memory to read it (${describeError(cause).replace(/ Possible .*/, "")})`,
    "Leave the file where it is: no damage was found. Run the task again while less else " +
      "runs on this machine, and if that does not help, report this error with the size of the file",
    { cause },
  );
}

/**
 * Part files in those whose end can be read, which says what they hold, and the errors of the others.
 *
 * A truncated file has none. This is quick, and does not find damaged pages.
 */
export async function readableFiles(
  database: Database,
  files: string[],
  doing: string,
): Promise<{ whole: string[]; errors: UserError[] }> {
  const read = (files: string[]) =>
    database.run(`SELECT count(*) FROM parquet_file_metadata(${literal(files)})`);
  if (files.length === 0) return { whole: [], errors: [] };
  try {
    await read(files);
    return { whole: files, errors: [] };
  } catch {
    // The damaged ones are found one by one.
  }
  const whole: string[] = [];
  const errors: UserError[] = [];
  for (const file of files) {
    try {
      await read([file]);
      whole.push(file);
    } catch {
      const what = await damage(database, file);
      if (what === undefined) whole.push(file);
      else errors.push(damagedFile(doing, file, what));
    }
  }
  return { whole, errors };
}

/**
 * Give an error as one of a damaged file below a folder, where DuckDB names one that is; else as it was.
 *
 * For what no reader has foreseen: people can mend a file, and not a query.
 */
export async function damageBehind(
  error: unknown,
  database: Database,
  root: string,
  doing: string,
): Promise<unknown> {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  const named = error.message.matchAll(/(["'])((?:(?!\1).)+\.parquet)\1/g);
  const files = [...new Set([...named].map(([, , path]) => path!))]
    .filter((path) => path.startsWith(root) && isThere(path));
  try {
    return await firstDamage(database, files, doing) ?? error;
  } catch {
    return error;
  }
}

function isThere(path: string): boolean {
  return ifThereSync(() => Deno.statSync(path))?.isFile ?? false;
}

/** Read every value of many files at once, which takes a tenth of the time of one after the other. */
async function areWhole(database: Database, files: string[]): Promise<boolean> {
  if (files.length === 0) return true;
  try {
    await database.run(`SELECT max(hash(t)) FROM read_parquet(${literal(files)},
      union_by_name = true, hive_partitioning = false) AS t`);
    return true;
  } catch {
    // The damaged ones are found one by one.
    return false;
  }
}

/** Give the error for a damaged file of ours: it stops its partition and no other. */
export function damagedFile(doing: string, path: string, what: string): UserError {
  return new UserError(
    doing,
    `the file ${path} is damaged (${what})`,
    "Put back a copy from a backup, or move the file out of the data folder and run the task again",
  );
}

/**
 * Part files in those that are whole and the errors of the others.
 *
 * For readers that prefer a missing part to no result.
 */
export async function wholeFiles(
  database: Database,
  files: string[],
  doing: string,
): Promise<{ whole: string[]; errors: UserError[] }> {
  if (await areWhole(database, files)) return { whole: files, errors: [] };
  const whole: string[] = [];
  const errors: UserError[] = [];
  for (const file of files) {
    const what = await damage(database, file);
    if (what === undefined) whole.push(file);
    else errors.push(damagedFile(doing, file, what));
  }
  return { whole, errors };
}

/**
 * Give what a query makes of files, leaving damaged ones out.
 *
 * They are read one by one only where the query fails. For readers to whom a missing part is better
 * than none at all.
 */
export async function queryWhole<R extends Row>(
  database: Database,
  files: string[],
  query: (files: string[]) => string,
): Promise<R[]> {
  try {
    return await rows<R>(database, query(files));
  } catch (error) {
    const { whole } = await wholeFiles(database, files, "read");
    if (whole.length === files.length) throw error;
    return await rows<R>(database, query(whole));
  }
}

/**
 * Do some work with files; gives the error of the first damaged one where that is why it fails.
 *
 * The work is tried first: checking every value before would double the time. Throws the work's own error
 * where all files are whole.
 */
export async function unlessDamaged<T>(
  database: Database,
  files: string[],
  doing: string,
  work: () => Promise<T>,
): Promise<T | UserError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const damaged = await firstDamage(database, files, doing);
    if (damaged === undefined) throw error;
    return damaged;
  }
}

/**
 * Give the error for the first damaged one among some files, undefined where all are whole.
 *
 * Throws where there is not memory enough to tell: no file is called damaged for that.
 */
export async function firstDamage(
  database: Database,
  files: string[],
  doing: string,
): Promise<UserError | undefined> {
  if (await areWhole(database, files)) return undefined;
  for (const file of files) {
    const what = await damage(database, file);
    if (what !== undefined) return damagedFile(doing, file, what);
  }
  return undefined;
}
