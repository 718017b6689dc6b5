import type { DataPaths } from "./paths.ts";

/** How many are named. */
const NAMED = 3;

/** Warn of Parquet files that lie in the folders of tables and that no task reads. */
export function warnOfStrays(
  { paths, warn }: { paths: DataPaths; warn: (text: string) => void },
): void {
  const strays = paths.allStrays();
  if (strays.length === 0) return;
  const more = strays.length > NAMED ? ` and ${strays.length - NAMED} more` : "";
  warn(
    `${
      strays.slice(0, NAMED).join(", ")
    }${more}: no task writes files of that name, so that they are ` +
      "not read; move copies out of the data folder",
  );
}
