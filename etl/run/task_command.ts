import { fileURLToPath } from "node:url";

/** The folder of civicsky, in which its tasks run. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Give a process that is `deno task <task> <args>`, ready to be started: the command of `deno.json`,
 * without a shell and a second Deno before it, so that a signal hits the run itself.
 */
export function taskCommand(
  [task, ...args]: string[],
  options: Deno.CommandOptions = {},
): Deno.Command {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  const [, ...words] = tasks[task!].command.split(" ");
  return new Deno.Command(Deno.execPath(), {
    cwd: ROOT,
    stdin: "null",
    ...options,
    args: [...words, ...args],
  });
}
