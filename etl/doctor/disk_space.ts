import { ifThere } from "../store/if_there.ts";
import type { PartitionFile } from "../store/paths.ts";
import { now, utcDay } from "../run/clock.ts";
import { type Examination, type Space, spaceOf } from "./examination.ts";
import { size } from "../run/amount.ts";
import { type Finding, note, ok, problem, warning } from "./finding.ts";

/** A run writes files anew beside the old ones, so that a day needs twice its size for a while. */
const DAYS_TONIGHT = 2;
const [SOON_DAYS, LATER_DAYS] = [14, 60];
/** Bytes and files that a run needs if the study's growth is unknown. */
const [FEWEST_BYTES, FEWEST_FILES] = [200e6, 1000];
/** If growth is unknown, less than this is reported. */
const FEW_BYTES = 5e9;
const REMEDY =
  "Free some space, or move the data folder to a larger disk and name it with CIVICSKY_DATA";

/** Report how many days of the study still fit on the disk of its data folder. */
export async function diskSpace({ paths, files }: Examination): Promise<Finding[]> {
  const growth = await measureGrowth(files(), utcDay(now()));
  const space = await spaceOf(paths.root);
  return [bytesLeft(space, growth), ...filesLeft(space, growth)];
}

function bytesLeft({ bytes }: Space, growth: Growth | undefined): Finding {
  const days = growth === undefined ? Infinity : bytes / growth.bytes;
  const pace = growth === undefined
    ? ""
    : `, ${describeDays(days)} at ${size(growth.bytes)} a day (measured over ${growth.days} days)`;
  const found = `${size(bytes)} free${pace}`;
  if (bytes < FEWEST_BYTES || days < DAYS_TONIGHT) return problem(found, REMEDY);
  if (days < SOON_DAYS) return warning(found, REMEDY);
  if (days < LATER_DAYS || (growth === undefined && bytes < FEW_BYTES)) return note(found, REMEDY);
  return ok(found);
}

function filesLeft({ files }: Space, growth: Growth | undefined): Finding[] {
  if (files === undefined) return [];
  const days = growth === undefined ? Infinity : files / growth.files;
  const found = `room for ${files.toLocaleString("en")} more files (inodes)${
    growth === undefined ? "" : `, ${describeDays(days)}`
  }`;
  const remedy = "Remove unneeded small files, also from other folders, or move the data folder";
  if (files < FEWEST_FILES || days < DAYS_TONIGHT) return [problem(found, remedy)];
  return days < SOON_DAYS ? [warning(found, remedy)] : [];
}

function describeDays(days: number): string {
  if (days > 3650) return "more than ten years";
  return days < 2 ? "less than two days" : `${Math.floor(days).toLocaleString("en")} days`;
}

/** A day in milliseconds, by which the growth of the disk is measured. */
const DAY_MS = 86_400_000;

/** Days before today that are measured. */
const DAYS = 7;

/** The average size of a day of the study, by which the disk fills. */
export interface Growth {
  bytes: number;
  files: number;
  /** Days with data that it was measured over. */
  days: number;
}

/**
 * Measure the growth of the tables by the partitions of the seven UTC days before a day.
 *
 * Undefined where they hold nothing: growth is then unknown.
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

/** A file that another task replaced meanwhile counts as empty. */
async function bytesOf(path: string): Promise<number> {
  return (await ifThere(() => Deno.stat(path)))?.size ?? 0;
}
