import { ifThere } from "./store/if_there.ts";
import { LABEL_OF_POST } from "./labels/label_file.ts";
import { type Command, type Context, type Outcome } from "./command/command.ts";
import { UserError } from "./run/error.ts";
import { SOURCE_NAMES } from "./store/source.ts";
import { type Database, literal, row, rows } from "./store/duckdb.ts";
import { lock } from "./store/lock.ts";
import { damage, unlessDamaged } from "./store/damage.ts";
import { relation, tableOf, writeParquet } from "./store/parquet.ts";
import { removeLeftovers } from "./store/whole_file.ts";
import type { DataPaths } from "./store/paths.ts";
import { AGGREGATES, LABELS } from "./store/tables.ts";

/** The task `aggregate`. */
export const command: Command = {
  task: "aggregate",
  description:
    "Keep hourly counts by source, filter and label, so that long ranges are answered quickly.\n\n" +
    "Only days with changed posts or labels are counted again.",
  options: [],
  examples: ["deno task aggregate"],
  run: aggregate,
};

async function aggregate(context: Context): Promise<Outcome> {
  const { paths, database, progress, signal } = context;
  await using _lock = await lock(paths.locks(), "aggregates", "run aggregate");
  const errors: UserError[] = [];
  const counts = { days: 0, days_unchanged: 0, cells: 0 };
  const posts = paths.files("posts");
  for (const { path, day } of posts) {
    if (signal.aborted) break;
    const inputs = [path, ...labelFilesOf(paths, day!)];
    const target = paths.aggregates(day!);
    const cells = await unlessDamaged(database, inputs, `run ${command.task}`, async () => {
      if (
        await isNewer(target, inputs) && await damage(database, target) === undefined &&
        await isOfNow(database, target, inputs)
      ) return undefined;
      await removeLeftovers(target);
      return await writeParquet(
        database,
        AGGREGATES,
        await cellsOfDay(database, paths, day!),
        target,
      );
    });
    if (cells instanceof UserError) {
      errors.push(cells);
      continue;
    }
    if (cells === undefined) {
      counts.days_unchanged++;
      continue;
    }
    counts.cells += cells;
    counts.days++;
    progress.update(() => `${counts.days} of ${posts.length} days counted`);
  }
  await removeOrphans(paths, new Set(posts.map((file) => file.day)));
  const text = `Counted ${counts.days} days into ${counts.cells} hourly cells\n` +
    `  unchanged: ${counts.days_unchanged} days`;
  return { summary: counts, text, stopped: signal.aborted, errors };
}

/**
 * Give the query of a day's cells.
 *
 * A post stands in the cell of each source that brought it and in `all`; the hour is that of its
 * reference time. Cells with the label `posts` count posts; the others count labels of one label set.
 * `y` is a label weighted by 1 / label_prob, `n` the same weight of a labelled post; both are 0 where
 * it has no label_prob, as its weight is unknown. The sums of products are over authors
 * within the cell, but for `w_w`, which is over posts.
 */
