import type { StepFigures } from "./step_figures.ts";

/** A task of the chain. */
export interface Step {
  task: string;
  args: string[];
  /** Tasks without whose end it cannot run; all others before it only go first. */
  needs?: string[];
  /** Give why it is left out, undefined where it has what it takes. */
  lacks?(before: StepEnd[]): string | undefined;
}

/**
 * How a step ended: `busy` where the same work is already running, `stopped` where it left work with
 * everything durable, `skipped` where it was not started.
 */
export type StepStatus = "done" | "failed" | "busy" | "stopped" | "skipped";

/** What became of a step. */
export interface StepEnd extends StepFigures {
  task: string;
  args: string[];
  status: StepStatus;
  /** null where it was not started, or ended by a signal. */
  exit_status: number | null;
  seconds: number;
  /** Why it failed or was skipped. */
  reason: string | null;
  /** What helps where it failed. */
  remedy: string | null;
  /** Whether this run did not come to it, or was told to stop while it was at it. */
  isAhead: boolean;
  /** As the task printed it; undefined where it did not come to its end. */
  summary?: Record<string, unknown> | undefined;
}

/** Give a step as one would type it behind `deno task`. */
export function stepName({ task, args }: Pick<Step, "task" | "args">): string {
  return [task, ...args].join(" ");
}

/** Give how a step ends that is not started; it is ahead where that is no choice of the study. */
export function skipped({ task, args }: Step, reason: string, isAhead: boolean): StepEnd {
  const nothing = { exit_status: null, seconds: 0, did: "", left: "", remedy: null };
  return { task, args, status: "skipped", reason, isAhead, ...nothing };
}
