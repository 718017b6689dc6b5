import { type JobPlace, jobScript } from "./job_script.ts";
import { shellWord } from "../run/shell_word.ts";

/** Tasks of an array that Slurm takes unless its administrator says otherwise (MaxArraySize, 1001). */
export const MOST_DAYS = 1000;

/**
 * Give the batch script of an array that runs a task on each of some days, one at a time.
 *
 * One at a time, as a label set has one sample, one budget and one folder of answers, which one run
 * holds; and one run alone takes all that the quota grants, so that nothing is lost by it.
 */
export function labelScript(task: string[], days: string[], place: JobPlace): string {
  const words = task.map(shellWord).join(" ");
  return jobScript({
    about: `${
      task[0]
    } on ${days.length} days, one task a day, one at a time (docs/cluster.md says why).`,
    name: `civicsky-${task[0]!.replace(":", "-")}`,
    sbatch: [`--array=0-${days.length - 1}%1`],
    log: "%A_%a.log",
    job: '"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"',
    before: [
      "",
      "days=(",
      ...days.map((day) => `  ${day}`),
      ")",
      "day=${days[$SLURM_ARRAY_TASK_ID]}",
    ],
    tasks: [`${words} --since "$day" --until "$day"`],
  }, place);
}