async function cellsOfDay(database: Database, paths: DataPaths, day: string): Promise<string> {
  const labels: string[] = [];
  for (const path of labelFilesOf(paths, day)) {
    const classifier = classifierOf(path)!;
    for (const column of await labelColumns(database, path)) {
      labels.push(
        `SELECT ${literal(classifier)} AS classifier, ${literal(column)} AS label, l.*,
           ${column}::INTEGER AS y
         FROM ${relation(LABELS, [path], [column])} l WHERE coder IS NULL`,
      );
    }
  }
  const ofSource = SOURCE_NAMES.map((source) => `if(in_${source}, ${literal(source)}, NULL)`);
  const none = `SELECT '' AS classifier, '' AS label, *, 0 AS y FROM ${relation(LABELS, [])}`;
  return `
    WITH in_source AS (
      SELECT p.*, date_trunc('hour', coalesce(reference_time, created_at)) AS hour,
        unnest(list_filter(['all', ${ofSource.join(", ")}], name -> name IS NOT NULL)) AS source
      FROM read_parquet(${literal(paths.posts(day))}, hive_partitioning = false) p
    ),
    label_rows AS (${labels.join(" UNION ALL BY NAME ") || none}),
    observed AS (
      SELECT hour, source, passed_filters, p.did, 'posts' AS label, NULL AS classifier,
        NULL AS label_set_id, NULL AS was_successfully_labeled, 0.0 AS y, 0.0 AS n, 0.0 AS failed,
        false AS is_unsampled
      FROM in_source p
      UNION ALL BY NAME
      SELECT hour, source, passed_filters, p.did, l.label, l.classifier, l.label_set_id,
        l.was_successfully_labeled,
        if(l.was_successfully_labeled, coalesce(l.y / l.label_prob, 0), 0) AS y,
        if(l.was_successfully_labeled, coalesce(1 / l.label_prob, 0), 0) AS n,
        if(l.was_successfully_labeled, 0, coalesce(1 / l.label_prob, 0)) AS failed,
        l.was_successfully_labeled AND l.label_prob IS NULL AS is_unsampled
      FROM in_source p JOIN label_rows l ON ${LABEL_OF_POST}
    ),
    by_author AS (
      SELECT hour, source, passed_filters, classifier, label_set_id, label, did,
        count(*) AS n_posts, count(*) FILTER (was_successfully_labeled) AS n_labeled,
        count(*) FILTER (NOT was_successfully_labeled) AS n_failed, sum(y) AS y, sum(n) AS n,
        sum(n * n) AS w_w, sum(failed) AS failed, count(*) FILTER (is_unsampled) AS n_unsampled
      FROM observed GROUP BY ALL
    )
    SELECT hour, source, passed_filters, classifier, label_set_id, label,
      sum(n_posts) AS n_posts, sum(n_labeled) AS n_labeled, sum(n_failed) AS n_failed,
      count(*) AS n_authors, sum(y) AS sum_y, sum(n) AS sum_n,
      sum(y * y) AS sum_y_y, sum(y * n) AS sum_y_n, sum(n * n) AS sum_n_n,
      sum(w_w) AS sum_w_w, sum(failed) AS sum_failed, sum(n_unsampled) AS n_unsampled,
      count(*) FILTER (n > 0) AS n_authors_labeled
    FROM by_author GROUP BY ALL
    ORDER BY hour, source, passed_filters, label, classifier, label_set_id`;
}

function labelFilesOf(paths: DataPaths, day: string): string[] {
  return paths.names("labels").flatMap((classifier) =>
    paths.files(`labels/${classifier}`).filter((file) => file.day === day).map((file) => file.path)
  );
}

/** Give the yes-or-no columns of a classifier, which the column `label` names. */
async function labelColumns(database: Database, path: string): Promise<string[]> {
  const found = await rows<{ name: string }>(
    database,
    `SELECT name FROM parquet_schema(${literal(path)}) WHERE type = 'BOOLEAN'`,
  );
  return found.map(({ name }) => name).filter((name) => !(name in LABELS.columns));
}

/** Is a file younger than all that it is made from? */
async function isNewer(target: string, inputs: string[]): Promise<boolean> {
  const made = (await ifThere(() => Deno.stat(target)))?.mtime?.getTime();
  if (made === undefined) return false;
  const times = await Promise.all(
    inputs.map(async (path) => (await Deno.stat(path)).mtime!.getTime()),
  );
  return times.every((time) => time < made);
}

/** Does a file have the current columns, and no classifier whose labels were removed since? */
async function isOfNow(database: Database, target: string, inputs: string[]): Promise<boolean> {
  const { version } = await tableOf(database, target);
  if (version !== AGGREGATES.version) return false;
  const { classifiers } = await row<{ classifiers: string[] }>(
    database,
    `SELECT coalesce(list(DISTINCT classifier) FILTER (classifier IS NOT NULL), []) AS classifiers
     FROM read_parquet(${literal(target)}, hive_partitioning = false)`,
  );
  const labelled = inputs.map(classifierOf);
  return classifiers.every((classifier) => labelled.includes(classifier));
}

/** Give the classifier to whose labels a path belongs, undefined where it is no path of labels. */
function classifierOf(path: string): string | undefined {
  return /labels[\\/]([^\\/]+)[\\/]date=/.exec(path)?.[1];
}

async function removeOrphans(paths: DataPaths, days: Set<string | undefined>): Promise<void> {
  for (const { path, day } of paths.files("aggregates")) {
    if (!days.has(day)) await Deno.remove(path);
  }
}
