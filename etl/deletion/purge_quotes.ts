import { TELLING_COLUMNS } from "../labels/paid_answer.ts";
import type { Removals } from "../raw/removal.ts";
import { queryWhole } from "../store/damage.ts";
import { type Database, literal, type Row } from "../store/duckdb.ts";
import { rewriteParquet } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { findQuotingPosts, type QuotingContext } from "./quoting_posts.ts";

/** The column that says what of a post's context a model was shown. */
const CONTEXT = "context_kinds";

/** Files of a table that hold texts of a model that was shown contexts, with the columns of those texts. */
type Told = Map<string, string[]>;

/**
 * Empty what a model wrote about posts that reply to a removed post or quote one: it was shown that post
 * too, and may repeat it. The numbers stay. Gives how many rows were emptied.
 *
 * Needs the tables `removed` and `finished`. Labels of posts that are not in `posts` are left alone, and
 * so are damaged files: readers of their content name them.
 */
export async function purgeQuotes(
  context: QuotingContext,
  removals: Removals,
): Promise<number> {
  const { database, paths } = context;
  const tables: Told[] = [];
  for (const folder of ["labels", "replicates"]) {
    for (const classifier of paths.names(folder)) {
      const told = await toldFiles(database, paths, `${folder}/${classifier}`);
      if (told.size > 0) tables.push(told);
    }
  }
  if (tables.length === 0) return 0;
  await database.run("CREATE OR REPLACE TEMP TABLE asked (uri VARCHAR)");
  for (const told of tables) {
    await queryTold(
      database,
      told,
      (rows, columns) => `INSERT INTO asked SELECT uri FROM ${rows} WHERE ${hasText(columns)}`,
    );
  }
  await findQuotingPosts(context, removals);
  let emptied = 0;
  for (const told of tables) emptied += await empty(database, told);
  return emptied;
}

async function toldFiles(database: Database, paths: DataPaths, table: string): Promise<Told> {
  const files = [...paths.files(table).map(({ path }) => path), ...paths.strays(table)];
  const found = await queryFiles<{ file_name: string; columns: string[] }>(
    database,
    files,
    (files) =>
      `SELECT file_name, list(name) FILTER (name IN (${TELLING_COLUMNS.map(literal).join(", ")}))
         AS columns
       FROM parquet_schema(${literal(files)}) GROUP BY file_name
       HAVING len(columns) > 0 AND bool_or(name = ${literal(CONTEXT)})`,
  );
  return new Map(found.map(({ file_name, columns }) => [file_name, columns]));
}

async function empty(database: Database, told: Told): Promise<number> {
  const quotes = (columns: string[]) =>
    `${hasText(columns)} AND EXISTS (FROM quoting AS q WHERE q.uri = old.uri
       AND (${CONTEXT} IS NULL OR list_contains(${CONTEXT}, q.kind)))`;
  const found = await queryTold<{ filename: string; matches: number }>(
    database,
    told,
    (rows, columns) =>
      `SELECT filename, count(*) AS matches FROM ${rows} WHERE ${
        quotes(columns)
      } GROUP BY filename`,
  );
  let emptied = 0;
  for (const { filename, matches } of found) {
    const columns = told.get(filename)!;
    const values = columns.map((name) => `if(${quotes(columns)}, NULL, ${name}) AS ${name}`);
    await rewriteParquet(database, filename, `SELECT * REPLACE (${values.join(", ")}) FROM old`);
    emptied += matches;
  }
  return emptied;
}

/** Query the rows of files, as `old`, with the columns that some of them have. */
async function queryTold<R extends Row>(
  database: Database,
  told: Told,
  query: (rows: string, columns: string[]) => string,
): Promise<R[]> {
  const columns = [...new Set([...told.values()].flat())];
  return await queryFiles<R>(database, [...told.keys()], (files) =>
    query(
      `read_parquet(${literal(files)}, union_by_name = true, hive_partitioning = false,
         filename = true) AS old`,
      columns,
    ));
}

/** Query those of some files that are whole, as far as there are any. */
async function queryFiles<R extends Row>(
  database: Database,
  files: string[],
  query: (files: string[]) => string,
): Promise<R[]> {
  return await queryWhole<R>(
    database,
    files,
    (files) => files.length === 0 ? "SELECT 1 WHERE false" : query(files),
  );
}

function hasText(columns: string[]): string {
  const hasSome = columns.map((name) => `${name} IS NOT NULL`).join(" OR ");
  return `(${hasSome}) AND len(${CONTEXT}) IS DISTINCT FROM 0`;
}

/** Say for people in how many labels was emptied what a model wrote; no line where in none. */
export function emptiedLines(emptied: number): string[] {
  if (emptied === 0) return [];
  return [`what models wrote in ${emptied} labels of replies to deleted posts and quotes of them`];
}
