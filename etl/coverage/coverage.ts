import { coveredSpans } from "./owed.ts";
import { type Database, literal, rows, utc } from "../store/duckdb.ts";
import { JETSTREAM_V1_NOTE } from "../raw/journal_line.ts";
import { now, utcDay } from "../run/clock.ts";
import { mergeSpans, type Span, subtractSpans, totalLength } from "./span.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { COVERAGE, WINDOWS } from "../store/tables.ts";

const HOUR_MS = 3_600_000;
const HOURS = 168;

/** The coverage of a stream in the 168 hours before now. */
export interface WeekOfCoverage {
  source: string;
  /** Hours that its windows asked for, as far as they have passed; null where it has no windows. */
  hours_asked: number | null;
  /** Hours of those read without a gap; hours of the whole week where it has no windows. */
  hours_collected: number;
  /** Minutes of the windows, and those in which events came; of the hours collected without windows. */
  minutes: number;
  minutes_with_data: number;
  events: number;
  posts: number;
  /** Sequence numbers that hosts left out. */
  skipped: number;
  /** Messages that could not be read here. */
  set_aside: number;
  reconnects: number;
  /** Those that speak version 1 of Jetstream. */
  version_1_hosts: string[];
}

/** Sum up the coverage of each stream in the last 168 hours, from whole files of two tables. */
export async function weekOfCoverage(
  database: Database,
  paths: DataPaths,
  coverage: string[],
  windows: string[],
): Promise<WeekOfCoverage[]> {
  const until = new Date(Math.floor(now().getTime() / 60_000) * 60_000);
  const week = { from: new Date(until.getTime() - HOURS * HOUR_MS), until };
  const older = await versionOneHosts(database, coverage, week);
  const counts = await countMinutes(database, coverage, windows, week);
  const weeks: WeekOfCoverage[] = [];
  for (const { has_windows, ...count } of counts) {
    const covered = await coveredSpans(database, paths, count.source, utcDay(week.from));
    const asked = has_windows ? await askedSpans(database, windows, count.source, week) : [week];
    const open = asked.flatMap((span) => subtractSpans(span, covered));
    const collected = (totalLength(asked) - totalLength(open)) / HOUR_MS;
    weeks.push({
      ...count,
      hours_asked: has_windows ? round(totalLength(asked) / HOUR_MS) : null,
      hours_collected: round(collected),
      minutes: has_windows ? count.minutes : Math.round(collected * 60),
      version_1_hosts: older.filter(({ source }) => source === count.source)
        .map(({ host }) => host),
    });
  }
  return weeks;
}

/** Describe the coverage of a stream in these hours in a sentence. */
export function describeWeek(week: WeekOfCoverage): string {
  const { source, hours_asked, hours_collected, minutes, minutes_with_data, skipped, set_aside } =
    week;
  const older = week.version_1_hosts.join(", ");
  const share = minutes === 0 ? 0 : 100 * minutes_with_data / minutes;
  const collected = hours_asked === null
    ? `${hours_collected} were collected by hand`
    : `${hours_asked} were asked for, and ${hours_collected} of them collected without a gap`;
  return `${source}: of the last ${HOURS} hours ${collected}; ` +
    `${Math.min(100, Math.floor(share * 100) / 100)}% of their minutes have an event` +
    (skipped > 0 ? `; hosts left out ${skipped.toLocaleString("en")} events` : "") +
    (set_aside > 0 ? `; ${set_aside.toLocaleString("en")} messages could not be read` : "") +
    (older === "" ? "" : `; ${older} ${VERSION_1_NUMBERS_NOTHING}`);
}

/** What follows the names of hosts of version 1 in a sentence. */
export const VERSION_1_NUMBERS_NOTHING =
  "served version 1 of Jetstream, which numbers nothing: losses in that stream cannot be seen";

/** Find the hosts of version 1 of Jetstream that sources were read from, by both names. */
export async function versionOneHosts(
  database: Database,
  coverage: string[],
  span?: Span,
): Promise<{ source: string; host: string }[]> {
  const within = span === undefined
    ? ""
    : `AND minute >= ${literal(span.from)} AND minute < ${literal(span.until)}`;
  return await rows(
    database,
    `SELECT DISTINCT source, host FROM ${relation(COVERAGE, coverage)}
     WHERE list_contains(notes, ${literal(JETSTREAM_V1_NOTE)}) ${within} ORDER BY source, host`,
  );
}

type Counts = Omit<WeekOfCoverage, "hours_asked" | "hours_collected" | "version_1_hosts"> & {
  has_windows: boolean;
};

async function countMinutes(
  database: Database,
  coverage: string[],
  windows: string[],
  { from, until }: Span,
): Promise<Counts[]> {
  return await rows<Counts & Record<string, unknown>>(
    database,
    `WITH received AS (
       SELECT source, minute, sum(events) AS events, sum(posts) AS posts, sum(skipped) AS skipped,
         sum(set_aside) AS set_aside, sum(reconnects) AS reconnects
       FROM ${relation(COVERAGE, coverage)}
       WHERE minute >= ${literal(from)} AND minute < ${literal(until)} GROUP BY ALL
     ),
     asked AS (
       SELECT DISTINCT source, unnest(generate_series(greatest(opens_at, ${literal(from)}),
         least(closes_at, ${literal(until)}) - INTERVAL 1 MINUTE, INTERVAL 1 MINUTE)) AS minute
       FROM ${relation(WINDOWS, windows)}
     ),
     with_windows AS (SELECT DISTINCT source FROM ${relation(WINDOWS, windows)}),
     minutes AS (
       SELECT source, minute, true AS has_windows FROM asked
       UNION ALL SELECT source, minute, false FROM received
       WHERE source NOT IN (SELECT source FROM with_windows)
     )
     SELECT source, has_windows, count(*) AS minutes,
       count(*) FILTER (events > 0) AS minutes_with_data,
       coalesce(sum(events), 0) AS events, coalesce(sum(posts), 0) AS posts,
       coalesce(sum(skipped), 0) AS skipped, coalesce(sum(set_aside), 0) AS set_aside,
       coalesce(sum(reconnects), 0) AS reconnects
     FROM minutes LEFT JOIN received USING (source, minute) GROUP BY ALL ORDER BY source`,
  );
}

/** Give when the windows of a source were open within a span, merged. */
export async function askedSpans(
  database: Database,
  windows: string[],
  source: string,
  { from, until }: Span,
): Promise<Span[]> {
  const found = await rows<{ from: string; until: string }>(
    database,
    `SELECT greatest(opens_at, ${literal(from)}) AS from, least(closes_at, ${
      literal(until)
    }) AS until
     FROM ${relation(WINDOWS, windows)}
     WHERE source = ${literal(source)} AND opens_at < ${literal(until)}
       AND closes_at > ${literal(from)}`,
  );
  return mergeSpans(found.map((span) => ({ from: utc(span.from), until: utc(span.until) })));
}

function round(hours: number): number {
  return Math.round(hours * 100) / 100;
}
