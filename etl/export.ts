import { basename, join } from "node:path";
import { analysisColumns } from "./export/analysis_column.ts";
import { codebookOf } from "./export/analysis_codebook.ts";
import { dayQuery } from "./export/analysis_query.ts";
import { analysisTable, writeAnalysis } from "./export/analysis_file.ts";
import { replaceFile, sha256OfFile } from "./store/whole_file.ts";
import { CLASSIFIER as HUMAN, collectCodedPosts } from "./labels/coded_posts.ts";
import { chosenLabelSets, describeLabelSets } from "./export/exported_label_sets.ts";
import {
  type CreationTimes,
  creationTimes,
  describeCreationTimes,
} from "./methods/creation_times.ts";
import { listInputs, withoutDamage } from "./raw/inputs.ts";
import { type LastRecheck, lastRecheck } from "./deletion/last_recheck.ts";
import { readRemovals } from "./raw/removal.ts";
import { now } from "./run/clock.ts";
import type { Command, Context, Outcome } from "./command/command.ts";
import { EXIT, UserError } from "./run/error.ts";
import { DAYS } from "./run/option.ts";
import type { Study } from "./study/study.ts";
import { SOURCE_NAMES } from "./store/source.ts";
import { unlessDamaged } from "./store/damage.ts";
import { warnOfStrays } from "./store/stray_file.ts";
import { row, spillFolder } from "./store/duckdb.ts";
import { lock } from "./store/lock.ts";
import { relation, writeParquet } from "./store/parquet.ts";
import type { DataPaths } from "./store/paths.ts";
import { WINDOWS } from "./store/tables.ts";
import { hashKey } from "./raw/tombstone.ts";

/** The task `export`. */
export const command: Command = {
  task: "export",
  description:
    "Write one file for analyses elsewhere: one row per post with labels, weights and keys, no text.\n\n" +
    "The file goes to data/exports as Parquet and as CSV, with a codebook. Keyed hashes replace posts\n" +
    "and authors. Deleted posts are left out: run deno task forget --recheck first.",
  options: [
    ...DAYS,
    {
      flags: "--source <name>",
      description: `posts of one source, ${
        SOURCE_NAMES.join(", ")
      }; weights are for its drawn hours`,
      parse: source,
    },
    {
      flags: "--labels <names>",
      description: "classifiers, separated by commas (default: all with labels)",
      parse: (text) => text.split(","),
    },
    { flags: "--with-uris", description: "add uri and did, which identify people" },
  ],
  examples: [
    "deno task export",
    "deno task export --since 2026-06-01 --until 2026-06-30 --source firehose --labels dictionary",
  ],
  run: exportAnalysis,
};

interface Options {
  since?: string;
  until?: string;
  source?: string;
  labels?: string[];
  withUris?: boolean;
}

function source(text: string): string {
  if (!SOURCE_NAMES.some((name) => name === text)) {
    throw new RangeError(`is none of ${SOURCE_NAMES.join(", ")}`);
  }
  return text;
}

