import type { ColumnTable } from "arquero";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { systemVariable } from "../../etl/run/environment.ts";
import { UserError } from "../../etl/run/error.ts";
import { readStudy, type Study } from "../../etl/study/study.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { holdFiles } from "../../etl/store/reading.ts";
import { toTable } from "./arrow.ts";
import { connect, type Parameter } from "./duckdb.ts";
import { Identifier } from "./identifier.ts";
import { type Computed, KeptPosts } from "./kept_posts.ts";
import { localTimeMacro } from "./local_time.ts";
import { type StoredTable, Views } from "./views.ts";

/** A data folder that can be queried. */
export interface Data {
  study: Study;
  /** The views over files, in the order of `views.sql`. */
  tables: StoredTable[];
  /**
   * Give the rows of a query over the views of `views.sql`: await data.sql`SELECT … ${value}`.
   *
   * Values are bound as parameters, never pasted; `identifier` names a table or a column.
   * `local_time(time)` gives a time of UTC in the study's time zone. Columns as `toTable` says.
   */
  sql(text: TemplateStringsArray, ...values: (Parameter | Identifier)[]): Promise<ColumnTable>;
  /**
   * Hold the rows of a view of posts in memory: what passed the filters, without texts, between days
   * of `posts` (`YYYY-MM-DD`, inclusive). Queries see them under the view's name from then on, and no
   * longer read files or join. `labelled` leaves out the posts that the view has no label of; `computed`
   * adds columns.
   */
  keep(
    view: string,
    selection?: { since?: string; until?: string; labelled?: boolean },
    computed?: Record<string, Computed>,
  ): Promise<void>;
}

/** How a data folder is opened. */
export interface OpenOptions {
  /** `native` is for big studies: it uses all cores, and needs leave to load a library and write. */
  engine?: "wasm" | "native";
}

/** What runs queries; one that fails throws what DuckDB says. */
interface Engine {
  run(sql: string, parameters?: Parameter[]): void | Promise<void>;
  query(sql: string, parameters: Parameter[]): ColumnTable | Promise<ColumnTable>;
}

const STUDY = fileURLToPath(new URL("../../study.yaml", import.meta.url));

/**
 * Open a data folder with the views of `views.sql`.
 *
 * A table without files gives an empty view with its columns. The study is the one that the variable
 * CIVICSKY_STUDY names, else `study.yaml`. Throws a `UserError` where there is no such folder.
 */
export async function open(folder: string, options: OpenOptions = {}): Promise<Data> {
  const root = resolve(folder);
  if (!isFolder(root)) {
    throw new UserError(
      "open the data",
      `there is no folder ${root}`,
      "Collect something first (deno task demo), or name another folder with --data",
    );
  }
  const paths = new DataPaths(root);
  // Views read whatever lies in a folder: what a killed compaction left there is brought to its end.
  await (await holdFiles(paths))[Symbol.asyncDispose]();
  const study = readStudy(systemVariable("CIVICSKY_STUDY") ?? STUDY);
  const engine = options.engine === "native" ? await native(root) : await wasm();
  const views = new Views((sql) => engine.run(sql), paths, study);
  const { tables } = views;
  await engine.run(localTimeMacro(study.time_zone, tables.flatMap(({ days }) => days)));
  const kept = new KeptPosts(async (sql, parameters) => {
    await views.make(sql);
    await engine.run(sql, parameters);
  });
  return {
    study,
    tables,
    sql: async (text, ...values) => {
      const parameters = values.filter((value) => !(value instanceof Identifier));
      const place = (index: number) =>
        values[index] instanceof Identifier ? String(values[index]) : "?";
      const sql = text.reduce((before, part, index) => `${before}${place(index - 1)}${part}`);
      try {
        await views.make(sql);
        return await engine.query(sql, parameters as Parameter[]);
      } catch (cause) {
        throw withoutValues(cause);
      }
    },
    keep: async (
      view,
      { since = "0001-01-01", until = "9999-12-31", labelled = false } = {},
      computed = {},
    ) => {
      try {
        if (view === "posts_human" || labelled || Object.keys(computed).length > 0) {
          await kept.keepRows(view, { since, until, labelled }, computed);
        } else {
          await kept.keep(view, since, until);
        }
        views.leaveOut(view);
      } catch (cause) {
        throw withoutValues(cause);
      }
    },
  };
}

async function wasm(): Promise<Engine> {
  const connection = await connect();
  return {
    run: (sql, parameters) => connection.run(sql, parameters),
    query: (sql, parameters) => toTable(connection.query(sql, parameters)),
  };
}

/** Loaded only where it is asked for: pages are rendered without leave to load a library. */
async function native(root: string): Promise<Engine> {
  const { NativeConnection } = await import("./native_duckdb.ts");
  return await NativeConnection.connect(root);
}

function withoutValues(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  // What cannot be converted may be the text of a post, so the cause is not kept either.
  const message = cause.message.replace(/\b(string|value) (['"]).*\2/s, "$1 $2…$2");
  return new Error(`Cannot run the query: ${message}`);
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    // Cells of a page may read the tables of a folder, and not the folder itself.
    if (error instanceof Deno.errors.NotCapable) return true;
    throw error;
  }
}
