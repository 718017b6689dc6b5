import { type GivenLabel, landGivenLabels } from "./given_labels.ts";
import { GIVEN_VERSION, type LabelSet } from "../labels/label_set.ts";
import { readProbability, UNREADABLE } from "./cell.ts";
import { ANSWER_COLUMNS } from "../labels/paid_answer.ts";
import type { Context } from "../command/command.ts";

/** The classifier whose scores an import may bring, with its columns: probabilities, 0 to 1. */
export interface ScoreTable {
  classifier: string;
  columns: Record<string, "DOUBLE">;
}

/** Describe scores that were given before: one label set for each name and set of columns. */
export function scoreLabelSet(classifier: string, name: string, columns: string[]): LabelSet {
  return {
    classifier,
    classifier_version: GIVEN_VERSION,
    // The file does not name its version; the name does.
    model: null,
    codebook: null,
    codebook_hash: null,
    prompt_hash: null,
    parameters: { imported_as: name, columns: columns.toSorted() },
  };
}

/** Read the scores of a row of an import, of those columns that have one; `unreadable` gets the rest. */
export function readScores(
  fields: Record<string, string>,
  columns: Record<string, string>,
  unreadable: string[],
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(columns).flatMap(([name, column]) => {
      const value = readProbability(fields[column]!);
      if (value === UNREADABLE) unreadable.push(column);
      return typeof value === "number" ? [[name, value] as const] : [];
    }),
  );
}

/** Land scores in the labels of their classifier (see `landGivenLabels`); columns are those of the set. */
export async function landScores(
  context: Context,
  set: LabelSet,
  { columns }: ScoreTable,
  given: string[],
  scores: GivenLabel[],
): Promise<void> {
  const read = given.map((name) => [name, `(given::JSON->>'${name}')::DOUBLE`]);
  await landGivenLabels(
    context,
    set,
    { table: { ...columns, ...ANSWER_COLUMNS }, read: Object.fromEntries(read) },
    scores,
  );
}
