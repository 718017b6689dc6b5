/** Runs a task as a user does, in a process of its own, and gives what it printed. */
import { ROOT, taskCommand } from "../etl/run/task_command.ts";

export { ROOT };

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
  args: string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return taskCommand(args, {
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
