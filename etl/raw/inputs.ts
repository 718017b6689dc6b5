import { basename } from "node:path";
import { confirmedDay } from "./confirmed_day.ts";
import { UserError } from "../run/error.ts";
import { readArchive } from "../store/archive.ts";
import type { Database } from "../store/duckdb.ts";
import { damage, damagedFile } from "../store/damage.ts";
import type { DataPaths } from "../store/paths.ts";

const DAY_MS = 86_400_000;

/** The inputs of preprocess, without damaged files. */
export interface Inputs {
  /** Raw parts by source. */
  raw: Record<string, string[]>;
  tombstones: string[];
  coverage: string[];
  /** Parts of `raw/counts`. */
  counts: string[];
  /** Parts of `raw/context`. */
  contexts: string[];
  /** Days of posts that a damaged file may touch, or that are archived; they stay as they are. */
  stoppedDays: Set<string>;
  /** Days of posts whose raw data was moved to an archive. */
  archivedDays: Set<string>;
  /** The posts of those days. */
  archivedPosts: string[];
  /** The UTC day up to which time has passed for certain (`confirmedDay`). */
  confirmedDay: string | undefined;
  errors: UserError[];
}

/** Folders of `raw/` that hold no posts. */
const NO_SOURCE = ["tombstones", "context", "counts"];

/** List the files that preprocess reads. */
export function listInputs(paths: DataPaths): Inputs {
  const list = (table: string) => paths.files(table).map(({ path }) => path);
  const sources = paths.names("raw").filter((name) => !NO_SOURCE.includes(name));
  const archivedDays = new Set(readArchive(paths)?.days);
  return {
    raw: Object.fromEntries(sources.map((source) => [source, list(`raw/${source}`)])),
    tombstones: list("raw/tombstones"),
    coverage: list("coverage"),
    counts: list("raw/counts"),
    contexts: list("raw/context"),
    stoppedDays: new Set(archivedDays),
    archivedDays,
    archivedPosts: paths.files("posts").filter(({ day }) => archivedDays.has(day!))
      .map(({ path }) => path),
    confirmedDay: confirmedDay(paths),
    errors: [],
  };
}

/**
 * Do something with the inputs; where that fails, leave damaged files out and begin again.
 *
 * `doing` says in errors what cannot be done.
 * Checking every file before its use would double the time.
 */
export async function withoutDamage<T>(
  database: Database,
  paths: DataPaths,
  inputs: Inputs,
  doing: string,
  work: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof UserError) throw error;
      if (!await leaveDamagedInputs(database, paths, inputs, doing)) throw error;
    }
  }
}

/**
 * Remove damaged files from the inputs after a failed read; each file is read whole.
 *
 * A damaged part of raw data, counts or coverage stops the days of posts that it may touch, and its error is added. A
 * damaged tombstone part throws: without it, deleted posts would come back. Gives whether any file
 * was taken out.
 */
async function leaveDamagedInputs(
  database: Database,
  paths: DataPaths,
  inputs: Inputs,
  doing: string,
): Promise<boolean> {
  const before = inputs.errors.length;
  const whole = async (files: string[], touched: (path: string) => string[]) => {
    const kept: string[] = [];
    for (const path of files) {
      const what = await damage(database, path);
      if (what === undefined) {
        kept.push(path);
        continue;
      }
      const error = damagedFile(doing, path, what);
      if (inputs.tombstones.includes(path)) throw error;
      inputs.errors.push(error);
      for (const stopped of touched(path)) inputs.stoppedDays.add(stopped);
    }
    return kept;
  };
  const dayOf = (table: string, path: string) =>
    paths.files(table).find((file) => file.path === path)!.day;
  await whole(inputs.tombstones, () => []);
  const daysOf = (table: string) => (path: string) => {
    const day = dayOf(table, path) ?? "";
    const span = /\.(\d{4}-\d\d-\d\d)_(\d{4}-\d\d-\d\d)\.parquet$/.exec(basename(path));
    return daysBetween(span?.[1] ?? day, span?.[2] ?? day);
  };
  for (const [source, files] of Object.entries(inputs.raw)) {
    inputs.raw[source] = await whole(files, daysOf(`raw/${source}`));
  }
  inputs.counts = await whole(inputs.counts, daysOf("raw/counts"));
  inputs.contexts = await whole(inputs.contexts, () => []);
  inputs.coverage = await whole(inputs.coverage, (path) => {
    const day = dayOf("coverage", path) ?? "";
    return daysBetween(day, day);
  });
  return inputs.errors.length > before;
}

/**
 * Give the days from `first` to `last` with one more on each side, as a date may lie a day off; none
 * of a folder that is no day.
 */
function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  const end = Date.parse(last) + DAY_MS;
  for (let time = Date.parse(first) - DAY_MS; time <= end; time += DAY_MS) {
    days.push(new Date(time).toISOString().slice(0, 10));
  }
  return days;
}
