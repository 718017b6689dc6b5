import type { Study } from "../study/study.ts";
import type { DataPaths } from "../store/paths.ts";
import { classifierSteps } from "./classifier_steps.ts";
import type { Step, StepEnd } from "./step.ts";

const FEEDS = "sync:most-liked";

/**
 * Give the steps of a day, in order.
 *
 * `date` is a day in the past whose posts are labelled alone; without it those of all days are.
 */
export async function chain(
  { paths, study }: { paths: DataPaths; study: Study },
  date: string | undefined,
): Promise<Step[]> {
  const { stream, classifiers } = study.daily;
  const days = date === undefined ? [] : ["--since", date, "--until", date];
  const labelling: Step[] = [];
  for (const name of classifiers) {
    labelling.push(...await classifierSteps({ paths, study }, name, days));
  }
  const ofToday = (lacks: string, step: Step): Step =>
    date === undefined ? step : { ...step, lacks: () => lacks };
  return [
    { task: `sync:${stream}`, args: [] },
    ofToday("feeds show the last 24 hours alone", { task: FEEDS, args: [] }),
    { task: "preprocess", args: [] },
    ...labelling,
    ofToday("counts are taken of posts that are 48 hours old now", {
      task: FEEDS,
      args: ["--counts-only"],
      lacks: (before) => countsLack(before, study.sources.most_liked.count_again),
    }),
    { task: "aggregate", args: [] },
    // Pages are not to show what authors took back.
    { task: "render", args: [], needs: ["preprocess"] },
  ];
}

/** Give why counts are not taken apart: the task that reads the feeds takes them too, where it can. */
function countsLack(before: StepEnd[], limit: number): string | undefined {
  const feeds = before.find(({ task }) => task === FEEDS);
  if (feeds?.status === "busy") return `${FEEDS} takes them, which is already running`;
  const counts = feeds?.summary?.counts as
    | { due: number; counted: number; gone: number }
    | undefined;
  if (counts === undefined) return undefined;
  const isTaken = counts.counted + counts.gone >= Math.min(counts.due, limit);
  return isTaken ? `${FEEDS} took them` : undefined;
}
