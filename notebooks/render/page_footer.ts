import { now } from "../../etl/run/clock.ts";
import type { Context } from "../../etl/command/command.ts";
import { queryWhole } from "../../etl/store/damage.ts";
import type { Database } from "../../etl/store/duckdb.ts";
import { relation } from "../../etl/store/parquet.ts";
import type { DataPaths } from "../../etl/store/paths.ts";
import { LABEL_SETS } from "../../etl/store/tables.ts";
import { codeFingerprint, dataFingerprint, notebookHash } from "./fingerprint.ts";
import { formatCount } from "../measures/number_format.ts";
import type { Notebook } from "./notebook.ts";
import { parametersOf } from "./notebook_parameter.ts";

/** Give the lines of a page's footer that say what data and code it is made of. */
export async function dataLines({ paths, database, studyPath }: Context): Promise<string[]> {
  const [data, code] = [await dataFingerprint(paths), await codeFingerprint(studyPath)];
  return [
    dataRange(paths),
    ...await labelSets(database, paths),
    `Data: sha256 ${data.hash} of ${formatCount(data.files, "file")}. ` +
    `Code and study: sha256 ${code.hash}.`,
  ];
}

/** Give the lines that say from which notebook a page is made, and with which parameters. */
export function notebookLines(
  name: string,
  notebook: Notebook,
  given: Map<string, string>,
): string[] {
  const set = parametersOf(notebook).filter(({ name }) => given.has(name))
    .map(({ name }) => `${name} = ${given.get(name)}`);
  return [
    ...set.length > 0 ? [`Parameters that were set: ${set.join(", ")}.`] : [],
    `Made from ${name}.ipynb (sha256 ${notebookHash(notebook)}) on ` +
    `${now().toISOString().slice(0, 16).replace("T", " ")} UTC.`,
  ];
}

function dataRange(paths: DataPaths): string {
  const days = paths.files("posts").flatMap(({ day }) => day ?? []).sort();
  if (days.length === 0) return "There are no posts yet.";
  return `Posts of ${days[0]} to ${days.at(-1)} (UTC).`;
}

async function labelSets(database: Database, paths: DataPaths): Promise<string[]> {
  const files = paths.files("label_sets").map(({ path }) => path);
  const shown = await queryWhole<{ classifier: string; codebook: string; label_set_id: string }>(
    database,
    files,
    (files) =>
      `SELECT classifier, codebook, label_set_id FROM ${relation(LABEL_SETS, files)}
     WHERE is_shown ORDER BY classifier, label_set_id`,
  );
  return shown.map(({ classifier, codebook, label_set_id }) =>
    `Labels: ${classifier}${codebook ? ` ${codebook}` : ""}, label set ${label_set_id}.`
  );
}
