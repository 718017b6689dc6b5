/** Gives checks of the doctor something to look at: real folders, and the study of the repository. */
import "../../common_environment.ts";
import { join } from "node:path";
import { examination } from "../../../etl/doctor/open_examination.ts";
import type { Examination } from "../../../etl/doctor/examination.ts";
import type { Finding } from "../../../etl/doctor/finding.ts";
import { Progress } from "../../../etl/run/progress.ts";
import { readStudy, type Study } from "../../../etl/study/study.ts";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

/** Examine a data folder; `changes` replace what the examination would say of the machine. */
export async function examined<T>(
  data: string,
  look: (examination: Examination) => T | Promise<T>,
  changes: Partial<Examination> = {},
): Promise<T> {
  using database = await openDatabase(data, true);
  const studyPath = SHIPPED_STUDY;
  const context = {
    paths: new DataPaths(data),
    study: changes.study ?? readStudy(studyPath),
    studyPath,
    database,
    progress: new Progress(),
    signal: new AbortController().signal,
    runId: "",
    warn() {},
  };
  const whole = examination(context, false);
  return await look({ ...whole, ...changes });
}

/** Give the study of the repository with other sources. */
export function studyWith(sources: {
  relays?: string[];
  servers?: string[];
  appview?: string;
  feeds?: string[];
  stream?: Study["daily"]["stream"];
}): Study {
  const study = readStudy(SHIPPED_STUDY);
  const { firehose, jetstream, most_liked } = study.sources;
  return {
    ...study,
    daily: { ...study.daily, stream: sources.stream ?? study.daily.stream },
    sources: {
      firehose: { ...firehose, relays: sources.relays ?? firehose.relays },
      jetstream: { ...jetstream, servers: sources.servers ?? jetstream.servers },
      most_liked: {
        ...most_liked,
        appview: sources.appview ?? most_liked.appview,
        feeds: sources.feeds ?? most_liked.feeds,
      },
    },
  };
}

/** Write a file that was last changed so many hours ago, with the folders above it. */
export async function aged(path: string, hours: number, text = "x"): Promise<string> {
  await Deno.mkdir(join(path, ".."), { recursive: true });
  await Deno.writeTextFile(path, text);
  const time = new Date(Date.now() - hours * 3_600_000);
  await Deno.utime(path, time, time);
  return path;
}

export function levels(findings: Finding[]): string[] {
  return findings.map(({ level }) => level);
}

/** Give an address at which nobody listens. */
export function closedPort(protocol: string): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return `${protocol}://127.0.0.1:${port}`;
}
