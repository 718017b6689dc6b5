/** Settles incidents with the study file and in the folder that the arguments name. */
import { readStudy } from "../../../etl/study/study.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { settleIncidents } from "../../../etl/watch/incidents.ts";

const [data, study, ...keys] = Deno.args;
const context = {
  paths: new DataPaths(data!),
  study: readStudy(study!),
  warn: (text: string) => console.error(text),
  signal: new AbortController().signal,
};
const current = keys.map((key) => ({ key, title: `${key} failed`, remedy: "Run it again" }));
console.log(JSON.stringify(await settleIncidents(context, "daily", current)));
