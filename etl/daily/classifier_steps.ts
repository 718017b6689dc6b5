import { allOpenBatches } from "../labels/open_batch.ts";
import { perspectiveEnd } from "../study/perspective_end.ts";
import { type Variable, variable } from "../run/environment.ts";
import { UserError } from "../run/error.ts";
import type { Study } from "../study/study.ts";
import type { DataPaths } from "../store/paths.ts";
import type { DailyClassifier } from "../study/daily_section.ts";
import type { Step, StepEnd } from "./step.ts";

/** What a classifier takes beside posts. */
interface Taken {
  /** One of these is to be set. */
  variables: Variable[];
  /** Give the last day (UTC) of its service, where that has passed. */
  ended?(): string | undefined;
}

const TAKEN: Record<DailyClassifier, Taken> = {
  dictionary: { variables: [] },
  perspective: {
    variables: ["PERSPECTIVE_API_KEY"],
    ended() {
      const end = perspectiveEnd();
      return end !== null && end.days_left < 0 ? end.date : undefined;
    },
  },
  sociopolitical: { variables: ["GROQ_API_KEY", "GROQ_BASE_URL"] },
  attributes: { variables: ["GROQ_API_KEY", "GROQ_BASE_URL"] },
};

/**
 * Give the steps that run a classifier: one, or where batches are under way one for each place where
 * these are answered, which lands them and sends what is pending as they were sent.
 */
export async function classifierSteps(
  { paths, study }: { paths: DataPaths; study: Study },
  name: DailyClassifier,
  days: string[],
): Promise<Step[]> {
  const step = (args: string[], lacks: string | undefined): Step => ({
    task: `classify:${name}`,
    args: [...args, ...days],
    // What authors took back has not left the tables before, and is not to be sent anywhere.
    needs: ["preprocess"],
    lacks: () => lacks,
  });
  if (study.classifiers[name] === undefined) {
    return [step([], `study.yaml has no section classifiers.${name}`)];
  }
  const folders = await batchFolders(paths, name);
  if (folders.length === 0) return [step([], lackOf(TAKEN[name]))];
  return folders.map((folder) =>
    folder === null
      ? step(["--batch"], lackOf(TAKEN[name]))
      // Nobody is asked there.
      : step(["--batch-files", folder], undefined)
  );
}

/** Say whether a step was left out for want of a key. */
export function lacksKey({ task, reason }: StepEnd): boolean {
  const taken = TAKEN[task.replace(/^classify:/, "") as DailyClassifier];
  return taken !== undefined && reason === keyLackOf(taken);
}

function keyLackOf({ variables }: Taken): string | undefined {
  if (variables.length === 0 || variables.some((name) => variable(name) !== undefined)) return;
  return variables.length === 1
    ? `${variables[0]} is not set`
    : `neither ${variables.join(" nor ")} is set`;
}

function lackOf(taken: Taken): string | undefined {
  const lack = keyLackOf(taken);
  if (lack !== undefined) return lack;
  const last = taken.ended?.();
  return last && `Google ended Perspective on ${last}, and PERSPECTIVE_ROOT_URL names no other`;
}

/** Give the folders in which batches of a classifier lie; null stands for a server. */
async function batchFolders(paths: DataPaths, classifier: string): Promise<(string | null)[]> {
  try {
    const batches = await allOpenBatches(paths, classifier);
    return [...new Set(batches.map(({ folder }) => folder))];
  } catch (error) {
    // The task itself says which file is damaged.
    if (error instanceof UserError) return [];
    throw error;
  }
}
