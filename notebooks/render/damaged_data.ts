import type { Context } from "../../etl/command/command.ts";
import { UserError } from "../../etl/run/error.ts";
import { damage, damagedFile } from "../../etl/store/damage.ts";
import { VIEWED_FOLDERS } from "../query/views.ts";

/**
 * Give the error of a notebook as one of a file of the data, where it names one that is damaged: then
 * no cell is to be mended.
 */
export async function asDamage(
  error: UserError,
  { database, paths }: Pick<Context, "database" | "paths">,
): Promise<UserError> {
  const files = VIEWED_FOLDERS.flatMap((folder) => paths.files(folder));
  const file = files.find(({ path }) => error.found.includes(path));
  const what = file && await damage(database, file.path);
  return what === undefined ? error : damagedFile(error.doing, file!.path, what);
}
