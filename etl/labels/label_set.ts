import { createHash } from "node:crypto";
import { now } from "../run/clock.ts";
import type { Study } from "../study/study.ts";
import { type Database, literal } from "../store/duckdb.ts";
import { firstDamage } from "../store/damage.ts";
import { relation, writeParquet } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { LABEL_SETS } from "../store/tables.ts";

/** The version of classifiers whose labels came with a file; raised when it is read as other labels. */
export const GIVEN_VERSION = "imported-1";

/** The definition of a label; labels that differ in any part belong to different label sets. */
export interface LabelSet {
  classifier: string;
  classifier_version: string;
  model: string | null;
  /** Name of the codebook; the hash decides. */
  codebook: string | null;
  codebook_hash: string | null;
  prompt_hash: string | null;
  parameters: Record<string, unknown>;
}

/** The same as a row of `label_sets` has it; the parameters are JSON. */
export interface LabelSetRow {
  classifier: string;
  label_set_id: string;
  classifier_version: string | null;
  model: string | null;
  codebook: string | null;
  codebook_hash: string | null;
  prompt_hash: string | null;
  parameters: string | null;
}

/** Give the id of a label set: 16 hex digits of the sha256 of its definition. */
export function labelSetId(set: LabelSet): string {
  const { codebook: _name, parameters, ...rest } = set;
  const sorted = Object.fromEntries(Object.entries(parameters).sort(([a], [b]) => a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify([
    rest.classifier,
    rest.classifier_version,
    rest.model,
    rest.codebook_hash,
    rest.prompt_hash,
    sorted,
  ])).digest("hex").slice(0, 16);
}

/**
 * Record a label set in the table `label_sets`, and mark the one that views show.
 *
 * Views show the one that the study names for the classifier, else the one used last.
 */
export async function enterLabelSet(
  database: Database,
  paths: DataPaths,
  study: Study,
  set: LabelSet,
): Promise<void> {
  const path = paths.labelSets(set.classifier);
  const files = paths.files("label_sets").map((file) => file.path).filter((file) => file === path);
  const damaged = await firstDamage(database, files, `record the label set of ${set.classifier}`);
  if (damaged) throw damaged;
  const id = labelSetId(set);
  const columns = {
    label_set_id: id,
    classifier: set.classifier,
    classifier_version: set.classifier_version,
    model: set.model,
    codebook: set.codebook,
    codebook_hash: set.codebook_hash,
    prompt_hash: set.prompt_hash,
    parameters: JSON.stringify(set.parameters),
    last_used: now(),
  };
  const shown = study.label_sets[set.classifier];
  const select = Object.entries(columns).map(([name, value]) => `${literal(value)} AS ${name}`);
  await writeParquet(
    database,
    LABEL_SETS,
    `WITH old AS ${relation(LABEL_SETS, files)},
     sets AS (
       SELECT ${select.join(", ")},
         coalesce((SELECT first_used FROM old WHERE label_set_id = ${literal(id)}),
           ${literal(columns.last_used)}) AS first_used
       UNION ALL BY NAME
       SELECT * EXCLUDE is_shown FROM old WHERE label_set_id <> ${literal(id)}
     ),
     chosen AS (
       SELECT label_set_id FROM sets
       ORDER BY label_set_id = ${literal(shown ?? "")} DESC, last_used DESC,
         label_set_id = ${literal(id)} DESC LIMIT 1
     )
     SELECT *, label_set_id = (SELECT label_set_id FROM chosen) AS is_shown FROM sets
     ORDER BY first_used, label_set_id`,
    path,
  );
}
