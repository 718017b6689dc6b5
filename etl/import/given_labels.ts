import { labelFiles, labelTable, mergeLabels } from "../labels/label_file.ts";
import { enterLabelSet, type LabelSet, labelSetId } from "../labels/label_set.ts";
import { now } from "../run/clock.ts";
import type { Context } from "../command/command.ts";
import { literal } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";

/** The labels of one post from before its import. */
export interface GivenLabel {
  uri: string;
  /** The version of the post that was labelled, where the file says so. */
  cid?: string | null;
  text: string;
  /** UTC day of the post. */
  day: string;
  coder: string | null;
  /** The label columns, as JSON. */
  values: Record<string, string | number>;
}

/** The label columns of a classifier. */
export interface GivenColumns {
  /** All that its table has, with their types. */
  table: Record<string, string>;
  /** SQL that reads the given columns from `given`, with the values as JSON. */
  read: Record<string, string>;
}

/**
 * Land labels that came with their posts; a later one of the same coder for a post replaces the
 * earlier one.
 *
 * An identical existing label stays as it is. None has a `label_prob`: it is unknown
 * how likely its post was to be labelled. Without labels there is no label set either.
 */
export async function landGivenLabels(
  { database, paths, study, runId }: Context,
  set: LabelSet,
  columns: GivenColumns,
  labels: GivenLabel[],
): Promise<void> {
  const table = labelTable(columns.table);
  for (const [day, ofDay] of Map.groupBy(labels, (label) => label.day)) {
    await database.run(`CREATE OR REPLACE TEMP TABLE given_labels
      (uri VARCHAR, cid VARCHAR, text VARCHAR, coder VARCHAR, given VARCHAR)`);
    const appender = await database.createAppender("given_labels");
    for (const { uri, cid = null, text, coder, values } of ofDay) {
      for (const value of [uri, cid, text, coder, JSON.stringify(values)]) {
        if (value === null) appender.appendNull();
        else appender.appendVarchar(value.toWellFormed());
      }
      appender.endRow();
    }
    appender.closeSync();
    const provenance = {
      label_set_id: labelSetId(set),
      was_successfully_labeled: true,
      label_timestamp: now(),
      model: set.model,
      codebook_hash: set.codebook_hash,
      parameters: JSON.stringify(set.parameters),
      run_id: runId,
    };
    const selected = [
      ...Object.entries(provenance).map(([name, value]) => `${literal(value)} AS ${name}`),
      ...Object.entries(columns.read).map(([name, sql]) => `${sql} AS ${name}`),
    ];
    const isSame = ["parameters", ...Object.keys(columns.read)].map((name) =>
      `here.${name} IS NOT DISTINCT FROM fresh.${name}`
    );
    await mergeLabels(
      database,
      paths,
      set.classifier,
      table,
      day,
      `WITH fresh AS (
         SELECT uri, cid, left(sha256(text), 32) AS text_hash, coder, ${selected.join(", ")}
         FROM given_labels
       )
       SELECT * FROM fresh WHERE NOT EXISTS (
         FROM ${relation(table, labelFiles(paths, set.classifier, day))} here
         WHERE here.uri = fresh.uri AND here.text_hash = fresh.text_hash
           AND here.cid IS NOT DISTINCT FROM fresh.cid
           AND here.label_set_id = fresh.label_set_id
           AND here.coder IS NOT DISTINCT FROM fresh.coder AND ${isSame.join(" AND ")})`,
    );
  }
  if (labels.length > 0) await enterLabelSet(database, paths, study, set);
}
