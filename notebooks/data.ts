import type { ColumnTable } from "arquero";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../etl/run/error.ts";
import { readStudy, type Study } from "../etl/run/study.ts";
import { DataPaths } from "../etl/store/paths.ts";
import { toTable } from "./arrow.ts";
import { connect, type Connection, type Parameter } from "./duckdb.ts";
import { createViews, type StoredTable } from "./views.ts";

/** A data folder that can be queried. */
export interface Data {
  study: Study;
  /** The views over files, in the order of `views.sql`. */
  tables: StoredTable[];
  /**
   * Give the rows of a query over the views of `views.sql`: await data.sql`SELECT … ${value}`.
   *
   * Values are bound as parameters, never pasted. Columns as `toTable` says.
   */
  sql(text: TemplateStringsArray, ...values: Parameter[]): Promise<ColumnTable>;
}

const STUDY = fileURLToPath(new URL("../study.yaml", import.meta.url));

/**
 * Open a data folder with the views of `views.sql`.
 *
 * A table without files gives an empty view with its columns. The study is the one that the variable
 * CIVICSKY_STUDY names, else `study.yaml`. Throws a `UserError` where there is no such folder.
 */
export async function open(folder: string): Promise<Data> {
  const root = resolve(folder);
  if (!isFolder(root)) {
    throw new UserError(
      "open the data",
      `there is no folder ${root}`,
      "Collect something first (deno task demo), or name another folder with --data",
    );
  }
  const paths = new DataPaths(root);
  const study = readStudy(Deno.env.get("CIVICSKY_STUDY") ?? STUDY);
  const connection = await connect();
  const tables = createViews((sql) => connection.run(sql), paths, study);
  return {
    study,
    tables,
    sql: (text, ...values) =>
      new Promise((resolve) => resolve(toTable(query(connection, text.join("?"), values)))),
  };
}

function query(connection: Connection, sql: string, values: Parameter[]): Uint8Array {
  try {
    return connection.query(sql, values);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    // What cannot be converted may be the text of a post, so the cause is not kept either.
    const message = cause.message.replace(/\b(string|value) (['"]).*\2/s, "$1 $2…$2");
    throw new Error(`Cannot run the query: ${message}`);
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
