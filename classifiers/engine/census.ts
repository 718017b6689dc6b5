import { labelTable, mergeLabels } from "../../etl/labels/label_file.ts";
import type { LabelReason } from "../../etl/labels/label_reason.ts";
import { enterLabelSet, type LabelSet, labelSetId } from "../../etl/labels/label_set.ts";
import { now } from "../../etl/run/clock.ts";
import type { Command, Context, Outcome } from "../../etl/command/command.ts";
import type { UserError } from "../../etl/run/error.ts";
import { DAYS, positiveInteger } from "../../etl/run/option.ts";
import { findPending, pendingPages } from "../../etl/sampling/pending.ts";
import { EVERY_POST, type Sample } from "../../etl/sampling/sample.ts";
import { unlessDamaged } from "../../etl/store/damage.ts";
import { literal } from "../../etl/store/duckdb.ts";
import { toJson } from "../../etl/store/json.ts";
import { lock } from "../../etl/store/lock.ts";

/** What a run is told of a post by a free classifier: label columns by name, or the reason for none. */
export type Judgement = { reason: LabelReason } | { columns: Record<string, unknown> };

/** A classifier that costs nothing and labels every post; the engine runs it, by `censusCommand`. */
export interface FreeClassifier {
  /** The definition of its label set. */
  labelSet: LabelSet;
  /** DuckDB types of its label columns, after those that all labels have. */
  columns: Readonly<Record<string, string>>;
  /** Boolean columns whose true values the summary counts, by their name there. */
  counted?: Readonly<Record<string, string>>;
  judge(text: string, language: string | null): Judgement;
}

/** What the engine makes the task of a free classifier from. */
export interface CensusTask {
  task: string;
  description: string;
  examples: string[];
  /** Give the classifier with the study's settings. */
  open(context: Context): FreeClassifier | Promise<FreeClassifier>;
}

interface Options {
  since?: string;
  until?: string;
  limit?: number;
  dryRun?: boolean;
}

interface Counts {
  labelled: number;
  counted: Record<string, number>;
  failed: Record<string, number>;
  pending: number;
}

/** Every post, in an order that leaves a random sample at any stop. */
const CENSUS: Sample = { seed: "census", rates: EVERY_POST };
/** Large pages, as there are no waits between them. */
const PAGES = { size: 2 ** 14, readAtOnce: 2 ** 18 };

/**
 * Declare the labelling run of a free classifier as a task, which judges each post that it has not
 * judged yet.
 */
export function censusCommand({ task, description, examples, open }: CensusTask): Command {
  return {
    task,
    description,
    options: [
      ...DAYS,
      { flags: "--limit <n>", description: "stop after n posts", parse: positiveInteger },
      { flags: "--dry-run", description: "show what would be labelled, and label nothing" },
    ],
    examples,
    run: async (context, options: Options) =>
      await classify(task, context, await open(context), options),
  };
}

async function classify(
  task: string,
  context: Context,
  classifier: FreeClassifier,
  options: Options,
): Promise<Outcome> {
  const { paths, database, study, progress, signal, runId } = context;
  const { labelSet, columns } = classifier;
  const name = labelSet.classifier;
  const id = labelSetId(labelSet);
  await using _lock = await lock(paths.locks(), `classify-${id}`, `run ${task}`);
  const counts = noCounts(classifier);
  const errors: UserError[] = [];
  for (const { path, day: date } of paths.files("posts")) {
    if (date! < (options.since ?? "") || date! > (options.until ?? "9999")) continue;
    if (signal.aborted) break;
    const labels = paths.files(`labels/${name}`).filter((file) => file.day === date);
    const files = [path, ...labels.map((file) => file.path)];
    const damaged = await unlessDamaged(database, files, `run ${task}`, async () => {
      const wanted = { classifier: name, labelSetId: id, day: date! };
      const { pending } = await findPending(database, paths, wanted, CENSUS);
      const left = (options.limit ?? Infinity) - counts.labelled - total(counts.failed);
      const taken = options.dryRun ? 0 : Math.min(pending, left);
      if (taken > 0) {
        const judged = await judgePending(context, classifier, date!, taken);
        const query = judgedLabels(labelSet, columns, runId);
        await mergeLabels(database, paths, name, labelTable(columns), date!, query);
        // Counted once they are stored.
        add(counts, judged);
      }
      counts.pending += pending - taken;
    });
    if (damaged) errors.push(damaged);
    progress.update(() => `${counts.labelled} posts labelled, at ${date}`);
  }
  // Also when nothing was pending: a study that goes back to an earlier codebook shows its labels.
  if (!options.dryRun && paths.files("posts").length > 0) {
    await enterLabelSet(database, paths, study, labelSet);
  }
  const stopped = !options.dryRun && (counts.pending > 0 || signal.aborted);
  const text = describe(labelSet, id, counts, !!options.dryRun);
  const { counted: said, ...rest } = counts;
  const summary = {
    label_set_id: id,
    codebook: labelSet.codebook,
    dry_run: !!options.dryRun,
    ...rest,
    ...said,
  };
  return { summary, text, stopped, errors };
}

