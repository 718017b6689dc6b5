import { basename } from "node:path";
import { type BatchStatus, batchStatus } from "./status/batch_status.ts";
import { weekOfCoverage } from "./coverage/coverage.ts";
import { type LabelDrift, labelDrift } from "./drift/label_drift.ts";
import { labelProspects } from "./status/label_prospect.ts";
import { type LabelSetStatus, labelSetStatus } from "./status/label_set_status.ts";
import { failuresOf, lastRuns, ledgerFiles, type RunRow } from "./command/last_runs.ts";
import { lastDaily } from "./status/last_daily.ts";
import { lastWarnings } from "./command/last_warnings.ts";
import { perspectiveEnd } from "./study/perspective_end.ts";
import { type DailyClassifiers, unknownClassifier } from "./daily/classifier_steps.ts";
import { now } from "./run/clock.ts";
import { type Command, type Context, type Outcome } from "./command/command.ts";
import { UserError } from "./run/error.ts";
import { creationTimes } from "./methods/creation_times.ts";
import { describeStatus } from "./status/status_text.ts";
import { readableFiles, wholeFiles } from "./store/damage.ts";
import type { PartitionFile } from "./store/paths.ts";
import { streamStandings } from "./coverage/stream_standing.ts";
import { tableNames, type TableStatus, tableStatus } from "./status/table_status.ts";
import { check } from "./watch/check.ts";
import { tellOfUnreadableStudy } from "./watch/unreadable_study.ts";
import { warnOfStrays } from "./store/stray_file.ts";
import { weekStrips } from "./coverage/week_strip.ts";

/** Declare the task `status`; `classifiers` are all existing ones. */
export function statusCommand(classifiers: DailyClassifiers): Command {
  return {
    task: "status",
    description:
      "Show on one screen the collection of the last seven days, owed hours and pending posts, costs,\n" +
      "drift of labellers, the tables of the data folder, and how runs ended.",
    options: [{
      flags: "--check",
      description:
        "show only what is overdue, notify people of it once (notify), and exit with 1 if anything is",
    }],
    examples: ["deno task status", "deno task status --json", "deno task status --check"],
    ledger: false,
    unreadable: async (context, error, options: { check?: boolean }) => {
      if (options.check) await tellOfUnreadableStudy(context, error);
    },
    run: (context, options: { check?: boolean }) =>
      options.check
        ? check(context, unknownClassifier(context.study.daily, classifiers))
        : status(context),
  };
}

/** Part files in those that can be read and the errors of the others. */
type Reading = typeof wholeFiles;

/** Reading whole tables takes long; it is done only where the file ends were wrong. */
async function status(context: Context): Promise<Outcome> {
  warnOfStrays(context);
  try {
    return await statusOf(context, readableFiles);
  } catch (error) {
    if (error instanceof UserError) throw error;
    return await statusOf(context, wholeFiles);
  }
}

async function statusOf(
  { paths, study, database, warn }: Context,
  reading: Reading,
): Promise<Outcome> {
  const errors: UserError[] = [];
  const present = now();
  const whole = async (files: PartitionFile[]) => {
    const found = await reading(database, files.map(({ path }) => path), "read the status");
    errors.push(...found.errors);
    const kept = new Set(found.whole);
    return files.filter(({ path }) => kept.has(path));
  };
  const wholePaths = async (table: string) =>
    (await whole(paths.files(table))).map((file) => file.path);
  const unless = async <T>(fallback: T, find: () => T | Promise<T>): Promise<T> => {
    try {
      return await find();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      errors.push(error);
      return fallback;
    }
  };
  const tables: TableStatus[] = [];
  for (const table of tableNames(paths)) {
    // The ledger has one file per run; its files are checked below.
    const files = table === "runs" ? paths.files(table) : await whole(paths.files(table));
    if (files.length > 0) tables.push(await tableStatus(database, table, files));
  }
  const posts = await wholePaths("posts");
  const labelSets: LabelSetStatus[] = [];
  for (const classifier of paths.names("labels")) {
    const labels = await whole(paths.files(`labels/${classifier}`));
    const sets = (await wholePaths("label_sets"))
      .filter((path) => path === paths.labelSets(classifier));
    labelSets.push(...await labelSetStatus(database, classifier, labels, posts, sets));
  }
  const drift: LabelDrift[] = [];
  for (const path of await wholePaths("anchors")) {
    const classifier = basename(path, ".parquet");
    const labels = await wholePaths(`labels/${classifier}`);
    const replicates = await wholePaths(`replicates/${classifier}`);
    drift.push(...await labelDrift(database, classifier, { anchors: [path], labels, replicates }));
  }
  const windows = await wholePaths("windows");
  const coverage = await weekOfCoverage(database, paths, await wholePaths("coverage"), windows);
  const batches = await unless<BatchStatus[]>([], () => batchStatus(paths));
  const inBatch = (id: string) =>
    batches.filter(({ label_set_id }) => label_set_id === id)
      .reduce((sum, { posts }) => sum + posts, 0);
  // Damage is reported above; only whole tables show what is owed and pending.
  const isWhole = errors.length === 0;
  const prospects = isWhole
    ? await unless([], () => labelProspects(database, paths, study, inBatch))
    : [];
  const ledger = ledgerFiles(paths.files("runs").map(({ path }) => path));
  const damagedRuns = new Set<string>();
  const read = async (files: string[]) => {
    const { whole, errors } = await reading(database, files, "read the ledger of runs");
    for (const { found } of errors) damagedRuns.add(found);
    return whole;
  };
  const ofTasks = await lastRuns(database, await read(ledger.ofTasks));
  const summary = {
    study: study.name,
    data: paths.root,
    at: present.toISOString(),
    daily: lastDaily(ofTasks),
    tables,
    coverage,
    hours: await weekStrips(database, paths, study, coverage, windows, present),
    streams: isWhole ? await streamStandings(database, paths, study, present) : [],
    creation_times: await creationTimes(database, posts),
    label_sets: labelSets,
    prospects,
    drift,
    batches,
    runs: (await lastRuns(database, await read(ledger.newest))).map(shown),
    last_of_tasks: ofTasks.map(shown),
    failures: failuresOf(await lastRuns(database, await read(ledger.week))),
    last_warnings: await lastWarnings(database, await read(ledger.warned)),
    perspective_end: perspectiveEnd(),
  };
  // What was collected does not suffer from it, and nobody has the row of a run a second time.
  for (const found of damagedRuns) warn(`a run is missing: ${found}`);
  return { summary, text: describeStatus(summary), errors: uniqueErrors(errors) };
}

/** The summaries of runs are long, and are in the ledger. */
function shown({ summary: _, ...run }: RunRow): RunRow {
  return run as RunRow;
}

function uniqueErrors(errors: UserError[]): UserError[] {
  return [...new Map(errors.map((error) => [error.message, error])).values()];
}
