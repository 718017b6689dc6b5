/** Prints the chain of a data folder and a study, and why its steps would be left out. */
import { CLASSIFIERS } from "../../../classifiers/list.ts";
import { chain } from "../../../etl/daily/chain.ts";
import { readStudy } from "../../../etl/study/study.ts";
import { DataPaths } from "../../../etl/store/paths.ts";

const [data, study, date] = Deno.args as [string, string, string | undefined];
const steps = await chain(
  { paths: new DataPaths(data), study: readStudy(study) },
  CLASSIFIERS,
  date,
);
console.log(JSON.stringify(
  steps.map(({ task, args, lacks }) => [[task, ...args].join(" "), lacks ?? null]),
));
