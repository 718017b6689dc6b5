import type { ScheduleLine } from "./schedule_lines.ts";

/** What a task may use, as options of sbatch(1): more than it needs on a day like others. */
const OPTIONS: Record<string, string> = {
  sync: "--time=04:00:00 --mem=2G",
  daily: "--time=12:00:00 --mem=4G",
  status: "--time=00:30:00 --mem=2G",
};

/**
 * Give the lines of a schedule as scrontab(1) of Slurm reads them, each with its options before it.
 *
 * What tasks print goes to their logs, and so Slurm keeps nothing of it: it would name a file by the job
 * each time, 200 a day.
 */
export function scrontabLines(lines: ScheduleLine[]): string[] {
  return lines.flatMap(({ task, fields, command }) => [
    `#SCRON --job-name=civicsky-${task.replace(":", "-")} --cpus-per-task=1 --output=/dev/null`,
    `#SCRON ${OPTIONS[task.split(":")[0]!]}`,
    `${fields} ${command}`,
  ]);
}
