import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLASSIFIERS } from "../../classifiers/list.ts";
import type { Study } from "../../etl/study/study.ts";
import type { DataPaths } from "../../etl/store/paths.ts";
import {
  AGGREGATES,
  COVERAGE,
  LABEL_SETS,
  LABELS,
  POSTS,
  RUNS,
  type Table,
  WINDOWS,
  withColumns,
} from "../../etl/store/tables.ts";

/** The one file in which the views stand. */
export const VIEWS = fileURLToPath(new URL("../views.sql", import.meta.url));

/** The folders of the data that views stand for. */
export const VIEWED_FOLDERS: string[] = [
  ...Deno.readTextFileSync(VIEWS).matchAll(/read_parquet\('([^'*]+?)\/\*/g),
].map(([, folder]) => folder!);

/** A view of `views.sql` that stands for a folder of Parquet files. */
export interface StoredTable {
  view: string;
  files: number;
  /** The UTC days that have a file, in order; empty for tables without partitions. */
  days: string[];
}

const HUMAN = withColumns(LABELS, { labels: "MAP(VARCHAR, VARCHAR)" });

/** Give the columns of each view over files, for when there are none. */
function viewTables(study: Study): Record<string, Table> {
  const flags = Object.keys(study.filters).map((name) => [`flag_${name}`, "BOOLEAN"]);
  const dated = (table: Table) => withColumns(table, { date: "DATE" });
  return {
    posts: dated(withColumns(POSTS, Object.fromEntries(flags))),
    label_sets: LABEL_SETS,
    ...Object.fromEntries(
      Object.entries(CLASSIFIERS).map(([name, { columns }]) => [
        `labels_${name}`,
        dated(withColumns(LABELS, columns)),
      ]),
    ),
    labels_human: dated(HUMAN),
    aggregates: dated(AGGREGATES),
    coverage: dated(COVERAGE),
    windows: dated(WINDOWS),
    runs: dated(RUNS),
  };
}

/** What lists views: it names none and asks of all. */
const CATALOG = /\b(information_schema|duckdb_\w+|pg_\w+)\b/;

/**
 * The views of `views.sql`, each made when a query names it first: what a view reads is opened when it
 * is made, and over long ranges that takes longer than many a query.
 *
 * A table without files gives an empty view with its columns.
 */
export class Views {
  /** Those over files, in their order. */
  readonly tables: StoredTable[] = [];
  readonly #run: (sql: string) => void | Promise<void>;
  /** The statements that have not run, by view. */
  readonly #waiting = new Map<string, string>();

  constructor(run: (sql: string) => void | Promise<void>, paths: DataPaths, study: Study) {
    this.#run = run;
    const known = viewTables(study);
    for (const statement of Deno.readTextFileSync(VIEWS).replace(/^--.*$/gm, "").split(/;\r?\n/)) {
      const view = /CREATE OR REPLACE VIEW (\w+)/.exec(statement)?.[1];
      if (view === undefined) continue;
      const pattern = /read_parquet\('([^']+)'/.exec(statement)?.[1];
      if (pattern === undefined) {
        this.#waiting.set(view, statement);
        continue;
      }
      const folder = pattern.slice(0, pattern.indexOf("/*"));
      const files = paths.files(folder);
      const days = files.flatMap((file) => file.day ?? []);
      this.tables.push({ view, files: files.length, days: [...new Set(days)].sort() });
      // The engine knows no folder to search in, so paths are written out for it. A pattern would also
      // find strays, and file by file takes longer.
      const read = paths.strays(folder).length === 0
        ? quote(join(paths.root, pattern))
        : `[${files.map(({ path }) => quote(path)).join(", ")}]`;
      this.#waiting.set(
        view,
        files.length > 0
          ? statement.replace(`'${pattern}'`, () => read)
          : emptyView(view, known[view]!),
      );
    }
  }

  /** Make the views that a query names, and those that they read. */
  async make(sql: string, reader?: string): Promise<void> {
    const names = sql.replace(/'[^']*'/g, "").toLowerCase();
    const words = CATALOG.test(names) ? [...this.#waiting.keys()] : names.match(/\w+/g);
    for (const word of new Set(words)) {
      const statement = this.#waiting.get(word);
      if (statement === undefined || word === reader) continue;
      await this.make(statement, word);
      await this.#run(statement);
      this.#waiting.delete(word);
    }
  }

  /** Leave a view out, as another of its name stands before it. */
  leaveOut(view: string): void {
    this.#waiting.delete(view);
  }
}

function emptyView(view: string, table: Table): string {
  const columns = Object.entries(table.columns).map(([name, type]) => `NULL::${type} AS "${name}"`);
  return `CREATE OR REPLACE VIEW ${view} AS SELECT ${columns.join(", ")} LIMIT 0`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
