/** Runs a task as a user does and gives what it printed: in this process, or in one of its own. */
import "./common_environment.ts";
import { runCommand } from "../etl/command/command.ts";
import { onlyThese, ownEnvironment } from "../etl/run/environment.ts";
import { ROOT, taskCommand } from "../etl/run/task_command.ts";
import { loadCommand } from "../main.ts";
import { printed } from "./printed.ts";
import { SHIPPED_STUDY } from "./shipped_study.ts";

export { ROOT };

/** They start other tasks, which take their environment from the process. */
const STARTS_OTHERS = ["daily", "demo"];

export interface TaskResult {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Run `deno task <args>` to its end, in this process: 677 processes were most of what the tests took.
 *
 * The run sees the variables of `env` and no others, whatever the user has set or written into `.env`.
 * It has all permissions; that those of `deno.json` suffice is seen where a task is started as a
 * process.
 */
export async function runTask(
  [task, ...args]: string[],
  env: Record<string, string> = {},
): Promise<TaskResult> {
  const command = STARTS_OTHERS.includes(task!) ? undefined : await loadCommand(task!);
  if (command === undefined) return await runProcess([task!, ...args], env);
  const { result, stdout, stderr } = await printed(() =>
    ownEnvironment.run({ CIVICSKY_STUDY: SHIPPED_STUDY, ...env }, () => runCommand(command, args))
  );
  return { code: result, stdout, stderr };
}

/** Run `deno task <args>` to its end, in a process of its own. */
export async function runProcess(
  args: string[],
  env: Record<string, string> = {},
): Promise<TaskResult> {
  const { code, stdout, stderr } = await taskProcess(args, env).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/**
 * Start `deno task <args>`; the caller ends it. Of our variables it has those of `env` and no others.
 *
 * The command of `deno.json` is started without `deno task` before it: that saves a process, and a
 * signal hits the run itself.
 */
export function taskProcess(
  args: string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return taskCommand(args, {
    env: { NO_COLOR: "1", ...onlyThese({ CIVICSKY_STUDY: SHIPPED_STUDY, ...env }) },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
