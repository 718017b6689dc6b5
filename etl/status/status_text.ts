import { batchLines, type BatchStatus } from "./batch_status.ts";
import { describeWeek, type WeekOfCoverage } from "../coverage/coverage.ts";
import { type CreationTimes, describeCreationTimes } from "../methods/creation_times.ts";
import { describeDrift } from "../drift/drift_text.ts";
import type { LabelDrift } from "../drift/label_drift.ts";
import type { LabelProspect } from "./label_prospect.ts";
import type { LabelSetStatus } from "./label_set_status.ts";
import type { Failure, RunRow } from "../command/last_runs.ts";
import { describeDaily, type LastDaily } from "./last_daily.ts";
import type { LastWarning } from "../command/last_warnings.ts";
import {
  describePerspectiveEnd,
  isPerspectiveEnd,
  type PerspectiveEnd,
} from "../study/perspective_end.ts";
import { describeStanding, type StreamStanding } from "../coverage/stream_standing.ts";
import { describeStrips, stripLegend } from "../coverage/strip_text.ts";
import type { TableStatus } from "./table_status.ts";
import type { WeekStrip } from "../coverage/week_strip.ts";
import { variable } from "../run/environment.ts";

/** Columns of the screen without a terminal. */
const WIDTH = 100;
/** Length of an error without a terminal. */
const ERROR_WIDTH = 160;

/** All that `status` shows. */
export interface StatusSummary {
  study: string;
  data: string;
  at: string;
  /** The newest `daily`. */
  daily: LastDaily | null;
  tables: TableStatus[];
  coverage: WeekOfCoverage[];
  hours: WeekStrip[];
  streams: StreamStanding[];
  creation_times: CreationTimes;
  label_sets: LabelSetStatus[];
  prospects: LabelProspect[];
  drift: LabelDrift[];
  batches: BatchStatus[];
  /** The newest of each task. */
  last_of_tasks: RunRow[];
  failures: Failure[];
  last_warnings: LastWarning[];
  perspective_end: PerspectiveEnd | null;
}

/** Describe the status, block by block. */
export function describeStatus(status: StatusSummary): string {
  const { data, tables, perspective_end } = status;
  const end = perspective_end ? [[describePerspectiveEnd(perspective_end)]] : [];
  if (tables.length === 0) {
    const hint = `${data} holds nothing yet\n  Collect with deno task sync:firehose --for 5m, or ` +
      "try deno task demo";
    return [hint, ...end.map(([text]) => `  ${text}`)].join("\n\n");
  }
  const blocks = [
    [
      ...status.daily ? wrap(describeDaily(status.daily)) : [],
      ...status.streams.flatMap(describeStanding).flatMap(wrap),
    ],
    ...beside(describeStrips(status.hours, hasUnicode()), tableLines(tables)),
    [
      ...status.hours.length > 0 ? [stripLegend(hasUnicode())] : [],
      ...status.coverage.flatMap((week) => wrap(describeWeek(week))),
    ],
    describeCreationTimes(status.creation_times).flatMap(wrap),
    labelSets(status.label_sets),
    prospects(status.prospects),
    status.drift.flatMap(describeDrift),
    status.batches.length > 0 ? grid(batchLines(status.batches), 5) : [],
    lastRuns(status.last_of_tasks),
    failures(status.failures),
    warnings(status.last_warnings),
    ...end,
  ].filter((lines) => lines.length > 0);
  const head = `${status.study}, ${status.at.slice(0, 16).replace("T", " ")} UTC, in ${data}`;
  return [head, ...blocks.map((lines) => lines.map((line) => `  ${line}`).join("\n"))].join("\n\n");
}

function labelSets(sets: LabelSetStatus[]): string[] {
  if (sets.length === 0) return ["nothing is labelled yet"];
  const lines = grid([
    ["labels", "label set", "", "by", "labelled", "failed", "untried"],
    ...sets.map((set) => [
      set.classifier,
      set.label_set_id,
      set.is_shown ? "shown" : "",
      [set.codebook, set.model].filter(Boolean).join(", "),
      number(set.labelled),
      number(set.failed),
      number(set.untried),
    ]),
  ], 4);
  const given = sets.filter(({ is_given, labels }) => is_given && labels > 0);
  return [
    ...lines,
    ...given.map(({ classifier, label_set_id, labels, labels_found }) =>
      `${classifier}, ${label_set_id}: ${number(labels_found)} of ${
        number(labels)
      } labels found their post`
    ),
  ];
}

