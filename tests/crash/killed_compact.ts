/** Merges the parts of a day and ends itself, as `kill -9` does, after a step: DATA TABLE DAY STEP. */
import { compactedTables, partsToMerge } from "../../etl/compact/parts.ts";
import { mergeParts } from "../../etl/compact/merge.ts";
import { openDatabase } from "../../etl/store/duckdb.ts";
import { lock } from "../../etl/store/lock.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { COMPACT } from "../../etl/store/reading.ts";

const [data, folder, day, step] = Deno.args as [string, string, string, string];
const paths = new DataPaths(data);
using database = await openDatabase(data);
await lock(paths.locks(), COMPACT, "run compact");
const table = compactedTables(paths).find((table) => table.folder === folder)!;
const group = (await partsToMerge(paths, folder, "9")).find((group) => group.day === day)!;
await mergeParts({
  ...table,
  ...group,
  paths,
  database,
  wait: () => Promise.resolve(false),
  at: (reached) => {
    if (reached === step) Deno.kill(Deno.pid, "SIGKILL");
  },
});
