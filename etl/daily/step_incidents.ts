import { heartbeat } from "../watch/heartbeat.ts";
import { type Incident, readIncidents, settleIncidents } from "../watch/incidents.ts";
import type { Context } from "../command/command.ts";
import { taskStates } from "../command/task_states.ts";
import { tellOfReadableStudy } from "../watch/unreadable_study.ts";
import { type DailyClassifiers, lacksKey } from "./classifier_steps.ts";
import { type StepEnd, stepName } from "./step.ts";

const SCOPE = "daily";

/**
 * Notify people of failed and mended steps of a day; request the heartbeat address if none failed
 * and all were reached.
 *
 * `date` is the requested day: such a run is not today's, and sends no heartbeat.
 */
export async function tellOfSteps(
  context: Pick<Context, "paths" | "study" | "warn" | "signal" | "database">,
  classifiers: DailyClassifiers,
  ends: StepEnd[],
  date: string | undefined,
): Promise<void> {
  const known = (await readIncidents(context.paths, context.warn)).filter(({ mended_at }) =>
    mended_at === null
  );
  const lasting = known.filter(({ key }) => isUnknown(key, ends, date !== undefined));
  await tellOfReadableStudy(context);
  const current = [...incidentsOf(ends), ...await lostKeys(context, classifiers, ends)];
  const keys = new Set(current.map(({ key }) => key));
  await settleIncidents(context, SCOPE, [
    ...current,
    ...lasting.filter(({ key }) => !keys.has(key)),
  ]);
  const isWell = current.length === 0 &&
    ends.every(({ status, isAhead }) => status !== "failed" && !isAhead);
  if (isWell && date === undefined) await heartbeat(context);
}

/** Give the classifiers that ran before and have lost their key: otherwise their labels end silently. */
async function lostKeys(
  { database, paths }: Pick<Context, "paths" | "database">,
  classifiers: DailyClassifiers,
  ends: StepEnd[],
): Promise<Incident[]> {
  const without = ends.filter((end) => end.status === "skipped" && lacksKey(classifiers, end));
  if (without.length === 0) return [];
  const { states } = await taskStates(database, paths);
  return without.filter(({ task }) => states.get(task)?.good).map((end) => ({
    key: keyOf(end),
    title: `deno task ${end.task} is left out: ${end.reason}, though it ran before`,
    remedy:
      "Put the key back into .env, or remove the classifier from daily.classifiers in study.yaml",
  }));
}

/** Give the incidents of the steps of a day: each failed task once, however many of its steps failed. */
export function incidentsOf(ends: StepEnd[]): Incident[] {
  const failed = ends.filter(({ status }) => status === "failed");
  const first = failed.filter((end) => failed.find(({ task }) => task === end.task) === end);
  return first.map((end) => ({
    key: keyOf(end),
    title: `deno task ${stepName(end)} failed: ${end.reason}`,
    remedy: end.remedy ?? "",
  }));
}

/**
 * Tell whether an earlier incident may last, because this run learned nothing about it.
 *
 * A step that left the chain, or cannot run, ends its incident; but a run for a date
 * leaves out today's steps.
 */
function isUnknown(key: string, ends: StepEnd[], isOfDate: boolean): boolean {
  if (!key.startsWith(`${SCOPE}/`)) return false;
  const own = ends.filter((end) => keyOf(end) === key);
  if (own.some(({ status }) => status === "failed")) return false;
  if (own.some(({ status, isAhead }) => !isAhead && (status === "done" || status === "stopped"))) {
    return false;
  }
  return isOfDate || own.some(({ status, isAhead }) => isAhead || status === "busy");
}

function keyOf({ task }: StepEnd): string {
  return `${SCOPE}/${task}`;
}
