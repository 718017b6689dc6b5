import type { DataPaths } from "./paths.ts";

/** How many are named. */
const NAMED = 3;

/** Warn of Parquet files that lie in the folders of tables and that no task reads. */
export function warnOfStrays(
  { paths, warn }: { paths: DataPaths; warn: (text: string) => void },
): void {
  const named = namedStrays(paths);
  if (named !== undefined) warn(`${named}; move copies out of the data folder`);
}

/** Say which files those are, undefined where there are none. */
export function namedStrays(paths: DataPaths): string | undefined {
  const strays = paths.allStrays();
  if (strays.length === 0) return undefined;
  const more = strays.length > NAMED ? ` and ${strays.length - NAMED} more` : "";
  return `${strays.slice(0, NAMED).join(", ")}${more}: no task writes files of that name, ` +
    "so that they are not read";
}
