import type { Examination } from "../../etl/doctor/examination.ts";
import { type Finding, note, problem } from "../../etl/doctor/finding.ts";
import { GIVEN_VERSION } from "../../etl/labels/label_set.ts";
import { literal, row } from "../../etl/store/duckdb.ts";
import { relation } from "../../etl/store/parquet.ts";
import { LABEL_SETS } from "../../etl/store/tables.ts";

/**
 * Give the findings for a missing key: a problem where the next `daily` would stop labelling with a
 * classifier that had one. Labels that came with a file needed none.
 */
export async function missingKey(
  examination: Examination,
  classifiers: string[],
  key: string,
  remedy: string,
): Promise<Finding[]> {
  const { paths, study } = examination;
  const findings: Finding[] = [];
  const idle: string[] = [];
  for (const name of classifiers) {
    const newest = paths.files(`labels/${name}`).map(({ day }) => day ?? "").sort().at(-1);
    const isDaily = study.daily.classifiers?.includes(name) ?? true;
    if (newest === undefined || !isDaily || !await hasOwnLabels(examination, name)) {
      idle.push(name);
      continue;
    }
    findings.push(problem(
      `${key} is not set, and classify:${name} has labelled posts until ${newest}`,
      `${remedy}. To stop labelling with it, remove its section from study.yaml`,
    ));
  }
  if (idle.length > 0) {
    const tasks = idle.map((name) => `classify:${name}`).join(" and ");
    findings.push(note(`${key} is not set: ${tasks} cannot run`, remedy));
  }
  return findings;
}

/** Did a classifier ask a service, for one of its label sets at least? */
async function hasOwnLabels({ paths, database }: Examination, name: string): Promise<boolean> {
  const files = paths.files("label_sets").map(({ path }) => path)
    .filter((path) => path === paths.labelSets(name));
  // Nothing says otherwise.
  if (files.length === 0) return true;
  const { own } = await row<{ own: boolean }>(
    database,
    `SELECT count(*) FILTER (classifier_version IS DISTINCT FROM ${
      literal(GIVEN_VERSION)
    }) > 0 AS own
     FROM ${relation(LABEL_SETS, files)}`,
  );
  return own;
}
