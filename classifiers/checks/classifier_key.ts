import type { Examination } from "../../etl/doctor/examination.ts";
import { type Finding, note, problem } from "../../etl/doctor/finding.ts";

/** Give the findings for a missing key: classifiers that had one stop labelling. */
export function missingKey(
  { paths }: Examination,
  classifiers: string[],
  key: string,
  remedy: string,
): Finding[] {
  const labelled = classifiers.flatMap((name) => {
    const newest = paths.files(`labels/${name}`).map(({ day }) => day ?? "").sort().at(-1);
    return newest === undefined ? [] : [{ name, newest }];
  });
  const never = classifiers.filter((name) => !labelled.some((it) => it.name === name));
  return [
    ...labelled.map(({ name, newest }) =>
      problem(
        `${key} is not set, and classify:${name} has labelled posts until ${newest}`,
        `${remedy}. To stop labelling with it, remove its section from study.yaml`,
      )
    ),
    ...never.length === 0 ? [] : [
      note(
        `${key} is not set: ${never.map((name) => `classify:${name}`).join(" and ")} cannot run`,
        remedy,
      ),
    ],
  ];
}
