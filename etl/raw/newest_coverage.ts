import { queryWhole } from "../store/damage.ts";
import type { Database, Row } from "../store/duckdb.ts";
import type { DataPaths } from "../store/paths.ts";
import { holdFiles } from "../store/reading.ts";

/** Days of coverage that are read first: older ones matter only to a source that paused. */
const RECENT_DAYS = 3;

/**
 * Give the result of a one-row query in the newest days of coverage, else in all earlier days.
 *
 * This keeps the cost of a run constant. Damaged parts are left out: they may cost a stretch that is
 * read twice, and must not cost the hours to come.
 */
export async function newestCoverage<R extends Row>(
  database: Database,
  paths: DataPaths,
  query: (files: string[]) => string,
  isFound: (row: R) => boolean,
): Promise<R | undefined> {
  await using _files = await holdFiles(paths);
  const files = paths.files("coverage");
  const recent = [...new Set(files.map(({ day }) => day!))].sort().at(-RECENT_DAYS) ?? "";
  const { newest = [], older = [] } = Object.groupBy(
    files,
    ({ day }) => day! >= recent ? "newest" : "older",
  );
  for (const part of [newest, older]) {
    const [found] = await queryWhole<R>(database, part.map(({ path }) => path), query);
    if (isFound(found!)) return found;
  }
  return undefined;
}
