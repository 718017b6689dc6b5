import type { ScheduleLine } from "../schedule/schedule_lines.ts";

/** The limits of a task, as options of sbatch(1): more than an ordinary day needs. */
const OPTIONS: Record<string, string> = {
  sync: "--time=04:00:00 --mem=2G",
  daily: "--time=12:00:00 --mem=4G",
  status: "--time=00:30:00 --mem=2G",
};

/**
 * Give the lines of a schedule as scrontab(1) of a Slurm cluster reads them, each with its options before it.
 *
 * Tasks print to their own logs, and Slurm keeps no output: it would name a file by the job
 * each time, 200 a day.
 */
export function scrontabLines(lines: ScheduleLine[]): string[] {
  return lines.flatMap(({ task, fields, command }) => [
    `#SCRON --job-name=civicsky-${task.replace(":", "-")} --cpus-per-task=1 --output=/dev/null`,
    `#SCRON ${OPTIONS[task.split(":")[0]!]}`,
    `${fields} ${command}`,
  ]);
}
