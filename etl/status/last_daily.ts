import type { RunRow } from "../command/last_runs.ts";
import { duration } from "../run/duration.ts";

/** The result of the newest `daily`. */
export interface LastDaily {
  started_at: string;
  status: string;
  seconds: number | null;
  /** None while it runs, and where it broke. */
  steps: { task: string; status: string; reason?: string }[];
}

/** Give the result of the newest `daily` among runs, null where there is none. */
export function lastDaily(runs: RunRow[]): LastDaily | null {
  const daily = runs.find(({ task }) => task === "daily");
  if (daily === undefined) return null;
  const { started_at, status, seconds, summary } = daily;
  const { steps = [] } = (JSON.parse(String(summary ?? "null")) ?? {}) as Partial<LastDaily>;
  return {
    started_at,
    status,
    seconds,
    steps: steps.map(({ task, status, reason }) => ({ task, status, ...reason && { reason } })),
  };
}

/** Describe that `daily` in a sentence. */
export function describeDaily({ started_at, status, seconds, steps }: LastDaily): string {
  const of = (status: string) => steps.filter((step) => step.status === status);
  const others = ["failed", "stopped", "skipped"].flatMap((status) => {
    const tasks = [...new Set(of(status).map(({ task }) => task))];
    return tasks.length > 0 ? [`${status}: ${tasks.join(", ")}`] : [];
  });
  const ended = seconds === null ? "" : ` in ${duration(1000 * seconds)}`;
  const did = steps.length > 0 ? `, ${of("done").length} of ${steps.length} steps done` : "";
  return [`last daily ${started_at.slice(0, 16)}: ${status}${ended}${did}`, ...others].join("; ");
}
