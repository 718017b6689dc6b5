import { createHash } from "node:crypto";
import { labelFiles, labelTable, mergeLabels } from "./label_file.ts";
import { enterLabelSet, type LabelSet, labelSetId } from "./label_set.ts";
import { now } from "./run/clock.ts";
import type { Context } from "./run/command.ts";
import { literal } from "./store/duckdb.ts";
import { relation } from "./store/parquet.ts";

export const CLASSIFIER = "human";

/** Label columns of `labels/human`, after those that all labels have. */
export const COLUMNS = { labels: "MAP(VARCHAR, VARCHAR)" } as const;

/** What one coder said of one post. */
export interface HumanLabel {
  uri: string;
  text: string;
  /** UTC day of the post. */
  day: string;
  coder: string | null;
  /** Values by variable. */
  labels: Record<string, string>;
}

/** Describe what people coded: one label set for each name and set of variables. */
export function humanLabelSet(name: string, variables: string[]): LabelSet {
  return {
    classifier: CLASSIFIER,
    classifier_version: "1",
    model: null,
    codebook: name,
    codebook_hash: createHash("sha256").update(name).digest("hex"),
    prompt_hash: null,
    parameters: { variables: [...variables].sort() },
  };
}

/**
 * Land labels in `labels/human`; a later label of the same coder for a post takes its place.
 *
 * A label that is there already, word for word, stays as it is.
 */
export async function landHumanLabels(
  { database, paths, study, runId }: Context,
  set: LabelSet,
  labels: HumanLabel[],
): Promise<void> {
  const table = labelTable(COLUMNS);
  for (const [day, ofDay] of Map.groupBy(labels, (label) => label.day)) {
    await database.run(`CREATE OR REPLACE TEMP TABLE human_labels
      (uri VARCHAR, text VARCHAR, coder VARCHAR, labels VARCHAR)`);
    const appender = await database.createAppender("human_labels");
    for (const { uri, text, coder, labels } of ofDay) {
      for (const value of [uri, text, coder, JSON.stringify(labels)]) {
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
      codebook_hash: set.codebook_hash,
      parameters: JSON.stringify(set.parameters),
      run_id: runId,
    };
    const columns = Object.entries(provenance).map(([name, value]) =>
      `${literal(value)} AS ${name}`
    );
    await mergeLabels(
      database,
      paths,
      CLASSIFIER,
      table,
      day,
      `WITH given AS (
         SELECT uri, left(sha256(text), 32) AS text_hash, coder, ${columns.join(", ")},
           labels::JSON::MAP(VARCHAR, VARCHAR) AS labels FROM human_labels
       )
       SELECT * FROM given WHERE NOT EXISTS (
         FROM ${relation(table, labelFiles(paths, CLASSIFIER, day))} here
         WHERE here.uri = given.uri AND here.text_hash = given.text_hash
           AND here.label_set_id = given.label_set_id
           AND here.coder IS NOT DISTINCT FROM given.coder AND here.labels = given.labels)`,
    );
  }
  if (labels.length > 0) await enterLabelSet(database, paths, study, set);
}
