/** Folders with small parts, and what `deno task compact` makes of them. */
import { mergeParts } from "../../../etl/compact/merge.ts";
import { compactedTables, partsToMerge } from "../../../etl/compact/parts.ts";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { relation } from "../../../etl/store/parquet.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { COMPACT } from "../../../etl/store/reading.ts";
import { lock } from "../../../etl/store/lock.ts";
import { COVERAGE, RAW } from "../../../etl/store/tables.ts";
import { rawFolder, uri } from "../../raw.ts";
import { query } from "../../rows.ts";
import { runTask } from "../../task.ts";

export const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
export const DAY = "2026-06-01";
export const SPAN = `${DAY}_${DAY}`;

export function run(data: string, ...args: string[]) {
  return runTask([...args, "--data", data, "--json"], CLOCK);
}

/** Lay three parts of a day, of two posts each, one of them in two parts. */
export async function threeParts(data: string): Promise<DataPaths> {
  const folder = await rawFolder(data);
  for (const [index, rkeys] of [["b", "a"], ["c", "d"], ["e", "a"]].entries()) {
    const rows = rkeys.map((rkey, place) => ({
      uri: uri(rkey),
      cid: `c${rkey}`,
      rev: `r${index}`,
      cursor: 10 * index + place,
      event_time: `${DAY} 10:0${index}:0${place}`,
      seen_at: `${DAY} 10:0${index}:0${place}`,
      langs: ["en", "de"],
      text: `the post ${rkey} of part ${index}`,
    }));
    await folder.raw("firehose", DAY, `20260601T10000${index}000Z-relay-0.${SPAN}`, rows);
    await folder.coverage(DAY, `20260601T10000${index}000Z-relay-0`, [`${DAY} 10:0${index}:00`]);
  }
  return folder.paths;
}

/** Read a table as every reader lists it. */
export async function rowsOf(data: string, folder: string): Promise<unknown[]> {
  const files = new DataPaths(data).files(folder).map(({ path }) => path);
  return await query(data, `FROM ${relation(folder === "coverage" ? COVERAGE : RAW, files)}`);
}

export async function postsOf(data: string): Promise<unknown[]> {
  return await query(data, "SELECT * FROM read_parquet('{data}/posts/*/*.parquet')");
}

/** List the files of the day of a table, whatever they are. */
export function names(data: string, folder: string): string[] {
  return [...Deno.readDirSync(`${data}/${folder}/date=${DAY}`)].map(({ name }) => name).sort();
}

/** Merge the day of a table in this process, and give what came of it. */
export async function merge(data: string, wait: () => Promise<boolean>): Promise<string> {
  const paths = new DataPaths(data);
  using database = await openDatabase(data);
  await using _lock = await lock(paths.locks(), COMPACT, "run compact");
  const table = compactedTables(paths).find(({ folder }) => folder === "raw/firehose")!;
  const [group] = await partsToMerge(paths, "raw/firehose", "9");
  return await mergeParts({ ...table, ...group!, paths, database, wait });
}
