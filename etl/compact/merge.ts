import { basename } from "node:path";
import { UserError } from "../run/error.ts";
import { firstDamage } from "../store/damage.ts";
import { type Database, literal, resetThreads, row, rows } from "../store/duckdb.ts";
import { relation, writeParquet } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { whileNobodyReads } from "../store/reading.ts";
import {
  finishReplacement,
  type Replacement,
  replacementFile,
  uncountedPath,
} from "../store/replacement.ts";
import type { Table } from "../store/tables.ts";
import { type CompactedTable, mergedName } from "./parts.ts";

/**
 * How merging parts ended. `changed`: another task removed deleted rows meanwhile; `busy`: another
 * task still reads.
 */
export type Merged = "merged" | "changed" | "busy";

/** The parts of a day that are merged, and the file that takes their place. */
export interface Merging extends CompactedTable {
  paths: DataPaths;
  database: Database;
  day: string;
  files: string[];
  /** Whether to try again, after a while, to switch while others read. */
  wait: () => Promise<boolean>;
  /** Called after each step, for tests that end the process there. */
  at?: (step: string) => void;
}

/**
 * Merge parts of a day into one file that takes their place, rows in the order of the parts.
 *
 * The caller holds the lock `compact`. The merged file is durable and has been compared with the
 * parts before the list `compaction.json` names both; from then on the next task finishes it.
 * Memory: one row group, on one thread. Throws where a part is damaged; all parts then stay.
 */
export async function mergeParts(merging: Merging): Promise<Merged> {
  const { paths, database, folder, table, day, files, wait, at = () => {} } = merging;
  const { root } = paths;
  await refuseNewer(database, table, files);
  const id = crypto.randomUUID().slice(0, 8);
  const merged = mergedName(files, day, id);
  const replaced = files.map((file) => basename(file));
  const list: Replacement = { id, state: "writing", table: folder, day, merged, replaced };
  const before = await statesOf(files);
  await replacementFile(root).write(list);
  at("writing is listed");
  const undo = async (result: Merged) => {
    await finishReplacement(root);
    return result;
  };
  const uncounted = uncountedPath(root, list);
  try {
    await writeMerged(database, table, files, uncounted);
  } catch (error) {
    await undo("changed");
    if (await statesOf(files) !== before) return "changed";
    throw await firstDamage(database, files, "run compact") ?? error;
  }
  at("merged file is written");
  for (;;) {
    let result: Merged = "busy";
    const isQuiet = await whileNobodyReads(paths, async () => {
      if (await statesOf(files) !== before) {
        result = await undo("changed");
        return;
      }
      await replacementFile(root).write({ ...list, state: "switching" });
      at("switching is listed");
      await finishReplacement(root, at);
      result = "merged";
    });
    if (isQuiet) return result;
    if (!await wait()) return await undo("busy");
  }
}

async function writeMerged(
  database: Database,
  table: Table,
  files: string[],
  path: string,
): Promise<void> {
  // One thread holds one row group, and writes rows in the order of the list.
  await database.run("SET threads = 1; SET preserve_insertion_order = true");
  try {
    await writeParquet(database, table, `FROM ${relation(table, files)}`, path);
    const digest = (files: string[]) =>
      `(SELECT {'n': count(*), 'x': bit_xor(h), 's': sum(h)}
        FROM (SELECT hash(t) AS h FROM ${relation(table, files)} AS t))`;
    const { same } = await row<{ same: boolean }>(
      database,
      `SELECT ${digest(files)} = ${digest([path])} AS same`,
    );
    if (!same) throw new Error(`${path} does not have the rows of its parts`);
  } finally {
    await database.run("RESET preserve_insertion_order");
    await resetThreads(database);
  }
}

/** Refuse to compact files of a later version: their columns would be lost. */
async function refuseNewer(database: Database, table: Table, files: string[]): Promise<void> {
  const versions = await rows<{ file_name: string }>(
    database,
    `SELECT file_name FROM parquet_kv_metadata(${literal(files)})
     WHERE decode(key) = 'civicsky_schema_version' AND decode(value)::INTEGER > ${table.version}`,
  ).catch(async (error) => {
    throw await firstDamage(database, files, "run compact") ?? error;
  });
  if (versions.length === 0) return;
  throw new UserError(
    "run compact",
    `the file ${versions[0]!.file_name} is of a later version of civicsky`,
    "Update civicsky; nothing was changed",
  );
}

/** Give values that change when a file is rewritten or removed. */
async function statesOf(files: string[]): Promise<string> {
  const states = await Promise.all(files.map(async (file) => {
    try {
      const { ino, size, mtime } = await Deno.stat(file);
      return [ino, size, mtime?.getTime()];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }));
  return JSON.stringify(states);
}