async function exportAnalysis(context: Context, options: Options): Promise<Outcome> {
  const { paths, database, progress, signal, study, warn } = context;
  warnOfStrays(context);
  await using _lock = await lock(paths.locks(), "exports", "run export");
  const days = chosenDays(paths, options);
  const sets = await chosenLabelSets(database, paths, options.labels);
  if (sets.some(({ classifier }) => classifier === HUMAN)) await collectCodedPosts(database, paths);
  const key = await hashKey(paths);
  const columns = analysisColumns(sets, key, options.withUris ?? false);
  const inputs = listInputs(paths);
  const removals = await withoutDamage(
    database,
    paths,
    inputs,
    "export posts",
    () => {
      const raw = Object.values(inputs.raw).flat();
      return readRemovals(database, inputs, raw, key);
    },
  );
  const recheck = lastRecheck(paths);
  if (recheck.warning !== undefined) warn(recheck.warning);
  await warnOfDrawnHours(context, days, options.source);

  const errors: UserError[] = [];
  const folder = spillFolder(paths.root);
  const parts: string[] = [];
  const damagedDays: string[] = [];
  let removed = 0;
  try {
    for (const day of days) {
      if (signal.aborted) return nothingWritten();
      const files = [paths.posts(day), ...sets.flatMap((set) => set.filesOf(day))];
      const part = join(folder, `${day}.parquet`);
      const left = await unlessDamaged(database, files, `export ${day}`, async () => {
        const query = await dayQuery(database, { paths, day, columns, sets, removals, ...options });
        await writeParquet(database, analysisTable(columns), query.sql, part);
        return query.removed;
      });
      if (left instanceof UserError) {
        errors.push(left);
        damagedDays.push(day);
        continue;
      }
      removed += left;
      parts.push(part);
      progress.update(() => `${parts.length} of ${days.length} days exported`);
    }
    if (parts.length === 0) return { summary: { posts: 0 }, text: "Wrote nothing", errors };
    const files = filesOf(paths, options);
    const posts = await writeAnalysis(database, columns, parts, files);
    const times = await creationTimes(
      database,
      days.filter((day) => !damagedDays.includes(day)).map((day) => paths.posts(day)),
      options.source,
    );
    const facts = { posts, times, days, options, sets, recheck, removed, damagedDays, study };
    const hashes = {
      [basename(files.parquet)]: await sha256OfFile(files.parquet),
      [basename(files.csv)]: await sha256OfFile(files.csv),
    };
    const head = {
      title: `Codebook of ${basename(files.parquet)} and ${basename(files.csv)}`,
      lines: headLines(facts, hashes),
      labelSets: describeLabelSets(sets),
    };
    const codebook = await codebookOf(database, files.parquet, columns, head);
    await replaceFile(files.codebook, (beside) => Deno.writeTextFile(beside, codebook));
    const summary = {
      posts,
      days: parts.length,
      first_day: days[0],
      last_day: days.at(-1),
      source: options.source ?? null,
      with_uris: options.withUris ?? false,
      creation_times: times,
      label_sets: sets.map(({ classifier, label_set_id }) => ({ classifier, label_set_id })),
      left_out_as_removed: removed,
      last_recheck: recheck.completed_at,
      files: Object.values(files),
      sha256: hashes,
    };
    return { summary, text: describe(summary), errors };
  } finally {
    await Deno.remove(folder, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

function nothingWritten(): Outcome {
  return { summary: { posts: 0 }, text: "Stopped; nothing was written", stopped: true };
}

function chosenDays(paths: DataPaths, { since = "", until = "9" }: Options): string[] {
  const days = paths.files("posts").flatMap(({ day }) => day ?? [])
    .filter((day) => day >= since && day <= until);
  if (days.length > 0) return [...new Set(days)].sort();
  throw new UserError(
    "export posts",
    `${paths.root} has none of the requested days`,
    "Run deno task preprocess, or name other days with --since and --until",
    { exitCode: EXIT.usage },
  );
}

/** Weights for drawn hours need a source, as each source draws its own hours. */
async function warnOfDrawnHours(
  { paths, database, warn }: Context,
  days: string[],
  source: string | undefined,
): Promise<void> {
  if (source !== undefined) return;
  const files = days.flatMap((day) => paths.filesOfDay("windows", day));
  const { drawn } = await row<{ drawn: number }>(
    database,
    `SELECT count(*) FILTER (window_prob < 1) AS drawn FROM ${relation(WINDOWS, files)}`,
  );
  if (drawn === 0) return;
  warn(
    "hours were drawn, but weights do not account for it: name the stream with --source",
  );
}

function filesOf(paths: DataPaths, { since, until, source, withUris }: Options) {
  const range = since || until ? [`${since ?? ""}_${until ?? ""}`] : [];
  const uris = withUris ? ["with-uris"] : [];
  const name = ["analysis", ...source ? [source] : [], ...range, ...uris].join("-");
  const at = (ending: string) => join(paths.exports(), `${name}.${ending}`);
  return { parquet: at("parquet"), csv: at("csv"), codebook: at("codebook.md") };
}

function headLines(
  { posts, times, days, options, recheck, removed, damagedDays, study }: {
    posts: number;
    times: CreationTimes;
    days: string[];
    options: Options;
    recheck: LastRecheck;
    removed: number;
    damagedDays: string[];
    study: Study;
  },
  hashes: Record<string, string>,
): string[] {
  return [
    ...study.notice ? [`**${study.notice}**`] : [],
    `Study: ${study.name}. Written ${now().toISOString().slice(0, 16).replace("T", " ")} UTC.`,
    `${posts} posts of ${days[0]} to ${days.at(-1)} (UTC days), one row each, ` +
    (options.source ? `of the source ${options.source}` : "of all sources") +
    "; posts that filters flag are included, see `passed_filters`.",
    `${describeCreationTimes(times).join(". ")}.`,
    "A share of the labelled posts is sum(weight × label) / sum(weight) over rows with both.",
    `Left out as deleted: ${removed} posts that preprocess had not removed yet. ` +
    `${recheck.sentence} Posts deleted later leave these files when preprocess runs. The ` +
    "numbers below are from the time of writing. Keep your own copies up to date.",
    ...damagedDays.map((day) => `Missing because a file is damaged: ${day}.`),
    ...Object.entries(hashes).map(([name, hash]) => `sha256 of ${name}: ${hash}`),
  ];
}

function describe(
  summary: {
    posts: number;
    days: number;
    creation_times: CreationTimes;
    files: string[];
    left_out_as_removed: number;
  },
): string {
  return [
    `Exported ${summary.posts} posts of ${summary.days} days`,
    ...describeCreationTimes(summary.creation_times).map((line) => `  ${line}`),
    `  left out as removed since preprocess: ${summary.left_out_as_removed}`,
    ...summary.files.map((file) => `  ${file}`),
  ].join("\n");
}
