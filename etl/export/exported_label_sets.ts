import { type ChosenLabelSet, ownColumns } from "./analysis_column.ts";
import { CLASSIFIER as HUMAN } from "../labels/coded_posts.ts";
import type { LabelSetRow } from "../labels/label_set.ts";
import { EXIT, UserError } from "../run/error.ts";
import { readableFiles } from "../store/damage.ts";
import { type Database, literal, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { LABEL_SETS } from "../store/tables.ts";

/** A label set in an analysis file, the shown one of its classifier, with the files of its labels. */
export interface ExportedLabelSet extends ChosenLabelSet, LabelSetRow {
  filesOf(day: string): string[];
}

/**
 * Give the label sets of an analysis file: the shown ones of some classifiers, by default of all with labels.
 *
 * Throws a usage error for a classifier that has none, and an error where a file of human labels
 * is damaged.
 */
export async function chosenLabelSets(
  database: Database,
  paths: DataPaths,
  names: string[] | undefined,
): Promise<ExportedLabelSet[]> {
  const files = paths.files("label_sets").map(({ path }) => path);
  const shown = await rows<ExportedLabelSet & Record<string, unknown>>(
    database,
    `SELECT * EXCLUDE (first_used, last_used, is_shown) FROM ${relation(LABEL_SETS, files)}
     WHERE is_shown ORDER BY classifier`,
  );
  const known = shown.map(({ classifier }) => classifier);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UserError(
      "export labels",
      `nothing is labelled by ${JSON.stringify(unknown)}`,
      known.length > 0 ? `There are labels of ${known.join(", ")}` : "Run a classify task first",
      { exitCode: EXIT.usage },
    );
  }
  const chosen = shown.filter(({ classifier }) => names?.includes(classifier) ?? true);
  return await Promise.all(chosen.map(async (set) => {
    const labels = paths.files(`labels/${set.classifier}`);
    const { whole, errors } = await readableFiles(
      database,
      labels.map(({ path }) => path),
      "export labels",
    );
    // Human labels cover posts of any day, so that a missing file would not show which posts are missing.
    if (set.classifier === HUMAN && errors.length > 0) throw errors[0]!;
    return {
      ...set,
      columns: ownColumns(await columnsOf(database, whole)),
      filesOf: (day: string) => labels.filter((file) => file.day === day).map(({ path }) => path),
    };
  }));
}

async function columnsOf(database: Database, files: string[]): Promise<Record<string, string>> {
  if (files.length === 0) return {};
  const found = await rows<{ column_name: string; column_type: string }>(
    database,
    `DESCRIBE SELECT * FROM read_parquet(${literal(files)}, union_by_name = true,
       hive_partitioning = false)`,
  );
  return Object.fromEntries(found.map((column) => [column.column_name, column.column_type]));
}

/** Give a table of the label sets of an analysis file for people, its head first; a missing hash is empty. */
export function describeLabelSets(sets: ExportedLabelSet[]): string[][] {
  return [
    [
      "classifier",
      "label set",
      "version",
      "model",
      "codebook",
      "codebook hash",
      "prompt hash",
      "parameters",
    ],
    ...sets.map((set) => [
      set.classifier,
      set.label_set_id,
      set.classifier_version ?? "",
      set.model ?? "",
      set.codebook ?? "",
      set.codebook_hash ?? "",
      set.prompt_hash ?? "",
      set.parameters ?? "",
    ]),
  ];
}
