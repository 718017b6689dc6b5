import { z } from "zod";
import { collectPending, labelTable, mergeLabels } from "../etl/label_file.ts";
import type { LabelReason } from "../etl/label_reason.ts";
import { enterLabelSet, type LabelSet, labelSetId } from "../etl/label_set.ts";
import { now } from "../etl/run/clock.ts";
import { type Command, type Context, main, type Outcome } from "../etl/run/command.ts";
import type { UserError } from "../etl/run/error.ts";
import { day, positiveInteger } from "../etl/run/option.ts";
import { checkSection } from "../etl/run/study.ts";
import { type Database, literal, row } from "../etl/store/duckdb.ts";
import { lock } from "../etl/store/lock.ts";
import { firstDamage } from "../etl/store/damage.ts";
import { hashDictionary, readDictionary } from "./codebooks/codebook.ts";
import { CodebookName, codebookPath } from "./codebooks/codebook_path.ts";
import { compile } from "./codebooks/dictionary_match.ts";

/** Raised when the same codebook begins to give other labels. */
const VERSION = "1";
const CLASSIFIER = "dictionary";

/** Label columns of `labels/dictionary`, after those that all labels have. */
export const COLUMNS = {
  is_political: "BOOLEAN",
  categories: "VARCHAR[]",
  category_scores: "MAP(VARCHAR, DOUBLE)",
  score: "DOUBLE",
  word_count: "INTEGER",
} as const;

export const Settings = z.strictObject({
  codebook: CodebookName,
});

interface Options {
  since?: string;
  until?: string;
  limit?: number;
  dryRun?: boolean;
}

export const command: Command = {
  task: "classify:dictionary",
  description:
    "Label posts by a dictionary: which words of a codebook they use, and whether that makes them political.\n\n" +
    "Needs no key and labels every post; posts that it cannot judge get a reason instead of a label.\n" +
    "docs/dictionary.md says how it scores and what it cannot see.",
  options: [
    { flags: "--since <day>", description: "first day of posts", parse: day },
    { flags: "--until <day>", description: "last day of posts", parse: day },
    { flags: "--limit <n>", description: "stop after n posts", parse: positiveInteger },
    { flags: "--dry-run", description: "say what would be labelled" },
  ],
  examples: ["deno task classify:dictionary", "deno task classify:dictionary --since 2026-06-01"],
  run: classify,
};

async function classify(context: Context, options: Options): Promise<Outcome> {
  const { paths, database, study, progress, signal } = context;
  const where = `${context.studyPath} (classifiers.${CLASSIFIER})`;
  const settings = checkSection(Settings, study.classifiers[CLASSIFIER], where);
  const { head, dictionary } = await readDictionary(
    codebookPath(settings.codebook, context.studyPath),
  );
  const set: LabelSet = {
    classifier: CLASSIFIER,
    classifier_version: VERSION,
    model: null,
    codebook: head.name,
    codebook_hash: hashDictionary(head.languages, dictionary),
    prompt_hash: null,
    parameters: {},
  };
  const id = labelSetId(set);
  await using _lock = await lock(paths.locks(), `classify-${id}`, "run classify:dictionary");
  const score = compile(dictionary);
  const judge = (text: string, language: string | null): Judgement => {
    if (text.trim() === "") return { reason: "empty" };
    if (!head.languages.includes(language ?? "")) return { reason: "language_not_supported" };
    return score(text);
  };
  const counts = { labeled: 0, political: 0, pending: 0, failed: {} as Record<string, number> };
  const errors: UserError[] = [];
  for (const { path, day: date } of paths.files("posts")) {
    if (date! < (options.since ?? "") || date! > (options.until ?? "9999")) continue;
    if (signal.aborted) break;
    const files = [
      path,
      ...paths.files(`labels/${CLASSIFIER}`).filter((f) => f.day === date).map((f) => f.path),
    ];
    const damaged = await firstDamage(database, files, `run ${command.task}`);
    if (damaged) {
      errors.push(damaged);
      continue;
    }
    await collectPending(database, paths, CLASSIFIER, id, date!);
    const { pending } = await row<{ pending: number }>(
      database,
      "SELECT count(*) AS pending FROM pending",
    );
    const left = (options.limit ?? Infinity) - counts.labeled - total(counts.failed);
    const taken = options.dryRun ? 0 : Math.min(pending, left);
    counts.pending += pending - taken;
    if (taken === 0) continue;
    await judgePending(database, judge, taken, counts);
    const provenance = {
      label_set_id: id,
      label_timestamp: now(),
      // Every post is labelled: a census, not a sample.
      label_prob: 1,
      codebook_hash: set.codebook_hash,
      parameters: JSON.stringify(set.parameters),
      run_id: context.runId,
    };
    const columns = Object.entries(provenance).map(([name, value]) =>
      `${literal(value)} AS ${name}`
    );
    await mergeLabels(
      database,
      paths,
      CLASSIFIER,
      labelTable(COLUMNS),
      date!,
      `SELECT * EXCLUDE (categories, category_scores),
         categories::JSON::VARCHAR[] AS categories,
         category_scores::JSON::MAP(VARCHAR, DOUBLE) AS category_scores,
         reason IS NULL AS was_successfully_labeled, ${columns.join(", ")} FROM judged`,
    );
    progress.update(() => `${counts.labeled} posts labelled, at ${date}`);
  }
  // Also when nothing was pending: whoever goes back to an earlier codebook wants to see its labels.
  if (!options.dryRun && paths.files("posts").length > 0) {
    await enterLabelSet(database, paths, study, set);
  }
  const summary = { label_set_id: id, codebook: head.name, dry_run: !!options.dryRun, ...counts };
  const stopped = !options.dryRun && (counts.pending > 0 || signal.aborted);
  return { summary, text: describe(summary), stopped, errors };
}

