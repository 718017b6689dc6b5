import { CLASSIFIER as HUMAN } from "./coded_posts.ts";
import { GIVEN_VERSION } from "./label_set.ts";
import { labelTable, rewriteDay } from "./label_file.ts";
import { fateOf, type Version } from "./label_fate.ts";
import { hashKey, subjectHashSql } from "../raw/tombstone.ts";
import { type Database, literal, rows } from "../store/duckdb.ts";
import { relation, tableOf } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { LABEL_SETS, POSTS, RAW, TOMBSTONES } from "../store/tables.ts";

/** How many labels of a label set that came with a file belong to a post. */
export interface FoundLabels {
  classifier: string;
  label_set_id: string;
  labels: number;
  /** Labels of a post as it reads. */
  found: number;
  /** Of these, labels without a text, or whose text no version of the post has as a whole. */
  by_uri_alone: number;
  /** Labels of another version of their post. */
  of_another_version: number;
  /**
   * Labels that no version, or more than one, of their post fits, which has or had several; or that another
   * label of their coder for it, of the same file, contradicts.
   */
  of_no_version: number;
  /** Labels of a post that is not in `posts`. */
  without_post: number;
}

/** Label columns with their types. */
type Columns = Record<string, string>;

/** Does a row `g` of labels belong to the row `p` of posts as both stand? */
const FITS = `CASE WHEN g.cid IS NULL OR p.cid IS NULL THEN g.text_hash = p.text_hash
  ELSE g.cid = p.cid END`;
const KEY = ["uri", "cid", "text_hash", "label_set_id", "coder"];
const SAME_KEY = KEY.map((name) => `m.${name} IS NOT DISTINCT FROM o.${name}`).join(" AND ");
/** What two labels of a coder and post may differ in and say the same. */
const NO_ANSWER = ["cid", "text_hash", "label_timestamp", "run_id", "parameters"];
/** What stands in the `parameters` of a label that belongs by its uri alone: its own text is not kept. */
const BY_URI = `{"found_by":"uri"}`;

/**
 * Find the post of each label that came with a file, and write the labels anew that lie elsewhere.
 *
 * A label belongs to the post with its uri, and its cid where the file had one. Its text decides between
 * the versions that streams and feeds brought (see `fateOf`): a label of another one, or of none, stays as it is.
 * The others get the `text_hash` of their post and lie under its day, so that all joins find them.
 * `raw` are the raw parts by source; a post that was deleted, as `tombstones` say, had versions before.
 */
export async function findPostsOfLabels(
  database: Database,
  paths: DataPaths,
  raw: Record<string, string[]>,
  tombstones: string[],
): Promise<FoundLabels[]> {
  const sets = await rows<{ classifier: string; label_set_id: string }>(
    database,
    `SELECT classifier, label_set_id
     FROM ${relation(LABEL_SETS, paths.files("label_sets").map(({ path }) => path))}
     WHERE classifier = ${literal(HUMAN)} OR classifier_version = ${literal(GIVEN_VERSION)}
     ORDER BY classifier, first_used, label_set_id`,
  );
  const found: FoundLabels[] = [];
  for (const [classifier, ofClassifier] of Map.groupBy(sets, ({ classifier }) => classifier)) {
    const ids = ofClassifier.map(({ label_set_id }) => label_set_id);
    if (!await collectGiven(database, paths, classifier, ids)) continue;
    await decideStrays(database, paths, raw, tombstones);
    await addFates(database);
    await passOverContradicted(database, paths, classifier);
    found.push(...await countFound(database, classifier));
    await moveLabels(database, paths, classifier);
    await database.run("DROP TABLE given_labels_here; DROP TABLE label_fates");
  }
  return found;
}

