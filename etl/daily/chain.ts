import type { Study } from "../study/study.ts";
import type { DataPaths } from "../store/paths.ts";
import { classifierSteps, type DailyClassifiers, unknownClassifier } from "./classifier_steps.ts";
import type { Step } from "./step.ts";

/**
 * Give the steps of a day, in order.
 *
 * `listed` are all classifiers there are; a name that is not among them is a usage error. `date` is a day in the past whose posts are labelled alone; without it those of all days are.
 */
export function chain(
  { paths, study }: { paths: DataPaths; study: Study },
  listed: DailyClassifiers,
  date: string | undefined,
): Step[] {
  const { stream, classifiers = Object.keys(listed) } = study.daily;
  const days = date === undefined ? [] : ["--since", date, "--until", date];
  const unknown = unknownClassifier(study.daily, listed);
  if (unknown) throw unknown;
  const labelling = classifiers.flatMap((name) =>
    classifierSteps({ paths, study }, name, listed[name]!, days)
  );
  const noFeed = date === undefined ? undefined : "feeds show only the last 24 hours";
  return [
    { task: `sync:${stream}`, args: [] },
    { task: "sync:most-liked", args: [], lacks: noFeed },
    { task: "preprocess", args: [] },
    ...labelling,
    { task: "aggregate", args: [] },
    // Pages must not show deleted posts.
    { task: "render", args: [], needs: ["preprocess"] },
  ];
}
