import { fileURLToPath } from "node:url";

/** The folder of civicsky, in which its tasks run. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A task as `deno.json` has it; users may write one as a string. */
interface Task {
  command: string;
  description?: string;
}

/** Read `deno.json`; comments and commas at an end are allowed there. */
export function readConfig(): { tasks: Record<string, Task | string>; imports: unknown } {
  const text = Deno.readTextFileSync(`${ROOT}deno.json`);
  const json = text.replace(
    /("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[^]*?\*\//g,
    (_, string?: string) => string ?? "",
  ).replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, (_, string?: string) => string ?? "");
  return JSON.parse(json);
}

/** Give the tasks of `deno.json` by their names. */
export function readTasks(): Record<string, Task> {
  return Object.fromEntries(
    Object.entries(readConfig().tasks).map(([name, task]) => [
      name,
      typeof task === "string" ? { command: task } : task,
    ]),
  );
}

/** A task that is one start of Deno, without its shell. */
export interface DenoStart {
  /** Variables that are set before it. */
  env: Record<string, string>;
  /** Arguments of `deno`. */
  args: string[];
}

/**
 * Give the command of a task as one start of Deno: `VARIABLE=value … deno <arguments>`.
 *
 * Undefined where it is anything else, or has a word that a shell would read otherwise.
 */
export function denoStart(command: string): DenoStart | undefined {
  const words = command.split(" ").filter((word) => word !== "");
  const deno = words.findIndex((word) => !/^\w+=/.test(word));
  if (words[deno] !== "deno" || !words.every((word) => /^[\w@%+=:,./-]+$/.test(word))) return;
  const variables = words.slice(0, deno).map((word) => {
    const sign = word.indexOf("=");
    return [word.slice(0, sign), word.slice(sign + 1)];
  });
  return { env: Object.fromEntries(variables), args: words.slice(deno + 1) };
}

/**
 * Give a process that is `deno task <task> <args>`, ready to be started, without a shell and a second
 * Deno before it, so that a signal hits the run itself.
 */
export function taskCommand(
  [task, ...args]: string[],
  options: Deno.CommandOptions = {},
): Deno.Command {
  // Deno itself says what is wrong with a task that there is not.
  const start = denoStart(readTasks()[task!]?.command ?? "") ??
    { env: {}, args: ["task", "-q", task!] };
  return new Deno.Command(Deno.execPath(), {
    cwd: ROOT,
    stdin: "null",
    ...options,
    env: { ...start.env, ...options.env },
    args: [...start.args, ...args],
  });
}
