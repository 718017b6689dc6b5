import { type JobPlace, jobScript } from "./job_script.ts";

/** Give the batch script of the job that counts and shows what an array labelled. */
export function aggregateScript(place: JobPlace): string {
  return jobScript({
    about: "Counts and pages, once the days are labelled.",
    name: "civicsky-aggregate",
    sbatch: [],
    log: "%j.log",
    job: '"$SLURM_JOB_ID"',
    tasks: ["aggregate", "render"],
  }, place);
}
