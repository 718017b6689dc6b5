import { basename } from "node:path";
import type { DataPaths, PartitionFile } from "../store/paths.ts";
import { CONTEXTS, COUNTS, COVERAGE, RAW, type Table, TOMBSTONES } from "../store/tables.ts";

/** A table whose parts are merged, by its folder under the data folder. */
export interface CompactedTable {
  folder: string;
  table: Table;
}

/** Bytes: parts from the one on stay as they are, and others are merged until they have the other. */
export interface Sizes {
  small: number;
  merged: number;
}
/** The sizes that compacting goes by. */
const SIZES: Sizes = { small: 64 * 2 ** 20, merged: 256 * 2 ** 20 };

/** Rows of a group, where rows are wide: what readers hold in memory. */
const WIDE_ROWS_A_GROUP = 2048;
/** Tables under `raw/` that are no posts of a source. */
const NO_SOURCE: Record<string, Table> = {
  tombstones: TOMBSTONES,
  counts: COUNTS,
  context: { ...CONTEXTS, rowsAGroup: WIDE_ROWS_A_GROUP },
};

/** List the tables that get a part with each run; those with a file a day or a run stay as they are. */
export function compactedTables(paths: DataPaths): CompactedTable[] {
  const raw = paths.names("raw").map((name) => ({
    folder: `raw/${name}`,
    table: NO_SOURCE[name] ?? { ...RAW, rowsAGroup: WIDE_ROWS_A_GROUP },
  }));
  return [...raw, { folder: "coverage", table: COVERAGE }];
}

/**
 * Give the parts of each day before `today` that are to become one file, oldest day first.
 *
 * Parts stay together in the order of their names, which is that in which they came. A part whose
 * segment is still in a journal is left out: it will be landed again under its name.
 */
export async function partsToMerge(
  paths: DataPaths,
  folder: string,
  today: string,
  { small, merged }: Sizes = SIZES,
): Promise<{ day: string; files: string[] }[]> {
  const found = paths.files(folder).filter(({ day }) => day !== undefined && day < today);
  // Listed after the parts: a segment that is not here any more has landed before they were listed.
  const segments = paths.segments();
  const groups: { day: string; files: string[] }[] = [];
  for (const [day, parts] of Map.groupBy(found, (file: PartitionFile) => file.day!)) {
    let files: string[] = [];
    let bytes = 0;
    const close = () => {
      if (files.length > 1) groups.push({ day, files });
      [files, bytes] = [[], 0];
    };
    for (const { path } of parts) {
      if (segments.some((segment) => basename(path).startsWith(`${segment}.`))) continue;
      const { size } = await Deno.stat(path);
      if (size >= small) continue;
      files.push(path);
      bytes += size;
      if (bytes >= merged) close();
    }
    close();
  }
  return groups;
}

/** Name the file that parts become: it sorts where they did, and says as they do which days it touches. */
export function mergedName(files: string[], day: string, id: string): string {
  const names = files.map((file) => basename(file, ".parquet"));
  const spans = names.map(spanOf);
  // A part that does not say so touches the day on which it was seen.
  const days = spans.some((span) => span) ? spans.flatMap((span) => span ?? [day]).sort() : [];
  const span = days.length > 0 ? `.${days[0]}_${days.at(-1)}` : "";
  return `${names[0]!.split(/[-.]/)[0]}-merged-${id}${span}.parquet`;
}

/** Give the first and the last day of posts that the name of a part, merged or not, says it may touch. */
export function spanOf(name: string): [string, string] | undefined {
  const [, first, last] = /\.(\d{4}-\d\d-\d\d)_(\d{4}-\d\d-\d\d)(?:\.parquet)?$/.exec(name) ?? [];
  return first && last ? [first, last] : undefined;
}