type Judgement = { reason: LabelReason } | ReturnType<ReturnType<typeof compile>>;

/** Make the temporary table `judged` from the first rows of `pending`. */
async function judgePending(
  database: Database,
  judge: (text: string, language: string | null) => Judgement,
  limit: number,
  counts: { labeled: number; political: number; failed: Record<string, number> },
): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP TABLE judged (uri VARCHAR, cid VARCHAR,
    text_hash VARCHAR, reason VARCHAR, is_political BOOLEAN, categories VARCHAR,
    category_scores VARCHAR, score DOUBLE, word_count INTEGER)`);
  const result = await database.stream(
    `SELECT uri, cid, text_hash, text, detected_language FROM pending LIMIT ${limit}`,
  );
  const appender = await database.createAppender("judged");
  const append = (value: string | null) =>
    value === null ? appender.appendNull() : appender.appendVarchar(value);
  for await (const rows of result.yieldRows()) {
    for (const [uri, cid, textHash, text, language] of rows as (string | null)[][]) {
      const judgement = judge(text ?? "", language ?? null);
      for (const value of [uri, cid, textHash]) append(value ?? null);
      if ("reason" in judgement) {
        append(judgement.reason);
        for (let column = 0; column < 5; column++) appender.appendNull();
        counts.failed[judgement.reason] = (counts.failed[judgement.reason] ?? 0) + 1;
      } else {
        append(null);
        appender.appendBoolean(judgement.isPolitical);
        append(JSON.stringify(judgement.categories));
        append(JSON.stringify(judgement.scores));
        appender.appendDouble(judgement.score);
        appender.appendInteger(judgement.wordCount);
        counts.labeled++;
        if (judgement.isPolitical) counts.political++;
      }
      appender.endRow();
    }
  }
  appender.closeSync();
}

function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function describe(summary: {
  label_set_id: string;
  codebook: string;
  dry_run: boolean;
  labeled: number;
  political: number;
  pending: number;
  failed: Record<string, number>;
}): string {
  const { labeled, political, pending } = summary;
  const failed = Object.entries(summary.failed).map(([reason, n]) => `${reason} ${n}`).join(", ");
  const share = labeled > 0
    ? ` (${(100 * political / labeled).toFixed(1)}% of those labelled)`
    : "";
  return [
    summary.dry_run
      ? `Would label ${pending} posts with the codebook ${summary.codebook}`
      : `Labelled ${labeled} posts with the codebook ${summary.codebook}`,
    `  label set ${summary.label_set_id}`,
    ...(summary.dry_run ? [] : [
      `  political: ${political}${share}`,
      `  not labelled: ${failed || "none"}`,
      `  pending: ${pending}`,
    ]),
  ].join("\n");
}

if (import.meta.main) await main(command);