/** Make the temporary table `given_labels_here`: keys of labels with their posts; false where there are none. */
async function collectGiven(
  database: Database,
  paths: DataPaths,
  classifier: string,
  ids: string[],
): Promise<boolean> {
  const files = paths.files(`labels/${classifier}`).map(({ path }) => path);
  if (files.length === 0) return false;
  const posts = paths.files("posts").map(({ path }) => path);
  const read = (files: string[]) =>
    `read_parquet(${literal(files)}, hive_partitioning = true, hive_types_autocast = false,
      union_by_name = true)`;
  await database.run(`CREATE OR REPLACE TEMP TABLE given_labels_here AS
    WITH g AS (
      SELECT ${KEY.join(", ")}, date::VARCHAR AS day,
        coalesce(parameters->>'found_by' = 'uri', false) AS by_uri FROM ${read(files)}
      WHERE label_set_id IN (SELECT unnest(${literal(ids)})) AND NOT starts_with(uri, 'deleted:')
    ),
    p AS (${
    posts.length === 0
      ? "SELECT NULL::VARCHAR AS uri, NULL::VARCHAR AS cid, NULL::VARCHAR AS text_hash, " +
        "NULL::VARCHAR AS day LIMIT 0"
      : `SELECT uri, cid, text_hash, date::VARCHAR AS day FROM ${read(posts)}
         WHERE uri IN (SELECT uri FROM g)`
  })
    SELECT g.*, p.day AS post_day, p.cid AS post_cid, p.text_hash AS post_hash,
      coalesce(${FITS}, false) AS fits
    FROM g LEFT JOIN p ON p.uri = g.uri`);
  return true;
}

/** Make the temporary table `label_fates` (uri, text_hash, fate): of labels that do not fit their post. */
async function decideStrays(
  database: Database,
  paths: DataPaths,
  raw: Record<string, string[]>,
  tombstones: string[],
): Promise<void> {
  await database.run(
    "CREATE OR REPLACE TEMP TABLE label_fates (uri VARCHAR, text_hash VARCHAR, fate VARCHAR)",
  );
  const strays = await rows<{ uri: string; text_hash: string; post_hash: string }>(
    database,
    `SELECT DISTINCT uri, text_hash, post_hash FROM given_labels_here
     WHERE post_day IS NOT NULL AND NOT fits AND (cid IS NULL OR post_cid IS NULL)`,
  );
  if (strays.length === 0) return;
  const strayUris = "SELECT uri FROM given_labels_here WHERE post_day IS NOT NULL AND NOT fits";
  const texts = async (relations: string[]) =>
    Map.groupBy(
      await rows<Version & { uri: string } & Record<string, unknown>>(
        database,
        relations.map((from) =>
          `SELECT uri, text, left(sha256(text), 32) AS text_hash
           FROM ${from} WHERE text IS NOT NULL AND uri IN (${strayUris})`
        ).join(" UNION "),
      ),
      ({ uri }) => uri,
    );
  const { import: imported = [], ...others } = raw;
  const coded = await texts([relation(RAW, imported)]);
  // An import that is not the post is a copy of it and no version.
  const posts = paths.files("posts").map(({ path }) => path);
  const versions = await texts([
    relation(RAW, Object.values(others).flat()),
    relation(POSTS, posts),
  ]);
  const key = tombstones.length > 0 ? await hashKey(paths) : "";
  const deleted = tombstones.length === 0 ? [] : await rows<{ uri: string }>(
    database,
    `SELECT DISTINCT uri FROM (${strayUris}) WHERE ${subjectHashSql(key, "uri")} IN (
       SELECT subject_hash FROM ${relation(TOMBSTONES, tombstones)})`,
  );
  const written = new Set(deleted.map(({ uri }) => uri));
  const appender = await database.createAppender("label_fates");
  for (const { uri, text_hash, post_hash } of strays) {
    const text = coded.get(uri)?.find((one) => one.text_hash === text_hash)?.text;
    const label = { text_hash, text };
    const fate = fateOf(label, post_hash, versions.get(uri) ?? [], written.has(uri));
    for (const value of [uri, text_hash, fate]) appender.appendVarchar(value);
    appender.endRow();
  }
  appender.closeSync();
}

