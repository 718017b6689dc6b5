import { ANSWER_COLUMNS } from "../labels/paid_answer.ts";
import { type Database, literal, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { LABELS, REPLICATES, withColumns } from "../store/tables.ts";

/** The result of a label set for an anchor at one time: the study's label, or that of a round. */
export interface Look {
  label_set_id: string;
  /** Of the post's version. */
  anchor: string;
  /** 0 is the label of the study. */
  round: number;
  /** The looks of an anchor with its first request, counted from 1. */
  place: number;
  /** Label columns, by name; null for no value. */
  values: Record<string, string | number | boolean | null>;
}

/** A round of a label set: the anchors asked about, whatever the result. */
export interface Round {
  label_set_id: string;
  round: number;
  /** UTC day on which it began. */
  began: string;
  asked: number;
  labelled: number;
  /** Anchors with another request than at first: parts of their context are gone. */
  asked_otherwise: number;
}

/** Compared columns; free text (a reason) is not compared. */
export const CATEGORY = /^(is_\w+|lean)$/;
/** Compared columns that hold scores. */
export const SCORE = /^(score|prob)_\w+$/;

const KEY = "label_set_id, uri, cid, text_hash";

/**
 * Give the rounds of a classifier's label sets, and the looks for drift: the first two of each
 * anchor and that of the last round.
 *
 * A label of the study is always the first look, as it is the published one. An anchor that
 * had another request than at first (`request_hash`) is no look.
 */
export async function readLooks(
  database: Database,
  labels: string[],
  replicates: string[],
): Promise<{ rounds: Round[]; looks: Look[] }> {
  if (replicates.length === 0) return { rounds: [], looks: [] };
  const compared = await comparedColumns(database, replicates);
  const own = { ...ANSWER_COLUMNS, ...compared };
  const said = Object.keys(compared).map((name) => `, ${literal(name)}: "${name}"`).join("");
  const taken = `${KEY}, label_timestamp, was_successfully_labeled, request_hash,
    {'_': NULL${said}} AS said`;
  await database.run(`CREATE OR REPLACE TEMP TABLE looks AS
    WITH replicated AS (
      SELECT ${taken}, round FROM ${relation(withColumns(REPLICATES, own), replicates)}
    ),
    every AS (
      FROM replicated UNION ALL BY NAME
      SELECT ${taken}, 0 AS round FROM ${relation(withColumns(LABELS, own), labels)}
      WHERE was_successfully_labeled AND coder IS NULL AND uri IN (SELECT uri FROM replicated)
    ),
    -- What failed and was asked again in the same round counts once.
    one AS (
      FROM every QUALIFY row_number() OVER (PARTITION BY ${KEY}, round
        ORDER BY was_successfully_labeled DESC, label_timestamp DESC) = 1
    )
    SELECT *, request_hash IS NOT DISTINCT FROM first_value(request_hash) OVER (
      PARTITION BY ${KEY}, was_successfully_labeled ORDER BY round) AS is_same
    FROM one`);
  const rounds = await rows<Round & Record<string, unknown>>(
    database,
    `SELECT label_set_id, round, min(label_timestamp)::DATE AS began, count(*) AS asked,
       count(*) FILTER (was_successfully_labeled) AS labelled,
       count(*) FILTER (was_successfully_labeled AND NOT is_same) AS asked_otherwise
     FROM looks WHERE round > 0 GROUP BY ALL ORDER BY ALL`,
  );
  const looks = await rows<{ said: string } & Omit<Look, "values"> & Record<string, unknown>>(
    database,
    `SELECT label_set_id, md5(concat_ws(' ', uri, cid, text_hash)) AS anchor, round, place,
       to_json(said)::VARCHAR AS said
     FROM (SELECT *, row_number() OVER (PARTITION BY ${KEY} ORDER BY round) AS place,
         max(round) OVER (PARTITION BY label_set_id) AS newest
       FROM looks WHERE was_successfully_labeled AND is_same)
     WHERE place <= 2 OR round = newest ORDER BY label_set_id, anchor, round`,
  );
  await database.run("DROP TABLE looks");
  return {
    rounds,
    looks: looks.map(({ said, ...look }) => ({ ...look, values: JSON.parse(said) })),
  };
}

/** Give the columns that are compared, with their types. */
async function comparedColumns(
  database: Database,
  files: string[],
): Promise<Record<string, string>> {
  const found = await rows<{ column_name: string; column_type: string }>(
    database,
    `DESCRIBE SELECT * FROM read_parquet(${
      literal(files)
    }, union_by_name = true, hive_partitioning = false)`,
  );
  return Object.fromEntries(
    found.map(({ column_name, column_type }) => [column_name, column_type])
      .filter(([name]) => CATEGORY.test(name!) || SCORE.test(name!)),
  );
}
