import { basename } from "node:path";
import { describeDrift } from "./drift/drift_text.ts";
import { type LabelDrift, labelDrift } from "./drift/label_drift.ts";
import { batchLines, type BatchStatus, batchStatus } from "./batch_status.ts";
import { describeWeek, type WeekOfCoverage, weekOfCoverage } from "./coverage.ts";
import { lastRuns, type RunRow } from "./last_runs.ts";
import { type LastWarning, lastWarnings } from "./last_warnings.ts";
import {
  describePerspectiveEnd,
  isPerspectiveEnd,
  type PerspectiveEnd,
  perspectiveEnd,
} from "./perspective_end.ts";
import { type Command, type Context, main, type Outcome } from "./run/command.ts";
import { UserError } from "./run/error.ts";
import { type Database, literal, row } from "./store/duckdb.ts";
import { type LabelSetStatus, labelSetStatus } from "./label_set_status.ts";
import { readableFiles, wholeFiles } from "./store/damage.ts";
import type { DataPaths, PartitionFile } from "./store/paths.ts";
import { check } from "./watch/check.ts";

export const command: Command = {
  task: "status",
  description:
    "Show on one screen what is in the data folder, what is labelled, and how runs ended.",
  options: [{
    flags: "--check",
    description:
      "say only what is overdue, tell people of it once (notify), and exit 1 if anything is",
  }],
  examples: ["deno task status", "deno task status --json", "deno task status --check"],
  ledger: false,
  run: (context, options: { check?: boolean }) => options.check ? check(context) : status(context),
};

interface TableStatus {
  table: string;
  rows: number;
  days: number;
  megabytes: number;
  newest: string | null;
}

/** Part files in those that can be read and the errors of the others. */
type Reading = typeof wholeFiles;

/** To read whole tables takes long; that is done where what their ends say was not true. */
async function status(context: Context): Promise<Outcome> {
  try {
    return await statusOf(context, readableFiles);
  } catch (error) {
    if (error instanceof UserError) throw error;
    return await statusOf(context, wholeFiles);
  }
}

async function statusOf({ paths, database }: Context, reading: Reading): Promise<Outcome> {
  const errors: UserError[] = [];
  const whole = async (files: PartitionFile[]) => {
    const found = await reading(database, files.map(({ path }) => path), "read the status");
    errors.push(...found.errors);
    const kept = new Set(found.whole);
    return files.filter(({ path }) => kept.has(path));
  };
  const tables: TableStatus[] = [];
  for (const table of tableNames(paths)) {
    const files = await whole(paths.files(table));
    if (files.length > 0) tables.push(await tableStatus(database, table, files));
  }
  const posts = (await whole(paths.files("posts"))).map((file) => file.path);
  const labelSets: LabelSetStatus[] = [];
  for (const classifier of paths.names("labels")) {
    const labels = await whole(paths.files(`labels/${classifier}`));
    const sets = (await whole(paths.files("label_sets"))).map((file) => file.path)
      .filter((path) => path === paths.labelSets(classifier));
    labelSets.push(...await labelSetStatus(database, classifier, labels, posts, sets));
  }
  const wholePaths = async (table: string) =>
    (await whole(paths.files(table))).map((file) => file.path);
  const drift: LabelDrift[] = [];
  for (const path of await wholePaths("anchors")) {
    const classifier = basename(path, ".parquet");
    const labels = await wholePaths(`labels/${classifier}`);
    const replicates = await wholePaths(`replicates/${classifier}`);
    drift.push(...await labelDrift(database, classifier, { anchors: [path], labels, replicates }));
  }
  const coverage = await weekOfCoverage(
    database,
    paths,
    await wholePaths("coverage"),
    await wholePaths("windows"),
  );
  const batches = await batchStatus(paths).catch((error) => {
    if (!(error instanceof UserError)) throw error;
    errors.push(error);
    return [];
  });
  const ledger = await whole(paths.files("runs"));
  const runs = await lastRuns(database, ledger);
  const warnings = await lastWarnings(database, ledger.map((file) => file.path));
  const summary = {
    data: paths.root,
    tables,
    coverage,
    label_sets: labelSets,
    drift,
    batches,
    runs,
    last_warnings: warnings,
    perspective_end: perspectiveEnd(),
  };
  return { summary, text: describe(summary), errors: uniqueErrors(errors) };
}

