import { now } from "../../etl/run/clock.ts";
import { firstDamage, wholeFiles } from "../../etl/store/damage.ts";
import { type Database, literal, row } from "../../etl/store/duckdb.ts";
import { lock } from "../../etl/store/lock.ts";
import { relation, writeParquet } from "../../etl/store/parquet.ts";
import { removeLeftovers } from "../../etl/store/whole_file.ts";
import type { DataPaths } from "../../etl/store/paths.ts";
import { ANCHORS, LABELS } from "../../etl/store/tables.ts";
import { uniformSql } from "../../etl/sampling/sample.ts";

/** A seed unlike that of any sample; otherwise the anchors would be the sample's first posts. */
const SEED = "anchors";

/** Give a post's place in the order of anchors as an SQL expression over a column of uris. */
export function anchorTurnSql(column: string): string {
  return uniformSql(column, SEED);
}

/** How the anchors of a label set are drawn. */
export interface AnchorDraw {
  classifier: string;
  labelSetId: string;
  /** How many. */
  posts: number;
  /** False in a dry run. */
  isKept: boolean;
}

/**
 * Make the temporary table `anchors`: the existing ones, else the wanted number, drawn at random from
 * the labelled posts of a label set, once it has that many; otherwise the table is empty.
 *
 * They are drawn once: every later label set asks about the same posts, so that models can
 * be compared on them. Throws a UserError where the file of the existing ones is damaged.
 */
export async function loadAnchors(
  database: Database,
  paths: DataPaths,
  draw: AnchorDraw,
): Promise<void> {
  const { classifier } = draw;
  const stands = () =>
    paths.files("anchors").map(({ path }) => path).filter((path) => path === file);
  const file = paths.anchors(classifier);
  if (stands().length > 0) return await read();
  await drawAnchors(database, paths, draw);
  const { drawn } = await row<{ drawn: number }>(database, "SELECT count(*) AS drawn FROM anchors");
  if (drawn === 0 || !draw.isKept) return;
  await using _lock = await lock(paths.locks(), `anchors-${classifier}`, "draw anchors");
  // Another label set may have drawn them meanwhile.
  if (stands().length > 0) return await read();
  await removeLeftovers(file);
  await writeParquet(database, ANCHORS, "FROM anchors ORDER BY date, uri", file);

  async function read(): Promise<void> {
    const damaged = await firstDamage(database, [file], `ask about the anchors of ${classifier}`);
    if (damaged) throw damaged;
    await database.run(
      `CREATE OR REPLACE TEMP TABLE anchors AS FROM ${relation(ANCHORS, [file])}`,
    );
  }
}

async function drawAnchors(
  database: Database,
  paths: DataPaths,
  { classifier, labelSetId, posts }: AnchorDraw,
): Promise<void> {
  const files = paths.files(`labels/${classifier}`);
  // Anchors are drawn from all labels or none; the run of a damaged day names its file.
  const { errors } = await wholeFiles(database, files.map(({ path }) => path), "draw anchors");
  const parts = errors.length > 0
    ? []
    : files.map(({ path, day }) =>
      `SELECT ${literal(day)}::DATE AS date, uri, cid, text_hash, label_set_id, label_timestamp
     FROM ${relation(LABELS, [path])} WHERE label_set_id = ${literal(labelSetId)}
       AND was_successfully_labeled AND coder IS NULL AND uri LIKE 'at://%'`
    );
  const none = `SELECT *, NULL::TIMESTAMP AS label_timestamp FROM ${relation(ANCHORS, [])}`;
  const labelled = [`SELECT * EXCLUDE drawn_at FROM (${none})`, ...parts].join(
    " UNION ALL BY NAME ",
  );
  // Only the first few, as all may not fit into memory. For an edited post,
  // the version labelled last.
  await database.run(`CREATE OR REPLACE TEMP TABLE anchors AS
    SELECT date, uri, cid, text_hash, label_set_id, ${literal(now())} AS drawn_at
    FROM (FROM (${labelled}) ORDER BY ${anchorTurnSql("uri")} LIMIT ${2 * posts})
    QUALIFY row_number() OVER (PARTITION BY uri ORDER BY label_timestamp DESC) = 1
    ORDER BY ${anchorTurnSql("uri")}, uri LIMIT ${posts}`);
  const { drawn } = await row<{ drawn: number }>(database, "SELECT count(*) AS drawn FROM anchors");
  if (drawn < posts) await database.run("TRUNCATE anchors");
}
