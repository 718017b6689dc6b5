import { basename } from "node:path";
import type { UserError } from "./run/error.ts";
import type { Database } from "./store/duckdb.ts";
import { damage, damagedFile } from "./store/parquet.ts";
import type { DataPaths } from "./store/paths.ts";

const DAY_MS = 86_400_000;

/** What preprocess reads, without what is damaged. */
export interface Inputs {
  raw: Record<string, string[]>;
  tombstones: string[];
  coverage: string[];
  /** Days of posts that a damaged file may touch; they stay as they are. */
  stoppedDays: Set<string>;
  errors: UserError[];
}

/** Folders of `raw/` that hold no posts. */
const NO_SOURCE = ["tombstones", "context"];

/**
 * List the files that preprocess reads, each read once to see that it is whole.
 *
 * A damaged raw or coverage part stops the days of posts that it may touch. A damaged tombstone part
 * throws: without it, deleted posts would come back.
 */
export async function readInputs(database: Database, paths: DataPaths): Promise<Inputs> {
  const inputs: Inputs = {
    raw: {},
    tombstones: [],
    coverage: [],
    stoppedDays: new Set(),
    errors: [],
  };
  const whole = async (table: string, touched: (path: string, day: string) => string[]) => {
    const kept: string[] = [];
    for (const { path, day } of paths.files(table)) {
      const what = await damage(database, path);
      if (what === undefined) {
        kept.push(path);
        continue;
      }
      const error = damagedFile("preprocess", path, what);
      if (table === "raw/tombstones") throw error;
      inputs.errors.push(error);
      for (const stopped of touched(path, day!)) inputs.stoppedDays.add(stopped);
    }
    return kept;
  };
  for (const source of paths.names("raw").filter((name) => !NO_SOURCE.includes(name))) {
    inputs.raw[source] = await whole(`raw/${source}`, (path, day) => {
      const span = /\.(\d{4}-\d\d-\d\d)_(\d{4}-\d\d-\d\d)\.parquet$/.exec(basename(path));
      return daysBetween(span?.[1] ?? day, span?.[2] ?? day);
    });
  }
  inputs.tombstones = await whole("raw/tombstones", () => []);
  inputs.coverage = await whole("coverage", (_path, day) => daysBetween(day, day));
  return inputs;
}

/** Give the days from `first` to `last` with one more on each side, as a date may lie a day off. */
function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  const end = Date.parse(last) + DAY_MS;
  for (let time = Date.parse(first) - DAY_MS; time <= end; time += DAY_MS) {
    days.push(new Date(time).toISOString().slice(0, 10));
  }
  return days;
}