function tableNames(paths: DataPaths): string[] {
  return [
    ...paths.names("raw").map((name) => `raw/${name}`),
    "posts",
    ...paths.names("labels").map((name) => `labels/${name}`),
    ...paths.names("replicates").map((name) => `replicates/${name}`),
    "aggregates",
    "coverage",
    "runs",
  ];
}

async function tableStatus(
  database: Database,
  table: string,
  files: PartitionFile[],
): Promise<TableStatus> {
  const { total } = await row<{ total: number }>(
    database,
    `SELECT sum(num_rows) AS total FROM parquet_file_metadata(${
      literal(files.map((file) => file.path))
    })`,
  );
  const sizes = await Promise.all(files.map(async (file) => (await Deno.stat(file.path)).size));
  const days = new Set(files.map((file) => file.day));
  return {
    table,
    rows: total,
    days: days.size,
    megabytes: Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1e4) / 100,
    newest: [...days].sort().at(-1) ?? null,
  };
}

function uniqueErrors(errors: UserError[]): UserError[] {
  return [...new Map(errors.map((error) => [error.message, error])).values()];
}

/** Give how many characters fit on the terminal's line behind so many; 160 where there is none. */
function roomBehind(columns: number): number {
  return Deno.stdout.isTerminal() ? Math.max(20, Deno.consoleSize().columns - columns) : 160;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function describe(
  { data, tables, coverage, label_sets, drift, batches, runs, last_warnings, perspective_end }: {
    data: string;
    tables: TableStatus[];
    coverage: WeekOfCoverage[];
    label_sets: LabelSetStatus[];
    drift: LabelDrift[];
    batches: BatchStatus[];
    runs: RunRow[];
    last_warnings: LastWarning[];
    perspective_end: PerspectiveEnd | null;
  },
): string {
  const end = perspective_end ? `\n\n  ${describePerspectiveEnd(perspective_end)}` : "";
  if (tables.length === 0) {
    return `${data} holds nothing yet\n  Collect with deno task sync:firehose --minutes 5, or try deno task demo${end}`;
  }
  const grid = (lines: string[][], left: number) => {
    const widths = lines[0]!.map((_, column) =>
      Math.max(...lines.map((line) => line[column]!.length))
    );
    return lines.map((line) =>
      `  ${
        line.map((cell, column) =>
          column < left ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
        ).join("  ")
      }`.trimEnd()
    );
  };
  const number = (value: number) => value.toLocaleString("en");
  const beforeEnded = "  2026-06-01T18:00:00".length + "  seconds  ".length +
    Math.max(...runs.map(({ task }) => task.length + 2));
  const room = roomBehind(beforeEnded);
  // It is said below, as of today, where it still matters.
  const warnings = last_warnings.filter(({ warning }) => !isPerspectiveEnd(warning));
  const sets = label_sets.map((set) => [
    set.classifier,
    set.label_set_id,
    set.is_shown ? "shown" : "",
    [set.codebook, set.model].filter(Boolean).join(", "),
    number(set.labeled),
    number(set.failed),
    number(set.untried),
  ]);
  return [
    data,
    "",
    ...grid([
      ["table", "rows", "days", "MB", "newest"],
      ...tables.map((table) => [
        table.table,
        number(table.rows),
        String(table.days),
        table.megabytes.toFixed(2),
        table.newest ?? "",
      ]),
    ], 1),
    "",
    ...coverage.map((week) => `  ${describeWeek(week)}`),
    ...(coverage.length > 0 ? [""] : []),
    ...(sets.length === 0 ? ["  nothing is labelled yet"] : grid([
      ["labels", "label set", "", "by", "labelled", "failed", "untried"],
      ...sets,
    ], 4)),
    "",
    ...drift.flatMap(describeDrift).map((line) => `  ${line}`),
    ...(drift.length > 0 ? [""] : []),
    ...(batches.length > 0 ? [...grid(batchLines(batches), 5), ""] : []),
    ...grid([
      ["last runs (UTC)", "task", "seconds", "ended"],
      ...runs.map((run) => [
        run.started_at.slice(0, 19),
        run.task,
        (run.seconds === null ? "" : run.seconds.toFixed(1)).padStart("seconds".length),
        run.error ? cut(`${run.status}: ${run.error}`, room) : run.status,
      ]),
    ], 4),
    ...warnings.map(({ task, started_at, warning }, index) =>
      `${index === 0 ? "\n" : ""}  warning of ${task}, ${started_at.slice(0, 19)}: ${warning}`
    ),
  ].join("\n") + end;
}

if (import.meta.main) await main(command);
