import { LABEL_OF_POST, labelFiles, labelTable } from "../../etl/labels/label_file.ts";
import { PANELS } from "../../etl/labels/panel.ts";
import { type Database, literal, row, rows } from "../../etl/store/duckdb.ts";
import { relation } from "../../etl/store/parquet.ts";
import type { DataPaths } from "../../etl/store/paths.ts";
import { POSTS, withColumns } from "../../etl/store/tables.ts";
import { ATTRIBUTES, COLUMNS } from "../clients/comment_analyzer_attributes.ts";
import { uniformSql } from "../../etl/sampling/sample.ts";

/** The classifier whose labels a panel is drawn from. */
export const CLASSIFIER = "perspective";
/** The score whose deciles are the strata. */
export const STRATIFIER = "prob_toxic";
/** The number of strata of a panel. */
export const STRATA = 10;

const SCORES = Object.values(ATTRIBUTES);
const LABELLED = labelTable(COLUMNS);
/** The posts of a panel, with their scores. */
export const PANEL = withColumns(PANELS, COLUMNS);

/** A tenth of the posts that can be drawn, by their score. */
export interface Stratum {
  stratum: number;
  lowest: number;
  highest: number;
  size: number;
}

/** The posts of a label set that a panel can be drawn from. */
export interface Frame {
  eligible: number;
  without_label_prob: number;
  lacking_an_attribute: number;
  /** Posts without a score, by column. */
  lacking: Record<string, number>;
}

/** Give the columns that the service serves: those that some post of the label set has a score of. */
export async function servedAttributes(
  database: Database,
  labels: string[],
  labelSetId: string,
): Promise<string[]> {
  const counts = await row<Record<string, number>>(
    database,
    `SELECT ${SCORES.map((name) => `count(${name}) AS ${name}`).join(", ")}
     FROM ${relation(LABELLED, labels)} WHERE ${isScored(labelSetId)}`,
  );
  return SCORES.filter((name) => counts[name]! > 0);
}

/** Make the temporary table `frame`: the posts of some days that can be drawn, with their strata. */
export async function makeFrame(
  database: Database,
  paths: DataPaths,
  days: string[],
  labelSetId: string,
  attributes: string[],
): Promise<Frame> {
  const missing = attributes.map((name) => `if(${name} IS NULL, '${name}', NULL)`).join(", ");
  await database.run(`CREATE OR REPLACE TEMP TABLE labelled (date DATE, uri VARCHAR,
    label_prob DOUBLE, ${STRATIFIER} DOUBLE, missing VARCHAR[])`);
  for (const day of days) {
    await database.run(`INSERT INTO labelled
      SELECT ${literal(day)}, p.uri, label_prob, ${STRATIFIER},
        list_filter([${missing}], name -> name IS NOT NULL)
      FROM ${joined(paths, day)} WHERE ${isScored(labelSetId)}`);
  }
  await database.run(`CREATE OR REPLACE TEMP TABLE frame AS
    SELECT date, uri, label_prob, ${STRATIFIER},
      ntile(${STRATA}) OVER (ORDER BY ${STRATIFIER}, uri) AS stratum
    FROM labelled WHERE label_prob IS NOT NULL AND missing = []`);
  const lacking = await rows<{ name: string; posts: number }>(
    database,
    `SELECT name, count(*) AS posts FROM (SELECT unnest(missing) AS name FROM labelled)
     GROUP BY ALL ORDER BY posts DESC, name`,
  );
  const counts = await row<Omit<Frame, "lacking">>(
    database,
    `SELECT (SELECT count(*) FROM frame) AS eligible,
       count(*) FILTER (label_prob IS NULL) AS without_label_prob,
       count(*) FILTER (label_prob IS NOT NULL AND missing <> []) AS lacking_an_attribute
     FROM labelled`,
  );
  await database.run("DROP TABLE labelled");
  return {
    ...counts,
    lacking: Object.fromEntries(lacking.map(({ name, posts }) => [name, posts])),
  };
}

/** Give the strata of the temporary table `frame`, lowest scores first. */
export async function readStrata(database: Database): Promise<Stratum[]> {
  return await rows<Stratum & Record<string, unknown>>(
    database,
    `SELECT stratum, min(${STRATIFIER}) AS lowest, max(${STRATIFIER}) AS highest, count(*) AS size
     FROM frame GROUP BY stratum ORDER BY stratum`,
  );
}

/**
 * Allocate a number of posts to strata as evenly as possible, and give each stratum's part.
 *
 * Strata whose sizes differ by one at most, the larger ones first, never get more than they have.
 */
export function allot(size: number, strata: Stratum[]): number[] {
  const total = strata.reduce((sum, stratum) => sum + stratum.size, 0);
  if (size >= total) return strata.map((stratum) => stratum.size);
  const [each, rest] = [Math.floor(size / strata.length), size % strata.length];
  return strata.map((_, index) => each + (index < rest ? 1 : 0));
}

/**
 * Make the temporary table `panel` with the columns of `PANEL`: a simple random sample of each stratum.
 *
 * The weight of a post is the inverse of the probability that it was labelled and then drawn:
 * size of the stratum / drawn of it / label_prob.
 */
export async function drawPanel(
  database: Database,
  paths: DataPaths,
  labelSetId: string,
  seed: string,
  drawn: { stratum: number; size: number; drawn: number }[],
): Promise<void> {
  const parts = drawn.map((part) => `(${part.stratum}, ${part.size}, ${part.drawn})`).join(", ");
  // A seed unlike that of the labelling sample; otherwise the two draws would depend on each other.
  const turn = uniformSql("uri", `panel ${seed}`);
  await database.run(`CREATE OR REPLACE TEMP TABLE drawn AS
    SELECT date, uri, stratum, part.size / part.drawn / label_prob AS weight
    FROM (SELECT *, row_number() OVER (PARTITION BY stratum ORDER BY ${turn}, uri) AS place FROM frame)
      JOIN (VALUES ${parts}) part(stratum, size, drawn) USING (stratum)
    WHERE place <= part.drawn`);
  const empty = Object.entries(PANEL.columns).map(([name, type]) => `${name} ${type}`);
  await database.run(`CREATE OR REPLACE TEMP TABLE panel (${empty.join(", ")})`);
  const days = await rows<{ day: string }>(
    database,
    "SELECT DISTINCT date::VARCHAR AS day FROM drawn ORDER BY day",
  );
  for (const { day } of days) {
    await database.run(`INSERT INTO panel BY NAME
      SELECT d.date, p.uri, p.cid, p.did, p.reference_time, p.created_at, p.text, p.text_hash,
        p.detected_language, p.passed_filters, p.in_most_liked, l.label_set_id, l.label_timestamp,
        l.label_prob, d.stratum, d.weight, ${Object.keys(COLUMNS).join(", ")}
      FROM ${joined(paths, day)} JOIN drawn d ON d.uri = p.uri AND d.date = ${literal(day)}
      WHERE ${isScored(labelSetId)}`);
  }
  await database.run("DROP TABLE drawn; DROP TABLE frame");
}

function joined(paths: DataPaths, day: string): string {
  return `${relation(POSTS, paths.filesOfDay("posts", day))} p
    JOIN ${relation(LABELLED, labelFiles(paths, CLASSIFIER, day))} l ON ${LABEL_OF_POST}`;
}

function isScored(labelSetId: string): string {
  return `label_set_id = ${literal(labelSetId)} AND coder IS NULL AND was_successfully_labeled`;
}
