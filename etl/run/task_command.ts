import { fileURLToPath } from "node:url";

/** The folder of civicsky, in which its tasks run. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A task as `deno.json` has it; users may write one as a string. */
interface Task {
  command: string;
  description?: string;
}

/** Give the tasks of `deno.json` by their names; comments and commas at an end are allowed there. */
export function readTasks(): Record<string, Task> {
  const text = Deno.readTextFileSync(`${ROOT}deno.json`);
  const json = text.replace(
    /("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[^]*?\*\//g,
    (_, string?: string) => string ?? "",
  ).replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, (_, string?: string) => string ?? "");
  const tasks = JSON.parse(json).tasks as Record<string, Task | string>;
  return Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [
      name,
      typeof task === "string" ? { command: task } : task,
    ]),
  );
}

/**
 * Give a process that is `deno task <task> <args>`, ready to be started: the command of `deno.json`
 * with the variables that stand before it,
 * without a shell and a second Deno before it, so that a signal hits the run itself.
 */
export function taskCommand(
  [task, ...args]: string[],
  options: Deno.CommandOptions = {},
): Deno.Command {
  const words = readTasks()[task!]?.command.split(" ") ?? [];
  const deno = words.indexOf("deno");
  const variables = words.slice(0, Math.max(0, deno)).map((word) => word.split("="));
  return new Deno.Command(Deno.execPath(), {
    cwd: ROOT,
    stdin: "null",
    ...options,
    env: { ...Object.fromEntries(variables), ...options.env },
    // Deno itself says what is wrong with a task that there is not.
    args: deno >= 0 ? [...words.slice(deno + 1), ...args] : ["task", "-q", task!, ...args],
  });
}
