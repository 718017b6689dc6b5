/** Runs that count likes again at 48 hours, of posts that are so many hours old. */
import assert from "node:assert/strict";
import { rawFolder, uri } from "../../raw.ts";
import { query } from "../../rows.ts";
import { runTask } from "../../task.ts";
import type { CountingAppView } from "../context/counting_appview.ts";

export const NOW = "2026-06-10T12:00:00Z";
const HOUR_MS = 3_600_000;

/** Give the time of so many hours before NOW as DuckDB reads it. */
export function aged(hours: number): string {
  return new Date(Date.parse(NOW) - hours * HOUR_MS).toISOString().replace("T", " ").slice(0, -1);
}

/** Lay posts of a source into raw, each with its age in hours. */
export async function lay(data: string, source: string, ages: Record<string, number>) {
  const folder = await rawFolder(data);
  const rows = Object.entries(ages).map(([rkey, hours], index) => ({
    uri: uri(rkey),
    cid: rkey,
    event_time: source === "import" ? null : aged(hours),
    created_at: `${aged(hours).replace(" ", "T")}Z`,
    text: `The senate voted on the budget bill, says post ${rkey}`,
    ...(source === "most_liked" ? { feed: "f", rank: index + 1, like_count: 7 } : {}),
  }));
  await folder.raw(source, "2026-06-09", `${source}.2026-06-01_2026-06-09`, rows);
  return folder;
}

/** Run a task to its end at NOW and give its summary. */
export async function task(data: string, ...args: string[]) {
  const run = await runTask([...args, "--data", data, "--json"], { CIVICSKY_CLOCK: NOW });
  assert.equal(run.code, 0, run.stderr);
  return JSON.parse(run.stdout);
}

/** Count the posts that are due. */
export function count(appView: CountingAppView, data: string) {
  return task(data, "sync:most-liked", "--appview", appView.url);
}

/** Give the posts that were counted. */
export function counted(data: string) {
  return query(
    data,
    "SELECT uri, like_count FROM read_parquet('{data}/raw/counts/*/*.parquet') ORDER BY uri",
  );
}
