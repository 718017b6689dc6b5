import { EXIT, UserError } from "../run/error.ts";

/**
 * Give the folder that a task is to work in; throws a usage error where it can be none.
 *
 * An empty variable in a crontab must not make the root of the checkout the data folder.
 */
export function dataFolder(folder: string, task: string): string {
  const wrong = (found: string) =>
    new UserError(`run ${task}`, found, "Name a folder with --data or CIVICSKY_DATA", {
      exitCode: EXIT.usage,
    });
  if (folder.trim() === "") throw wrong("--data names no folder");
  try {
    if (!Deno.statSync(folder).isDirectory) throw wrong(`${folder} is no folder`);
  } catch (error) {
    if (error instanceof Deno.errors.NotADirectory) throw wrong(`${folder} is no folder`);
    if (error instanceof Deno.errors.NotCapable) {
      throw wrong(`${folder} belongs to the operating system, and tasks are kept out of it`);
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return folder;
}
