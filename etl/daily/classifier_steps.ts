import { allOpenBatches } from "../batches/open_batch.ts";
import { type Variable, variable } from "../run/environment.ts";
import { EXIT, UserError } from "../run/error.ts";
import type { Study } from "../study/study.ts";
import type { DataPaths } from "../store/paths.ts";
import type { Step, StepEnd } from "./step.ts";

/** The facts about a classifier that a day's run uses. */
export interface DailyClassifier {
  task: string;
  /** One of these must be set, if there are any. */
  variables: readonly Variable[];
  /** Give the reason if its service has ended. */
  ended?(): string | undefined;
}

/** Every classifier by its name, in the order in which a day runs them. */
export type DailyClassifiers = Record<string, DailyClassifier>;

/** Give the usage error for a name in `daily.classifiers` that no classifier has, if there is one. */
export function unknownClassifier(
  { classifiers = [] }: Study["daily"],
  listed: DailyClassifiers,
): UserError | undefined {
  const name = classifiers.find((name) => !Object.hasOwn(listed, name));
  return name === undefined ? undefined : new UserError(
    "read daily.classifiers of the study",
    `there is no classifier ${JSON.stringify(name)}`,
    `The classifiers are ${Object.keys(listed).join(", ")}`,
    { exitCode: EXIT.usage },
  );
}

/**
 * Give the steps that run a classifier: one, or with batches under way one for each place where
 * these are answered, which lands them and sends what is pending as they were sent.
 */
export function classifierSteps(
  { paths, study }: { paths: DataPaths; study: Study },
  name: string,
  classifier: DailyClassifier,
  days: string[],
): Step[] {
  const step = (args: string[], lacks: string | undefined): Step => ({
    task: classifier.task,
    args: [...args, ...days],
    // Before preprocess, deleted posts are still in the tables, and must not be sent anywhere.
    needs: ["preprocess"],
    lacks,
  });
  if (study.classifiers[name] === undefined) {
    return [step([], `study.yaml has no section classifiers.${name}`)];
  }
  const folders = batchFolders(paths, name);
  if (folders.length === 0) return [step([], lackOf(classifier))];
  return folders.map((folder) =>
    folder === null
      ? step(["--batch"], lackOf(classifier))
      // No server is asked there.
      : step(["--batch-files", folder], undefined)
  );
}

/** Tell whether a step of a day was left out for want of a key. */
export function lacksKey(classifiers: DailyClassifiers, { task, reason }: StepEnd): boolean {
  const classifier = Object.values(classifiers).find((it) => it.task === task);
  return classifier !== undefined && reason === keyLackOf(classifier);
}

function keyLackOf({ variables }: DailyClassifier): string | undefined {
  if (variables.length === 0 || variables.some((name) => variable(name) !== undefined)) return;
  return variables.length === 1
    ? `${variables[0]} is not set`
    : `neither ${variables.join(" nor ")} is set`;
}

function lackOf(classifier: DailyClassifier): string | undefined {
  return keyLackOf(classifier) ?? classifier.ended?.();
}

/** Give the folders in which batches of a classifier lie; null stands for a server. */
function batchFolders(paths: DataPaths, classifier: string): (string | null)[] {
  try {
    const batches = allOpenBatches(paths, classifier);
    return [...new Set(batches.map(({ folder }) => folder))];
  } catch (error) {
    // The task itself says which file is damaged.
    if (error instanceof UserError) return [];
    throw error;
  }
}
