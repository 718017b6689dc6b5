/** Runs a task as a user does, in a process of its own, and gives what it printed. */
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../", import.meta.url));

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

/** Start `deno task <args>`; the caller ends it. */
export function taskProcess(args: string[], env: Record<string, string> = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "--cwd", ROOT, ...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Start a task without `deno task` before it, so that a signal hits the run itself. */
export function bareProcess(
  task: string,
  args: string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  const [, ...words] = (tasks[task] as string).split(" ");
  return new Deno.Command(Deno.execPath(), {
    args: [...words, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
