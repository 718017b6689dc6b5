import { listInputs } from "../raw/inputs.ts";
import { readRemovals, type Removals } from "../raw/removal.ts";
import { type Database, row } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { POSTS, RAW } from "../store/tables.ts";
import { hashKey } from "../raw/tombstone.ts";
import { spanOf } from "./parts.ts";

/** The days of posts that depend on raw parts which are to be archived. */
export interface RestingPosts {
  /** UTC days of posts that a row of them stands for, in order. */
  days: string[];
  /** Posts of them that are in no day yet, deleted and hidden ones aside. */
  lacking: number;
}

const DAY_MS = 86_400_000;

/** Read the removals before days are archived, once for many `daysOfPosts`. */
export async function openPosts(database: Database, paths: DataPaths): Promise<Removals> {
  const inputs = listInputs(paths);
  const raw = Object.values(inputs.raw).flat();
  const key = await hashKey(paths);
  return await readRemovals(database, inputs, raw, key);
}

/** Find the days of posts that rest on raw parts which are to be archived. */
export async function daysOfPosts(
  database: Database,
  paths: DataPaths,
  files: string[],
  removals: Removals,
): Promise<RestingPosts> {
  await database.run(`CREATE OR REPLACE TEMP TABLE lacking AS
    SELECT uri, any_value(did) AS did, max(event_time) AS event_time, max(rev) AS rev
    FROM ${relation(RAW, files)} GROUP BY uri`);
  const posts = paths.files("posts");
  const reach = reachOf(files);
  const near = posts.filter(({ day }) => day! >= reach.first && day! <= reach.last);
  const days = new Set<string>();
  const count = async () =>
    (await row<{ n: number }>(database, "SELECT count(*) AS n FROM lacking")).n;
  let left = await count();
  // Nearly all are in the days that the parts name; the rest, such as posts that were edited, may be in any.
  for (const { path, day } of [...near, ...posts.filter((file) => !near.includes(file))]) {
    if (left === 0) break;
    await database.run(`DELETE FROM lacking WHERE uri IN (
      SELECT uri FROM ${relation(POSTS, [path])} WHERE uri IN (SELECT uri FROM lacking))`);
    const before = left;
    left = await count();
    if (left < before) days.add(day!);
  }
  const { lacking } = await row<{ lacking: number }>(
    database,
    `SELECT count(*) AS lacking FROM lacking
     WHERE NOT ${
      removals.isRemoved({ time: "event_time", rev: "rev" })
    } AND NOT ${removals.isHidden()}`,
  );
  await database.run("DROP TABLE lacking");
  return { days: [...days].sort(), lacking };
}

/** Give the days that the names of parts say they may touch, with one more on each side. */
function reachOf(files: string[]): { first: string; last: string } {
  const spans = files.map(spanOf);
  const days = spans.flatMap((span) => span ?? []).sort();
  if (days.length === 0) return { first: "", last: "" };
  const move = (day: string, by: number) =>
    new Date(Date.parse(day) + by * DAY_MS).toISOString().slice(0, 10);
  return { first: move(days[0]!, -1), last: move(days.at(-1)!, 1) };
}
