import type { StepFigures } from "./step_figures.ts";

/** A task of the chain of a day. */
export interface Step {
  task: string;
  args: string[];
  /** Tasks that must have reached their end; all others before it only go first. */
  needs?: string[];
  /** Why it is left out; undefined where it can run. */
  lacks?: string | undefined;
}

/**
 * How a step ended: `busy` where the same work is already running, `stopped` where it left work with
 * everything durable, `skipped` where it was not started.
 */
export type StepStatus = "done" | "failed" | "busy" | "stopped" | "skipped";

/** The result of a step of a day. */
export interface StepEnd extends StepFigures {
  task: string;
  args: string[];
  status: StepStatus;
  /** null where it was not started, or ended by a signal. */
  exit_status: number | null;
  seconds: number;
  /** Why it failed or was skipped. */
  reason: string | null;
  /** The remedy of a failure. */
  remedy: string | null;
  /** Whether this run did not reach it, or was stopped during it. */
  isAhead: boolean;
  /** As the task printed it; undefined where it did not reach its end. */
  summary?: Record<string, unknown> | undefined;
}

/** Give a step as typed after `deno task`. */
export function stepName({ task, args }: Pick<Step, "task" | "args">): string {
  return [task, ...args].join(" ");
}

/** Give the end of a step that is not started; it is ahead where that is not the study's choice. */
export function skipped({ task, args }: Step, reason: string, isAhead: boolean): StepEnd {
  const nothing = { exit_status: null, seconds: 0, did: "", left: "", remedy: null };
  return { task, args, status: "skipped", reason, isAhead, ...nothing };
}