/** Add `fate` to `given_labels_here`: 'fits', 'without_post', or as `fateOf` says. */
async function addFates(database: Database): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP TABLE given_labels_here AS
    SELECT g.*, CASE WHEN post_day IS NULL THEN 'without_post' WHEN fits THEN 'fits'
      WHEN cid IS NOT NULL AND post_cid IS NOT NULL THEN 'another_version'
      ELSE coalesce(f.fate, 'another_version') END AS fate
    FROM given_labels_here g LEFT JOIN label_fates f USING (uri, text_hash)`);
}

/**
 * Pass over labels that would belong to a post by its uri alone, where the coder's other label of it, from
 * the same file, says another thing: which version they are of, nobody knows.
 */
async function passOverContradicted(
  database: Database,
  paths: DataPaths,
  classifier: string,
): Promise<void> {
  const several = await rows<{ uri: string }>(
    database,
    `SELECT DISTINCT uri FROM given_labels_here WHERE fate IN ('fits', 'same_text', 'by_uri_alone')
     GROUP BY uri, label_set_id, coder HAVING count(*) > 1 AND bool_or(fate = 'by_uri_alone')`,
  );
  if (several.length === 0) return;
  const files = paths.files(`labels/${classifier}`).map(({ path }) => path);
  const uris = several.map(({ uri }) => uri);
  await database.run(`CREATE OR REPLACE TEMP TABLE told_labels AS
    SELECT ${
    KEY.map((name) => `g.${name}`).join(", ")
  }, fate, run_id, told FROM given_labels_here g JOIN (
      SELECT ${KEY.join(", ")}, run_id, date::VARCHAR AS day,
        hash(*COLUMNS(* EXCLUDE (uri, label_set_id, coder, run_id, date,
          ${NO_ANSWER.filter((name) => name !== "run_id").join(", ")}))) AS told
      FROM read_parquet(${literal(files)}, hive_partitioning = true, hive_types_autocast = false,
        union_by_name = true) WHERE uri IN (SELECT unnest(${literal(uris)}))
    ) t ON ${KEY.map((name) => `t.${name} IS NOT DISTINCT FROM g.${name}`).join(" AND ")}
      AND t.day = g.day
    WHERE fate IN ('fits', 'same_text', 'by_uri_alone');
    UPDATE given_labels_here m SET fate = 'no_version' WHERE fate = 'by_uri_alone' AND EXISTS (
      FROM told_labels o JOIN told_labels t ON t.uri = o.uri AND t.label_set_id = o.label_set_id
        AND t.coder IS NOT DISTINCT FROM o.coder AND t.run_id = o.run_id AND t.told <> o.told
      WHERE ${SAME_KEY});
    DROP TABLE told_labels`);
}

/** A label is not counted twice that two files brought with the texts of two tools. */
async function countFound(database: Database, classifier: string): Promise<FoundLabels[]> {
  const label = "uri || ' ' || coalesce(coder, '')";
  const counted = await rows<Omit<FoundLabels, "classifier"> & Record<string, unknown>>(
    database,
    `SELECT label_set_id,
       count(DISTINCT ${label}) FILTER (fate IN ('fits', 'same_text', 'by_uri_alone')) AS found,
       count(DISTINCT ${label}) FILTER (fate = 'by_uri_alone' OR fate = 'fits' AND by_uri) AS by_uri_alone,
       count(*) FILTER (fate = 'another_version') AS of_another_version,
       count(*) FILTER (fate = 'no_version') AS of_no_version,
       count(*) FILTER (fate = 'without_post') AS without_post,
       found + of_another_version + of_no_version + without_post AS labels
     FROM given_labels_here GROUP BY label_set_id ORDER BY label_set_id`,
  );
  return counted.map((set) => ({ classifier, ...set }));
}

/** Write labels under the key and the day of their post; a crash between two days leaves both, and the next run one. */
async function moveLabels(
  database: Database,
  paths: DataPaths,
  classifier: string,
): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP TABLE moved_labels AS
    SELECT g.*, CASE WHEN post_cid IS NOT NULL THEN g.cid END AS new_cid,
      fate = 'by_uri_alone' AS found_by_uri
    FROM given_labels_here g
    WHERE fate IN ('same_text', 'by_uri_alone') OR fate = 'fits' AND (
      day <> post_day OR text_hash <> post_hash OR cid IS NOT NULL AND post_cid IS NULL)`);
  const days = async (column: "day" | "post_day", condition: string) =>
    (await rows<{ day: string }>(
      database,
      `SELECT DISTINCT ${column} AS day FROM moved_labels WHERE ${condition} ORDER BY day`,
    )).map(({ day }) => day);
  const path = (day: string) => paths.labels(classifier, day);
  const files = new Set(paths.files(`labels/${classifier}`).map(({ path }) => path));
  const rewrite = async (day: string, columns: Columns, query: (old: string) => string) => {
    const file = { kind: "labels", classifier, day } as const;
    // An emptied file stays: an import may write to it the moment it is free.
    await rewriteDay(database, paths, file, labelTable(columns), query);
  };
  for (const day of await days("post_day", "true")) {
    const from = await days("day", `post_day = ${literal(day)}`);
    const sources = from.map((day) => ({ day, path: path(day) }));
    const columns: Columns = {};
    for (const file of new Set([path(day), ...sources.map(({ path }) => path)])) {
      if (files.has(file)) Object.assign(columns, (await tableOf(database, file)).columns);
    }
    const answer = Object.keys(columns).filter((name) => !NO_ANSWER.includes(name));
    const moved = sources.map(({ day: source, path }) =>
      `SELECT o.* REPLACE (m.new_cid AS cid, m.post_hash AS text_hash,
         if(m.found_by_uri, json_merge_patch(coalesce(o.parameters, '{}'), ${literal(BY_URI)}),
           o.parameters) AS parameters)
       FROM read_parquet(${literal(path)}, hive_partitioning = false) o JOIN moved_labels m
         ON ${SAME_KEY} AND m.day = ${literal(source)} AND m.post_day = ${literal(day)}`
    );
    await rewrite(day, columns, (old) =>
      `WITH together AS (
         SELECT o.* FROM ${old} o WHERE NOT EXISTS (
           FROM moved_labels m WHERE ${SAME_KEY} AND m.day = ${literal(day)} AND m.post_day = m.day)
         UNION ALL BY NAME ${moved.join(" UNION ALL BY NAME ")}
       ),
       told AS (
         SELECT *, hash(${answer.map((name) => `"${name}"`).join(", ")}) AS told_hash,
           first_value(told_hash) OVER (PARTITION BY uri, coalesce(cid, text_hash), label_set_id, coder
             ORDER BY label_timestamp DESC, told_hash) AS told_last
         FROM together
       )
       SELECT * EXCLUDE (told_hash, told_last) FROM told WHERE told_hash = told_last
       QUALIFY row_number() OVER (PARTITION BY uri, coalesce(cid, text_hash), label_set_id, coder
         ORDER BY label_timestamp, run_id) = 1
       ORDER BY label_set_id, uri, coder`);
  }
  for (const day of await days("day", "post_day <> day")) {
    await rewrite(day, {}, (old) =>
      `SELECT o.* FROM ${old} o WHERE NOT EXISTS (
         FROM moved_labels m WHERE ${SAME_KEY} AND m.day = ${literal(day)} AND m.post_day <> m.day)
       ORDER BY label_set_id, uri, coder`);
  }
  await database.run("DROP TABLE moved_labels");
}

/** Say what of the labels did not find their post, and what they found it by, in sentences. */
export function describeLost(found: FoundLabels): string[] {
  const { classifier, label_set_id, labels, by_uri_alone } = found;
  const name = `${classifier}, label set ${label_set_id}`;
  const lost = [
    [found.of_another_version, "are of another version of it"],
    [
      found.of_no_version,
      "fit no version of several, or contradict a label of the same coder and file",
    ],
    [found.without_post, "have no post"],
  ].filter(([count]) => count !== 0);
  return [
    ...(found.found < labels
      ? [
        `${found.found} of ${labels} labels found their post (${name}): ` +
        lost.map((part) => part.join(" ")).join(", "),
      ]
      : []),
    ...(by_uri_alone > 0
      ? [
        `${by_uri_alone} labels came without the text of their post, or with one that no version of it ` +
        `has as a whole (${name}): they belong to it by its uri alone`,
      ]
      : []),
  ];
}
