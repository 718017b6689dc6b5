/** Runs a task as a user does, in a process of its own, and gives what it printed. */
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../", import.meta.url));

const TASKS: Record<string, string> = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`)).tasks;

export interface TaskResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Run `deno task <args>` to its end. */
export async function runTask(
  args: string[],
  env: Record<string, string> = {},
): Promise<TaskResult> {
  const { code, stdout, stderr } = await taskProcess(args, env).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/**
 * Start `deno task <args>`; the caller ends it.
 *
 * The command of `deno.json` is started without `deno task` before it: that saves a process, and a
 * signal hits the run itself.
 */
export function taskProcess(
  [task, ...args]: string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  const [, ...words] = (TASKS[task!] ?? `deno task ${task}`).split(" ");
  return new Deno.Command(Deno.execPath(), {
    args: [...words, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