/** Make the temporary table `judged` from the first posts that are pending, and count them. */
async function judgePending(
  { database, paths }: Context,
  { judge, counted = {} }: FreeClassifier,
  day: string,
  limit: number,
): Promise<Counts> {
  const counts = noCounts({ counted });
  await database.run(`CREATE OR REPLACE TEMP TABLE judged (uri VARCHAR, cid VARCHAR,
    text_hash VARCHAR, reason VARCHAR, columns VARCHAR)`);
  const appender = await database.createAppender("judged");
  let left = limit;
  for await (const page of pendingPages(database, paths, day, PAGES)) {
    for (const { uri, cid, text_hash, text, detected_language } of page.slice(0, left)) {
      const judgement = judge(text, detected_language);
      const [reason, columns] = "reason" in judgement
        ? [judgement.reason, null]
        : [null, judgement.columns];
      for (const value of [uri, cid, text_hash, reason, columns && toJson(columns)]) {
        if (value == null) appender.appendNull();
        else appender.appendVarchar(value);
      }
      appender.endRow();
      if (reason !== null) {
        counts.failed[reason] = (counts.failed[reason] ?? 0) + 1;
        continue;
      }
      counts.labelled++;
      for (const [key, column] of Object.entries(counted)) {
        if (columns![column] === true) counts.counted[key]!++;
      }
    }
    left -= page.length;
    if (left <= 0) break;
  }
  appender.closeSync();
  return counts;
}

function noCounts({ counted = {} }: Pick<FreeClassifier, "counted">): Counts {
  const none = Object.fromEntries(Object.keys(counted).map((key) => [key, 0]));
  return { labelled: 0, counted: none, failed: {}, pending: 0 };
}

function add(counts: Counts, { labelled, counted, failed }: Counts): void {
  counts.labelled += labelled;
  for (const [key, n] of Object.entries(counted)) counts.counted[key]! += n;
  for (const [reason, n] of Object.entries(failed)) {
    counts.failed[reason] = (counts.failed[reason] ?? 0) + n;
  }
}

/** Give the query of the label rows that `judged` makes. */
function judgedLabels(
  labelSet: LabelSet,
  columns: FreeClassifier["columns"],
  runId: string,
): string {
  const provenance = {
    label_set_id: labelSetId(labelSet),
    label_timestamp: now(),
    // Every post is labelled: a census, not a sample.
    label_prob: 1,
    model: labelSet.model,
    codebook_hash: labelSet.codebook_hash,
    parameters: JSON.stringify(labelSet.parameters),
    run_id: runId,
  };
  const label = Object.keys(columns).map((name) => `label."${name}"`);
  const rest = Object.entries(provenance).map(([name, value]) => `${literal(value)} AS ${name}`);
  const types = literal(JSON.stringify(columns));
  return `SELECT uri, cid, text_hash, reason, reason IS NULL AS was_successfully_labeled,
      ${[...label, ...rest].join(", ")}
    FROM (SELECT *, from_json(columns, ${types}) AS label FROM judged)`;
}

function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function describe(
  { classifier, codebook }: LabelSet,
  id: string,
  { labelled, counted, failed, pending }: Counts,
  isDryRun: boolean,
): string {
  const by = codebook === null ? classifier : `the codebook ${codebook}`;
  const share = (n: number) =>
    labelled > 0 ? ` (${(100 * n / labelled).toFixed(1)}% of those labelled)` : "";
  const reasons = Object.entries(failed).map(([reason, n]) => `${reason} ${n}`).join(", ");
  return [
    isDryRun ? `Would label ${pending} posts with ${by}` : `Labelled ${labelled} posts with ${by}`,
    `  label set ${id}`,
    ...(isDryRun ? [] : [
      ...Object.entries(counted).map(([key, n]) => `  ${key}: ${n}${share(n)}`),
      `  not labelled: ${reasons || "none"}`,
      `  pending: ${pending}`,
    ]),
  ].join("\n");
}
