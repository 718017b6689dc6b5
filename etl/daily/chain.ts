import type { Study } from "../study/study.ts";
import type { DataPaths } from "../store/paths.ts";
import { EXIT, UserError } from "../run/error.ts";
import { classifierSteps, type DailyClassifiers } from "./classifier_steps.ts";
import type { Step, StepEnd } from "./step.ts";

const FEEDS = "sync:most-liked";

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
  const labelling: Step[] = [];
  for (const name of classifiers) {
    const classifier = listed[name];
    if (classifier === undefined) {
      throw new UserError(
        "read daily.classifiers of the study",
        `there is no classifier ${JSON.stringify(name)}`,
        `The classifiers are ${Object.keys(listed).join(", ")}`,
        { exitCode: EXIT.usage },
      );
    }
    labelling.push(...classifierSteps({ paths, study }, name, classifier, days));
  }
  const ofToday = (lacks: string, step: Step): Step =>
    date === undefined ? step : { ...step, lacks: () => lacks };
  return [
    { task: `sync:${stream}`, args: [] },
    ofToday("feeds show only the last 24 hours", { task: FEEDS, args: [] }),
    { task: "preprocess", args: [] },
    ...labelling,
    ofToday("counts are taken of posts that are 48 hours old now", {
      task: FEEDS,
      args: ["--counts-only"],
      lacks: (before) => countsLack(before, study.sources.most_liked.count_again),
    }),
    { task: "aggregate", args: [] },
    // Pages must not show deleted posts.
    { task: "render", args: [], needs: ["preprocess"] },
  ];
}

/** Give why counts are not taken separately: the task that reads the feeds takes them too, if it can. */
function countsLack(before: StepEnd[], limit: number): string | undefined {
  const feeds = before.find(({ task }) => task === FEEDS);
  if (feeds?.status === "busy") return `${FEEDS} is already running and takes them`;
  const counts = feeds?.summary?.counts as
    | { due: number; counted: number; gone: number }
    | undefined;
  if (counts === undefined) return undefined;
  const isTaken = counts.counted + counts.gone >= Math.min(counts.due, limit);
  return isTaken ? `${FEEDS} took them` : undefined;
}
