/** Runs batch scripts in bash as Slurm would, with a `deno` and a `scontrol` that do as they are told. */
import { join } from "node:path";
import type { JobPlace } from "../../../etl/slurm/job_script.ts";

/** What the task and Slurm do. */
export interface Told {
  /** How the task ends, once for each time that it is run. */
  exits: number[];
  /** It runs until it is sent TERM. */
  waits?: boolean;
  restarts?: number;
  /** What Slurm says of the job. */
  state?: string;
}

/** What a script did. */
export interface Ran {
  code: number;
  stderr: string;
  /** The tasks that were run. */
  tasks: string[];
  /** What `scontrol` was asked beside the state of the job. */
  orders: string[];
}

const TASK = `#!/usr/bin/env bash
echo "$*" >> tasks
read -r status rest < exits
echo "$rest" > exits
trap 'trap "" TERM; echo "told TERM" >> tasks; touch told; sleep 0.2; exit "$status"' TERM
if [ -e waits ]; then touch runs; for i in {1..600}; do sleep 0.05; done; fi
if [ "$status" = 137 ]; then kill -9 $$; fi
exit "$status"
`;
const SCONTROL = `#!/usr/bin/env bash
if [ "$1" = --oneliner ]; then echo "JobId=7 JobState=$STATE Reason=None"; exit; fi
echo "$*" >> orders
`;

/** Give a place in a folder with such programs. */
export async function place(folder: string): Promise<JobPlace> {
  for (const [name, text] of [["deno", TASK], ["scontrol", SCONTROL]] as const) {
    await Deno.writeTextFile(join(folder, name), text, { mode: 0o755 });
  }
  return {
    root: folder,
    deno: join(folder, "deno"),
    denoDir: join(folder, "packages"),
    data: join(folder, "data"),
    study: join(folder, "study.yaml"),
    folder: join(folder, "scripts"),
    sbatch: [],
  };
}

/** Run a script as the second task of the array 40 or as the job 7; TERM is sent to what waits. */
export async function runJob(folder: string, text: string, told: Told): Promise<Ran> {
  await Deno.writeTextFile(join(folder, "exits"), `${told.exits.join(" ")} \n`);
  if (told.waits) await Deno.writeTextFile(join(folder, "waits"), "");
  const job = new Deno.Command("bash", {
    args: ["-c", text],
    env: {
      LC_ALL: "C",
      SLURM_ARRAY_JOB_ID: "40",
      SLURM_ARRAY_TASK_ID: "1",
      SLURM_JOB_ID: "7",
      SLURM_RESTART_COUNT: String(told.restarts ?? 0),
      STATE: told.state ?? "RUNNING",
    },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  if (told.waits) {
    // Once more while the task ends: a job that is preempted near its limit is told twice.
    for (const name of ["runs", "told"]) {
      while (!await exists(join(folder, name))) await new Promise((r) => setTimeout(r, 10));
      job.kill("SIGTERM");
    }
  }
  const { code, stderr } = await job.output();
  const ran = {
    code,
    stderr: new TextDecoder().decode(stderr),
    tasks: await lines(join(folder, "tasks")),
    orders: await lines(join(folder, "orders")),
  };
  for (const name of ["tasks", "orders", "waits", "runs", "told"]) {
    await Deno.remove(join(folder, name)).catch(() => {});
  }
  return ran;
}

async function lines(path: string): Promise<string[]> {
  if (!await exists(path)) return [];
  return (await Deno.readTextFile(path)).split("\n").filter((line) => line !== "");
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
