import type { PartitionFile } from "../etl/store/paths.ts";

const DAY_MS = 86_400_000;
/** Days before today that are measured. */
const DAYS = 7;

/** What a day of the study takes, on average. */
export interface Growth {
  bytes: number;
  files: number;
  /** Days with data that it was measured over. */
  days: number;
}

/**
 * Measure the growth of the tables by the partitions of the seven UTC days before a day.
 *
 * Undefined where they hold nothing: then nothing is known.
 */
export async function measureGrowth(
  files: PartitionFile[],
  today: string,
): Promise<Growth | undefined> {
  const first = new Date(Date.parse(today) - DAYS * DAY_MS).toISOString().slice(0, 10);
  const recent = files.filter(({ day }) => day !== undefined && day >= first && day < today);
  const days = new Set(recent.map(({ day }) => day)).size;
  if (days === 0) return undefined;
  let bytes = 0;
  for (const { path } of recent) bytes += await bytesOf(path);
  return { bytes: bytes / days, files: recent.length / days, days };
}

/** A file that another task replaced meanwhile counts nothing. */
async function bytesOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