/** Those with nothing pending and nothing spent have no line. */
function prospects(all: LabelProspect[]): string[] {
  const prospects = all.filter(({ pending, in_batch, spent_this_month }) =>
    pending + in_batch + spent_this_month > 0
  );
  if (prospects.length === 0) return [];
  const lines = grid(
    [
      ["to label", "pending", "in batches", "spent this month", "done (UTC)"],
      ...prospects.map((prospect) => [
        prospect.classifier,
        number(prospect.pending),
        number(prospect.in_batch),
        spent(prospect),
        doneAt(prospect),
      ]),
    ],
    1,
    [4],
  );
  const behind = prospects.filter(({ keeps_up }) => !keeps_up).map(({ classifier }) => classifier);
  return behind.length === 0 ? lines : [
    ...lines,
    ...wrap(`${behind.join(", ")}: each day brings more posts than the quota or the budget allow`),
  ];
}

function doneAt({ pending, done_at, held_by }: LabelProspect): string {
  if (pending === 0 || done_at === null) return "";
  return held_by === "budget"
    ? `${done_at.slice(0, 10)} or later, as the budget is used up`
    : `about ${done_at.slice(0, 16).replace("T", " ")}`;
}

function spent({ spent_this_month, budget_per_month }: LabelProspect): string {
  const dollars = (amount: number) => `$${amount.toFixed(2)}`;
  if (budget_per_month === null) return spent_this_month > 0 ? dollars(spent_this_month) : "";
  return `${dollars(spent_this_month)} of ${dollars(budget_per_month)}`;
}

function lastRuns(runs: RunRow[]): string[] {
  const lines = [
    ["last run of (UTC)", "", "seconds", "ended"],
    ...runs.map((run) => [
      run.task,
      run.started_at.slice(0, 16),
      (run.seconds === null ? "" : run.seconds.toFixed(1)).padStart("seconds".length),
      run.error ? `${run.status}: ${run.error}` : run.status,
    ]),
  ];
  return grid(lines, 4).map(fit);
}

function failures(failures: Failure[]): string[] {
  return failures.map(({ task, started_at, status, error, times }, index) => {
    const head = index === 0 ? "failed this week  " : " ".repeat(18);
    const often = times > 1 ? `, ${times} times, last` : "";
    return fit(
      `${head}${task}${often} ${started_at.slice(0, 16)}: ${error ?? status}`,
    );
  });
}

/** The end of Perspective is shown below, as of today, where it still matters. */
function warnings(warnings: LastWarning[]): string[] {
  return warnings.filter(({ warning }) => !isPerspectiveEnd(warning))
    .map(({ task, started_at, warning }) =>
      `warning of ${task}, ${started_at.slice(0, 19)}: ${warning}`
    );
}

function tableLines(tables: TableStatus[]): string[] {
  return grid([
    ["table", "rows", "days", "MB", "newest"],
    ...tables.map((table) => [
      table.table,
      number(table.rows),
      String(table.days),
      table.megabytes.toFixed(2),
      table.newest ?? "",
    ]),
  ], 1);
}

/** Align cells: the first so many columns to the left, and those that are named, the others to the right. */
function grid(lines: string[][], left: number, alsoLeft: number[] = []): string[] {
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length))
  );
  return lines.map((line) =>
    line.map((cell, column) =>
      column < left || alsoLeft.includes(column)
        ? cell.padEnd(widths[column]!)
        : cell.padStart(widths[column]!)
    ).join("  ").trimEnd()
  );
}

/** Put two blocks side by side where the screen has room, the second below the first elsewhere. */
function beside(left: string[], right: string[]): string[][] {
  const widthOf = (lines: string[]) => Math.max(0, ...lines.map((line) => line.length));
  const width = widthOf(left) + 4;
  if (left.length === 0 || 2 + width + widthOf(right) > WIDTH) return [left, right];
  const lines = Math.max(left.length, right.length);
  return [Array.from(
    { length: lines },
    (_, index) => `${(left[index] ?? "").padEnd(width)}${right[index] ?? ""}`.trimEnd(),
  )];
}

/** Cut a line to the terminal; without one, it is long enough for an error. */
function fit(line: string): string {
  const columns = Deno.stdout.isTerminal() ? Deno.consoleSize().columns - 2 : ERROR_WIDTH + 60;
  return line.length <= columns ? line : `${line.slice(0, Math.max(40, columns) - 1)}…`;
}

/** Break a sentence into lines of the screen's width, the later ones indented. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last === undefined || longer.length > WIDTH - 2) {
      lines.push(last === undefined ? word : `  ${word}`);
    } else lines[lines.length - 1] = longer;
  }
  return lines;
}

function number(value: number): string {
  return value.toLocaleString("en");
}

/** Tell whether stdout is a terminal whose locale is UTF-8 (POSIX, Environment Variables, 8.2). */
function hasUnicode(): boolean {
  const locale = variable("LC_ALL") ?? variable("LC_CTYPE") ?? variable("LANG") ?? "";
  return Deno.stdout.isTerminal() && /utf-?8/i.test(locale);
}
