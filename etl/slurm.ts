import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkArguments, type Command, type Context, type Outcome } from "./command/command.ts";
import { systemVariable } from "./run/environment.ts";
import { EXIT, UserError } from "./run/error.ts";
import { DAYS } from "./run/option.ts";
import { aggregateScript } from "./slurm/aggregate_script.ts";
import type { JobPlace } from "./slurm/job_script.ts";
import { labelScript, MOST_DAYS } from "./slurm/label_script.ts";
import { sbatchOptions } from "./slurm/sbatch_options.ts";
import { shellWord } from "./run/shell_word.ts";
import { submitScript } from "./slurm/submit_script.ts";

interface Options {
  task: string[];
  since?: string;
  until?: string;
  sbatch?: string[];
}

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** What the scripts set themselves, and what does not label. */
const NOT_A_DAYS = ["--since", "--until", "--data", "--study", "--dry-run", "--help", "-h"];

/** The tasks that label, and how to load each. */
type ClassifierTasks = Record<string, () => Promise<Command>>;

/** Declare the task `slurm`; `classifiers` are the tasks of all existing ones. */
export function slurmCommand(classifiers: ClassifierTasks): Command {
  return {
    task: "slurm",
    description:
      "Write batch scripts that label day after day on a Slurm cluster, then count and render.\n\n" +
      "The job array has one task per day with posts. Jobs start again by themselves after their time\n" +
      "limit, after a used-up quota and after a failed node. docs/cluster.md explains the setup.",
    options: [
      {
        flags: "--task <words>",
        description: "the classifier's task with its options (default: classify:sociopolitical)",
        parse: (text) => taskWords(text, Object.keys(classifiers)),
      },
      ...DAYS,
      {
        flags: "--sbatch <options>",
        description: "options of sbatch; they override those of the scripts",
        parse: sbatchOptions,
      },
    ],
    examples: [
      "deno task slurm --since 2026-06-01 --until 2026-06-30",
      'deno task slurm --task classify:perspective --sbatch "--partition=long --account=sociology"',
      'deno task slurm --task "classify:sociopolitical --posts-per-request 10" --sbatch "--time=24:00:00"',
    ],
    run: (context, options) => write(context, classifiers, options),
  };
}

async function write(
  context: Context,
  classifiers: ClassifierTasks,
  options: Options,
): Promise<Outcome> {
  const { paths, studyPath } = context;
  const { task = ["classify:sociopolitical"], since = "", until = "9999", sbatch = [] } = options;
  // What a day of the array would refuse is refused here, before it waits for a node.
  checkArguments(await classifiers[task[0]!]!(), task.slice(1));
  const days = [...new Set(paths.files("posts").map((file) => file.day!))]
    .filter((day) => day >= since && day <= until).sort();
  if (days.length === 0) {
    throw fault("there are no posts of these days", "Sync or import some, then preprocess");
  }
  if (days.length > MOST_DAYS) {
    throw fault(
      `these are ${days.length} days, and a Slurm array has at most ${MOST_DAYS} tasks`,
      "Write them in parts, with --since and --until",
    );
  }
  const [first, last] = [days[0]!, days.at(-1)!];
  const folder = paths.slurm(`${task[0]!.replace(":", "-")}_${first}_${last}`);
  const denoDir = systemVariable("DENO_DIR");
  const place: JobPlace = {
    root: ROOT,
    deno: Deno.execPath(),
    denoDir: denoDir ? resolve(denoDir) : undefined,
    data: paths.root,
    study: studyPath,
    folder,
    sbatch,
  };
  refuseStrangePaths(place);
  await Deno.mkdir(join(folder, "logs"), { recursive: true });
  const scripts = {
    "label.sh": labelScript(task, days, place),
    "aggregate.sh": aggregateScript(place),
    "submit.sh": submitScript(folder),
  };
  for (const [name, text] of Object.entries(scripts)) {
    await Deno.writeTextFile(join(folder, name), text);
  }
  if (place.denoDir === undefined) {
    context.warn(
      "DENO_DIR is not set: packages lie in your home folder, where clusters grant little space. " +
        "Set it to a folder of your project, run deno install --entrypoint there, and write the " +
        "scripts again (docs/cluster.md)",
    );
  }
  return {
    summary: { folder, task: task.join(" "), days: days.length, first, last },
    text: next(place, task, days),
  };
}

/** Describe the use of the scripts. */
function next({ folder, data, study }: JobPlace, task: string[], days: string[]): string {
  const range = `--since ${days[0]} --until ${days.at(-1)}`;
  const where = `--data ${shellWord(data)} --study ${shellWord(study)}`;
  return [
    `Wrote the scripts of ${task[0]} for ${days.length} days with posts into ${folder}`,
    "Next, on the login node:",
    `  what they ask and cost:  deno task ${
      task.map(shellWord).join(" ")
    } ${range} --dry-run ${where}`,
    `  submit them:             bash ${shellWord(join(folder, "submit.sh"))}`,
    `  see how they do:         squeue --me, deno task status ${where}, and the logs in`,
    `                           ${join(folder, "logs")}`,
    "  if a day failed:         submit them again; labelled posts are not asked about twice",
  ].join("\n");
}

/** Throws a usage error where sbatch or its scripts could not read one of the paths. */
function refuseStrangePaths({ root, deno, denoDir = "", data, study }: JobPlace): void {
  const strange = [root, deno, denoDir, data, study].find((path) => /["\\\n]/.test(path));
  if (strange === undefined) return;
  throw fault(`sbatch cannot read the path ${JSON.stringify(strange)}`, "Give it another name");
}

/** Read a task with its options; `known` are the tasks that label. */
function taskWords(text: string, known: string[]): string[] {
  const words = text.trim().split(/\s+/);
  if (!known.includes(words[0]!)) {
    throw new RangeError(`is not a task that labels; these are ${known.join(", ")}`);
  }
  const wrong = words.find((word) => NOT_A_DAYS.includes(word.split("=")[0]!));
  if (wrong !== undefined) throw new RangeError(`has ${wrong}, which the scripts set themselves`);
  return words;
}

function fault(found: string, remedy: string): UserError {
  return new UserError("write batch scripts", found, remedy, { exitCode: EXIT.usage });
}
