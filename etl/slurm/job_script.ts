import { shellWord } from "../run/shell_word.ts";

/** Where jobs run; all paths are absolute. */
export interface JobPlace {
  /** The folder of civicsky. */
  root: string;
  deno: string;
  /** Where Deno keeps packages; undefined where it decides itself. */
  denoDir: string | undefined;
  data: string;
  study: string;
  /** The folder of the scripts; logs go below it. */
  folder: string;
  /** Options of sbatch, which override those of the script. */
  sbatch: string[];
}

/** What a batch script is written from. */
export interface JobScript {
  /** What the script does, for readers of the script. */
  about: string;
  name: string;
  /** Lines for sbatch beside those that every job has. */
  sbatch: string[];
  /** Pattern of the log's name (sbatch(1), "filename pattern"). */
  log: string;
  /** How the job is called, as a word of the shell. */
  job: string;
  /** Its tasks, each the words of a line of the shell, one after another. */
  tasks: string[];
  /** Lines before them. */
  before?: string[];
}

/** Times that a job starts again before it fails: where it waits for a quota, half an hour each. */
const MOST_RESTARTS = 200;
/** Times that a job starts again whose task was killed, as one is that lacks memory. */
const MOST_KILLS = 10;
const QUOTA_SECONDS = 1800;
/** A run on a dead node holds its lock for five minutes. */
const BUSY_SECONDS = 300;

/**
 * Give the text of a batch script that runs tasks to their end, with as many restarts as needed.
 *
 * At its time limit it is sent TERM, hands that on, and starts again; a task that stopped early (exit
 * status 4) or found the same work running (3) starts again later, and holds no node meanwhile.
 */
export function jobScript(script: JobScript, place: JobPlace): string {
  // A % has a special meaning for sbatch.
  const log = `${place.folder.replaceAll("%", "%%")}/logs/${script.log}`;
  return [
    "#!/usr/bin/env bash",
    `# ${script.about}`,
    "# Written by deno task slurm, which overwrites it. It holds no key: keys are in .env.",
    ...[
      `--job-name=${script.name}`,
      `--output="${log}"`,
      "--open-mode=append",
      "--requeue",
      "--signal=B:TERM@120",
      "--ntasks=1",
      "--cpus-per-task=1",
      "--mem=2G",
      "--time=04:00:00",
      ...script.sbatch,
      ...place.sbatch,
    ].map((option) => `#SBATCH ${option}`),
    "",
    `job=${script.job}`,
    "restarts=${SLURM_RESTART_COUNT:-0}",
    `export PATH=${shellWord(place.deno.replace(/\/[^/]*$/, ""))}:"$PATH"`,
    ...place.denoDir === undefined ? [] : [`export DENO_DIR=${shellWord(place.denoDir)}`],
    `export CIVICSKY_DATA=${shellWord(place.data)}`,
    `export CIVICSKY_STUDY=${shellWord(place.study)}`,
    "export DENO_NO_UPDATE_CHECK=1 NO_COLOR=1",
    `cd ${shellWord(place.root)} || exit 1`,
    ...script.before ?? [],
    "",
    FUNCTIONS,
    "",
    ...script.tasks.map((words) => `run ${words}`),
    "",
  ].join("\n");
}

const FUNCTIONS = `say() {
  echo "$(date -u +%FT%TZ) $job: $*" >&2
}

# Start again in so many seconds, unless that was so many times. With the task's own number: the plain id
# of an array's last task is that of the whole array.
again() {
  trap '' TERM
  case $(scontrol --oneliner show job "$job") in
    *JobState=RUNNING*) ;;
    *)
      say "ended by Slurm (exit status $status)"
      exit "$status"
      ;;
  esac
  if [ "$restarts" -ge "$2" ]; then
    say "exit status $status after $restarts restarts: given up"
    exit "$status"
  fi
  say "exit status $status: starts again in $1 s or later"
  scontrol requeue "$job" || exit "$status"
  if [ "$1" -gt 0 ]; then scontrol update "JobId=$job" "StartTime=now+$1"; fi
  exit "$status"
}

told=
child=
tell() {
  told=1
  if [ -n "$child" ]; then kill -TERM "$child" 2> /dev/null; fi
}
trap tell TERM

run() {
  if [ -n "$told" ]; then
    status=4
    again 0 ${MOST_RESTARTS}
  fi
  say "deno task $*"
  deno task -q "$@" &
  child=$!
  if [ -n "$told" ]; then tell; fi
  # A signal ends wait, and not the task.
  while kill -0 "$child" 2> /dev/null; do wait "$child"; done
  wait "$child"
  status=$?
  child=
  case $status in
    0) return ;;
    1 | 2) exit "$status" ;;
  esac
  if [ -n "$told" ]; then again 0 ${MOST_RESTARTS}; fi
  case $status in
    3) again ${BUSY_SECONDS} ${MOST_RESTARTS} ;;
    4) again ${QUOTA_SECONDS} ${MOST_RESTARTS} ;;
    *) again 60 ${MOST_KILLS} ;;
  esac
}`;
