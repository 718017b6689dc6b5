/**
 * The entry of every task: `deno task status` runs `main.ts status` with the permissions that
 * `deno.json` gives it. A task loads its own modules and no other's.
 */
import { CLASSIFIERS } from "./classifiers/list.ts";
import type { Command } from "./etl/command/command.ts";
import { readTasks } from "./etl/run/task_command.ts";
import { SOURCES } from "./etl/store/source.ts";

type Load = () => Promise<Command>;
type CommandModule = { command: Command };

const load = (module: Promise<CommandModule>) => module.then(({ command }) => command);

/** Every task that is ours, in the groups and the order in which `deno task help` shows them. */
export const TASKS: Record<string, Record<string, Load>> = {
  "Try it": {
    "demo": () => load(import("./demo/main.ts")),
  },
  "Collect": {
    // Each source and each classifier stands in a file of its own, named as it.
    ...loadedByName(SOURCES, "./etl/sources"),
    "import": () => load(import("./classifiers/recorded/import.ts")),
    "preprocess": () => load(import("./etl/preprocess.ts")),
  },
  "Label": {
    ...loadedByName(CLASSIFIERS, "./classifiers"),
    "panel": () => load(import("./classifiers/panels/panel.ts")),
  },
  "Analyse": {
    "aggregate": () => load(import("./etl/aggregate.ts")),
    "render": () => load(import("./notebooks/render.ts")),
    "export": () => load(import("./etl/export.ts")),
    "methods": () => load(import("./etl/methods.ts")),
  },
  "Run it every day": {
    "daily": async () => (await import("./etl/daily.ts")).dailyCommand(CLASSIFIERS),
    "schedule": () => load(import("./etl/schedule.ts")),
    "slurm": async () =>
      (await import("./etl/slurm.ts")).slurmCommand(loadedByName(CLASSIFIERS, "./classifiers")),
    "status": async () => (await import("./etl/status.ts")).statusCommand(CLASSIFIERS),
    "doctor": async () => {
      const { CLASSIFIER_CHECKS } = await import("./classifiers/checks/classifier_checks.ts");
      return (await import("./etl/doctor.ts")).doctorCommand(CLASSIFIER_CHECKS);
    },
  },
  "Look after the data": {
    "forget": () => load(import("./etl/forget.ts")),
    "compact": () => load(import("./etl/compact.ts")),
  },
};

/** Load a task; undefined where there is none of that name. */
export async function loadCommand(task: string): Promise<Command | undefined> {
  return await Object.values(TASKS).find((tasks) => Object.hasOwn(tasks, task))?.[task]?.();
}

function loadedByName(list: Record<string, { task: string }>, folder: string) {
  return Object.fromEntries(
    Object.entries(list).map((
      [name, { task }],
    ) => [task, () => load(import(`${folder}/${name}.ts`))]),
  );
}

/** Give the tasks by group, a line each, with the descriptions of `deno.json`. */
function help(): string {
  const tasks = readTasks();
  const shown = new Set<string>(["help"]);
  const lines = (names: string[]) =>
    names.map((name) => {
      shown.add(name);
      return `  ${name.padEnd(25)}${tasks[name]?.description ?? ""}`.trimEnd();
    });
  const groups = Object.entries(TASKS).map(([group, own]) => [group, ...lines(Object.keys(own))]);
  const others = Object.keys(tasks).filter((name) => !shown.has(name));
  groups.push(["Change civicsky", ...lines(others)]);
  return [
    "Usage: deno task <task> [options]",
    ...groups.map((group) => group.join("\n")),
    "Every task of the first groups says more with --help: deno task status --help",
  ].join("\n\n");
}

async function main([task = "help", ...args]: string[]): Promise<number> {
  if (task === "doctor" && !args.includes("--online")) {
    // Offline, it has no permission for the network.
    Deno.permissions.revokeSync({ name: "net" });
  }
  const command = await loadCommand(task);
  if (command !== undefined) {
    const { runCommand } = await import("./etl/command/command.ts");
    return await runCommand(command, args);
  }
  const isHelp = ["help", "--help", "-h"].includes(task);
  if (!isHelp) console.error(`Cannot run ${task}: there is no such task\n`);
  (isHelp ? console.log : console.error)(help());
  return isHelp ? 0 : 2;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
