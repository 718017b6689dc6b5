import type { Context } from "../../etl/command/command.ts";
import { UserError } from "../../etl/run/error.ts";
import { firstDamage } from "../../etl/store/damage.ts";
import { VIEWED_FOLDERS } from "../query/views.ts";

/** What DuckDB says of a query that is wrong itself, whatever its files hold. */
const WRONG_QUERY = /\b(Parser|Binder|Catalog) Error:/;

/**
 * Give the error of a notebook as one of a file of the data, where a query failed over a damaged one:
 * then no cell is to be mended.
 *
 * A page of a file that cannot be decompressed fails the query without naming the file: all that
 * views read are looked through then. Where that cannot be told, the error stays as it is.
 */
export async function asDamage(
  error: UserError,
  { database, paths }: Pick<Context, "database" | "paths">,
): Promise<UserError> {
  const files = VIEWED_FOLDERS.flatMap((folder) => paths.files(folder)).map(({ path }) => path);
  const named = files.filter((path) => error.found.includes(path));
  const isQuery = /Cannot run the query:/.test(error.found) && !WRONG_QUERY.test(error.found);
  if (named.length === 0 && !isQuery) return error;
  try {
    return await firstDamage(database, named.length > 0 ? named : files, error.doing) ?? error;
  } catch {
    return error;
  }
}
