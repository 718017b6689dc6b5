import type { DailyClassifiers } from "./daily/classifier_steps.ts";
import { chain } from "./daily/chain.ts";
import { skipped, type Step, type StepEnd, stepName, type StepStatus } from "./daily/step.ts";
import { tellOfSteps } from "./daily/step_incidents.ts";
import { runStep } from "./daily/step_process.ts";
import { now, utcDay } from "./run/clock.ts";
import { type Command, type Context, type Outcome } from "./command/command.ts";
import { UserError } from "./run/error.ts";
import { day } from "./run/option.ts";
import { lock } from "./store/lock.ts";
import { tellOfUnknownClassifier, tellOfUnreadableStudy } from "./watch/unreadable_study.ts";

/** Declare the task `daily`; `classifiers` are all existing ones. */
export function dailyCommand(classifiers: DailyClassifiers): Command {
  return {
    task: "daily",
    description:
      "Run a day's tasks one after the other: collect what is owed, read the feeds and count posts again\n" +
      "at 48 hours, preprocess, label, land batches, aggregate, render.\n\n" +
      "Each step is the task itself, with its own line in the ledger. A failed step stops only the steps\n" +
      "that depend on it. Classifiers without a key are left out. Start it once a day; another run does\n" +
      "what is left, also of days on which it did not run. The section daily of study.yaml lists the tasks.",
    options: [{
      flags: "--date <day>",
      description: "label the posts of one past day (UTC) and collect what is owed; read no feed",
      parse: pastDay,
    }],
    examples: ["deno task daily", "deno task daily --date 2026-06-01"],
    unreadable: tellOfUnreadableStudy,
    holdsFiles: false,
    run: (context, options: { date?: string }) => daily(context, classifiers, options),
  };
}

async function daily(
  context: Context,
  classifiers: DailyClassifiers,
  { date }: { date?: string },
): Promise<Outcome> {
  const { paths } = context;
  await using _lock = await lock(paths.locks(), "daily", "run daily");
  const started = performance.now();
  const ends = await runChain(context, await steps(context, classifiers, date));
  await tellOfSteps(context, classifiers, ends, date);
  const failed = ends.filter(({ status }) => status === "failed");
  const left = ends.filter(({ status, isAhead }) => status === "stopped" || isAhead);
  const summary = {
    date: date ?? null,
    steps: ends.map(({ args, summary: _, isAhead: __, ...end }) => ({ ...end, arguments: args })),
    failed: failed.length,
    left: left.length,
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
  return {
    summary,
    text: describeSteps(ends, summary.date),
    stopped: left.length > 0,
    errors: failed.length > 0 ? [failure(failed)] : [],
  };
}

/** Give the steps of the day; people are notified if the study names an unknown classifier. */
async function steps(
  context: Context,
  classifiers: DailyClassifiers,
  date: string | undefined,
): Promise<Step[]> {
  try {
    return chain(context, classifiers, date);
  } catch (error) {
    if (error instanceof UserError) await tellOfUnknownClassifier(context, error);
    throw error;
  }
}

/** Run the steps in order, even after failures, if the tasks that they need have ended well. */
async function runChain(context: Context, steps: Step[]): Promise<StepEnd[]> {
  const { progress, signal } = context;
  const ends: StepEnd[] = [];
  for (const [index, step] of steps.entries()) {
    const place = `[${index + 1}/${steps.length}] ${stepName(step)}`;
    const left = signal.aborted ? "daily was stopped before" : missingNeed(step, ends);
    const lack = left ?? step.lacks;
    if (lack === undefined) progress.say(place);
    const end = lack === undefined
      ? await runStep(step, context)
      : skipped(step, lack, left !== undefined);
    ends.push(end);
    const { status, seconds, did, reason } = end;
    progress.say(
      status === "skipped"
        ? `${place} skipped: ${reason}`
        : `${place} ${status} in ${seconds} s${did ? `: ${did}` : ""}`,
    );
  }
  return ends;
}

/** Give the needed task of a step that did not reach its end. */
function missingNeed({ needs = [] }: Step, ends: StepEnd[]): string | undefined {
  const end = ends.find(({ task, status, summary }) =>
    needs.includes(task) && status === "failed" && summary === undefined
  );
  return end && `${end.task} failed`;
}

function failure(failed: StepEnd[]): UserError {
  return new UserError(
    "finish the day",
    `${failed.map(stepName).join(", ")} failed`,
    "The messages above say why. Then run deno task daily again; it does what is left",
  );
}

/** A UTC day that is over. */
function pastDay(text: string): string {
  if (day(text) >= utcDay(now())) {
    throw new RangeError("is not over in UTC; leave out --date to run today up to now");
  }
  return text;
}

/** Describe the results of the steps: a table, and below it why some were not done. */
function describeSteps(steps: StepEnd[], date: string | null): string {
  const lines = [
    ["step", "ended", "seconds", "did", "left"],
    ...steps.map((step) => [
      stepName(step),
      step.status,
      step.status === "skipped" ? "" : step.seconds.toFixed(1),
      step.did,
      step.left,
    ]),
  ];
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length))
  );
  const of = (status: StepStatus) => steps.filter((step) => step.status === status).length;
  const counts = (["done", "failed", "stopped", "busy", "skipped"] as const)
    .filter((status) => of(status) > 0).map((status) => `${of(status)} ${status}`);
  return [
    `${date === null ? "The day" : `The posts of ${date}`}: ${steps.length} steps, ${
      counts.join(", ")
    }`,
    ...lines.map((line) =>
      `  ${
        line.map((cell, column) =>
          column === 2 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)
        ).join("  ")
      }`.trimEnd()
    ),
    ...steps.filter(({ reason }) => reason !== null).flatMap((step) => [
      `  ${stepName(step)} ${step.status}: ${step.reason}`,
      ...step.remedy === null ? [] : [`    ${step.remedy}`],
    ]),
  ].join("\n");
}
