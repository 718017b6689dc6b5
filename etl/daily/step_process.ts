import type { Context } from "../command/command.ts";
import { EXIT } from "../run/error.ts";
import { taskCommand } from "../run/task_command.ts";
import { type Step, type StepEnd, stepName, type StepStatus } from "./step.ts";
import { stepFigures } from "./step_figures.ts";

/** An error as tasks print it (`UserError.format`). */
const ERROR = /^(Cannot .+)\n {2}(\S.*)$/m;

/**
 * Run a step as a task in its own process, and give how it ended.
 *
 * Its stderr passes through. A signal to this process is passed on to it as SIGTERM.
 */
export async function runStep(
  step: Step,
  { paths, studyPath, signal }: Pick<Context, "paths" | "studyPath" | "signal">,
): Promise<StepEnd> {
  const started = performance.now();
  const { task, args } = step;
  const child = taskCommand(
    [task, ...args, "--data", paths.root, "--study", studyPath, "--json"],
    { stdout: "piped", stderr: "piped" },
  ).spawn();
  const stop = () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has just ended.
    }
  };
  signal.addEventListener("abort", stop);
  const [shown, kept] = child.stderr.tee();
  const [stdout, stderr, ended] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(kept).text(),
    child.status.finally(() => signal.removeEventListener("abort", stop)),
    // After the session is closed nobody reads it, and the work continues.
    shown.pipeTo(Deno.stderr.writable, { preventClose: true }).catch(() => {}),
  ]);
  const summary = summaryOf(stdout);
  const isSignalled = ended.signal !== null;
  const status = isSignalled ? signal.aborted ? "stopped" : "failed" : statusOf(ended.code);
  return {
    task,
    args,
    status,
    exit_status: isSignalled ? null : ended.code,
    seconds: Math.round((performance.now() - started) / 100) / 10,
    ...summary ? stepFigures(task, summary) : { did: "", left: "" },
    ...status === "failed" ? why(step, stderr, ended) : { reason: null, remedy: null },
    isAhead: status === "stopped" && signal.aborted,
    summary,
  };
}

function statusOf(code: number): StepStatus {
  if (code === EXIT.done) return "done";
  if (code === EXIT.busy) return "busy";
  return code === EXIT.stopped ? "stopped" : "failed";
}

/** Give the task's JSON summary, undefined where it did not reach its end. */
function summaryOf(stdout: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}

function why(
  step: Step,
  stderr: string,
  { code, signal }: Deno.CommandStatus,
): { reason: string; remedy: string } {
  const again = `Run deno task ${stepName(step)} and read its output`;
  if (signal !== null) {
    return {
      reason: `it was ended by ${signal}`,
      remedy: "A machine that runs out of memory ends tasks by SIGKILL; run it again",
    };
  }
  const [, reason, remedy] = ERROR.exec(stderr) ?? [];
  return { reason: reason ?? `it ended with exit status ${code}`, remedy: remedy ?? again };
}
