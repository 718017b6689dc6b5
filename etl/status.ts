import { describeWeek, type WeekOfCoverage, weekOfCoverage } from "./coverage.ts";
import { type LastWarning, lastWarnings } from "./last_warnings.ts";
import { type Command, type Context, main, type Outcome } from "./run/command.ts";
import type { UserError } from "./run/error.ts";
import { bootId, startTicks } from "./run/process.ts";
import { type Database, literal, row, rows } from "./store/duckdb.ts";
import { LABEL_OF_POST } from "./label_file.ts";
import { damage, damagedFile, relation } from "./store/parquet.ts";
import type { DataPaths, PartitionFile } from "./store/paths.ts";
import { LABEL_SETS, LABELS, POSTS, RUNS } from "./store/tables.ts";

/** How many runs are shown. */
const LAST_RUNS = 8;

export const command: Command = {
  task: "status",
  description:
    "Show on one screen what is in the data folder, what is labelled, and how runs ended.",
  options: [],
  examples: ["deno task status", "deno task status --json"],
  ledger: false,
  run: status,
};

interface TableStatus {
  table: string;
  rows: number;
  days: number;
  megabytes: number;
  newest: string | null;
}

interface LabelSetStatus {
  classifier: string;
  label_set_id: string;
  codebook: string | null;
  is_shown: boolean;
  labeled: number;
  failed: number;
  pending: number;
}

interface RunRow {
  run_id: string;
  task: string;
  status: string;
  started_at: string;
  seconds: number | null;
  error: string | null;
  [key: string]: unknown;
}

async function status(context: Context): Promise<Outcome> {
  const { paths, database } = context;
  const errors: UserError[] = [];
  const whole = async (files: PartitionFile[]) => {
    const kept: PartitionFile[] = [];
    for (const file of files) {
      const what = await damage(database, file.path);
      if (what === undefined) kept.push(file);
      else errors.push(damagedFile("read the status", file.path, what));
    }
    return kept;
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
  const coverage = await weekOfCoverage(
    database,
    paths,
    await wholePaths("coverage"),
    await wholePaths("windows"),
  );
  const ledger = await whole(paths.files("runs"));
  const runs = await lastRuns(database, ledger);
  const warnings = await lastWarnings(database, ledger.map((file) => file.path));
  const summary = {
    data: paths.root,
    tables,
    coverage,
    label_sets: labelSets,
    runs,
    last_warnings: warnings,
  };
  return { summary, text: describe(summary), errors: uniqueErrors(errors) };
}

function tableNames(paths: DataPaths): string[] {
  return [
    ...paths.names("raw").map((name) => `raw/${name}`),
    "posts",
    ...paths.names("labels").map((name) => `labels/${name}`),
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

async function labelSetStatus(
  database: Database,
  classifier: string,
  labels: PartitionFile[],
  posts: string[],
  sets: string[],
): Promise<LabelSetStatus[]> {
  return await rows<LabelSetStatus & Record<string, unknown>>(
    database,
    `WITH p AS (SELECT uri, cid, text_hash FROM ${relation(POSTS, posts)}),
     l AS (SELECT * FROM ${relation(LABELS, labels.map((file) => file.path))}),
     joined AS (
       SELECT l.label_set_id, p.uri, bool_or(l.was_successfully_labeled) AS labeled
       FROM p JOIN l ON ${LABEL_OF_POST} GROUP BY ALL
     ),
     counted AS (
       SELECT label_set_id, count(*) FILTER (labeled) AS labeled,
         count(*) FILTER (NOT labeled) AS failed
       FROM joined GROUP BY ALL
     )
     SELECT ${literal(classifier)} AS classifier, s.label_set_id, s.codebook, s.is_shown,
       coalesce(c.labeled, 0) AS labeled, coalesce(c.failed, 0) AS failed,
       (SELECT count(*) FROM p) - coalesce(c.labeled + c.failed, 0) AS pending
     FROM ${relation(LABEL_SETS, sets)} s LEFT JOIN counted c USING (label_set_id)
     ORDER BY s.is_shown DESC, s.last_used DESC`,
  );
}

/** Give the newest runs; one that says it is running but whose process is gone has died. */
async function lastRuns(database: Database, files: PartitionFile[]): Promise<RunRow[]> {
  // The names begin with the time of the start, so that the newest need not be searched for.
  const newest = files.map((file) => file.path).sort((a, b) => name(a) < name(b) ? -1 : 1)
    .slice(-LAST_RUNS);
  const found = await rows<RunRow>(
    database,
    `SELECT run_id, task, status, exit_status, started_at, ended_at, seconds, peak_rss_mb, host, pid,
       boot_id, start_ticks, warnings, error
     FROM ${relation(RUNS, newest)} ORDER BY started_at DESC, run_id DESC`,
  );
  return found.map(({ host, pid, boot_id, start_ticks, ...run }) => {
    const here = host === Deno.hostname() && bootId() !== undefined;
    const alive = boot_id === bootId() && startTicks(Number(pid)) === start_ticks;
    return run.status === "running" && here && !alive ? { ...run, status: "died" } : run;
  });
}

function name(path: string): string {
  return path.split(/[\\/]/).at(-1)!;
}

function uniqueErrors(errors: UserError[]): UserError[] {
  return [...new Map(errors.map((error) => [error.message, error])).values()];
}

function describe(
  { data, tables, coverage, label_sets, runs, last_warnings }: {
    data: string;
    tables: TableStatus[];
    coverage: WeekOfCoverage[];
    label_sets: LabelSetStatus[];
    runs: RunRow[];
    last_warnings: LastWarning[];
  },
): string {
  if (tables.length === 0) {
    return `${data} holds nothing yet\n  Collect with deno task sync:firehose --minutes 5, or try deno task demo`;
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
  const sets = label_sets.map((set) => [
    set.classifier,
    set.label_set_id,
    set.is_shown ? "shown" : "",
    number(set.labeled),
    number(set.failed),
    number(set.pending),
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
      ["labels", "label set", "", "labelled", "failed", "pending"],
      ...sets,
    ], 3)),
    "",
    ...grid([
      ["last runs (UTC)", "task", "ended", "seconds"],
      ...runs.map((run) => [
        run.started_at.slice(0, 19),
        run.task,
        run.error ? `${run.status}: ${run.error.slice(0, 60)}` : run.status,
        run.seconds === null ? "" : run.seconds.toFixed(1),
      ]),
    ], 3),
    ...last_warnings.map(({ task, started_at, warning }, index) =>
      `${index === 0 ? "\n" : ""}  warning of ${task}, ${started_at.slice(0, 19)}: ${warning}`
    ),
  ].join("\n");
}

if (import.meta.main) await main(command);
