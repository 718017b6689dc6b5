import { TELLING_COLUMNS } from "../labels/paid_answer.ts";
import type { Removals } from "../raw/removal.ts";
import { unlessDamaged } from "../store/damage.ts";
import { type Database, literal, row } from "../store/duckdb.ts";
import { rewriteParquet, tableOf } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { findQuotingPosts, type QuotingContext } from "./quoting_posts.ts";

/** The column that says what of a post's context a model was shown. */
const CONTEXT = "context_kinds";

/** Which columns of a file of labels hold what a model wrote. */
interface ToldFile {
  path: string;
  columns: string[];
}

/**
 * Empty what a model wrote about posts that reply to a removed post or quote one: it was shown that post
 * too, and may repeat it. The numbers stay. Gives how many rows were emptied.
 *
 * Needs the tables `removed` and `finished`. Labels of posts that are not in `posts` are left alone.
 */
export async function purgeQuotes(
  context: QuotingContext,
  removals: Removals,
): Promise<number> {
  const { database, paths } = context;
  const told: ToldFile[] = [];
  for (const table of ["labels", "replicates"]) {
    for (const classifier of paths.names(table)) {
      told.push(...await toldFiles(database, paths, `${table}/${classifier}`));
    }
  }
  if (told.length === 0) return 0;
  await database.run("CREATE OR REPLACE TEMP TABLE asked (uri VARCHAR)");
  for (const { path, columns } of told) {
    const texts = `SELECT uri FROM ${file(path)} WHERE ${hasText(columns)}`;
    await unlessDamaged(
      database,
      [path],
      "purge",
      () => database.run(`INSERT INTO asked ${texts}`),
    );
  }
  await findQuotingPosts(context, removals);
  let emptied = 0;
  for (const { path, columns } of told) {
    const count = await unlessDamaged(
      database,
      [path],
      "purge",
      () => empty(database, path, columns),
    );
    // Readers of its content name a damaged file.
    if (typeof count === "number") emptied += count;
  }
  return emptied;
}

/** List the files of a table that hold texts of a model that was shown contexts. */
async function toldFiles(database: Database, paths: DataPaths, table: string): Promise<ToldFile[]> {
  const found: ToldFile[] = [];
  for (const path of [...paths.files(table).map(({ path }) => path), ...paths.strays(table)]) {
    await unlessDamaged(database, [path], "purge", async () => {
      const names = Object.keys((await tableOf(database, path)).columns);
      const columns = TELLING_COLUMNS.filter((name) => names.includes(name));
      if (columns.length > 0 && names.includes(CONTEXT)) found.push({ path, columns });
    });
  }
  return found;
}

async function empty(database: Database, path: string, columns: string[]): Promise<number> {
  const quotes = `${hasText(columns)} AND EXISTS (FROM quoting AS q WHERE q.uri = old.uri
    AND (${CONTEXT} IS NULL OR list_contains(${CONTEXT}, q.kind)))`;
  const { matches } = await row<{ matches: number }>(
    database,
    `SELECT count(*) AS matches FROM ${file(path)} AS old WHERE ${quotes}`,
  );
  if (matches === 0) return 0;
  const emptied = columns.map((name) => `if(${quotes}, NULL, ${name}) AS ${name}`).join(", ");
  await rewriteParquet(database, path, `SELECT * REPLACE (${emptied}) FROM old`);
  return matches;
}

function hasText(columns: string[]): string {
  const hasSome = columns.map((name) => `${name} IS NOT NULL`).join(" OR ");
  return `(${hasSome}) AND len(${CONTEXT}) IS DISTINCT FROM 0`;
}

function file(path: string): string {
  return `read_parquet(${literal(path)}, hive_partitioning = false)`;
}

/** Say for people in how many labels was emptied what a model wrote; no line where in none. */
export function emptiedLines(emptied: number): string[] {
  if (emptied === 0) return [];
  return [`what models wrote in ${emptied} labels of replies to deleted posts and quotes of them`];
}
