import { type Stream, STREAMS } from "../store/source.ts";
import { minute } from "../run/clock.ts";
import { LOOK_BACK_MS, type OpenWindow, readOwed, unlaidWindows } from "./owed.ts";
import type { Study } from "../study/study.ts";
import { mergeSpans, type Span, totalLength } from "./span.ts";
import type { Database } from "../store/duckdb.ts";
import type { DataPaths } from "../store/paths.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/**
 * A stream unread for this long while another is read was given up; one that `daily` does not read, as soon
 * as the other one is read on the next day.
 */
const GIVEN_UP_MS = { daily: 7 * DAY_MS, other: DAY_MS };
/** Shorter spans are not reported: the present is always a little ahead, and hosts reconnect. */
const ENOUGH_MS = 60_000;

/** The owed and the lost hours of a stream. */
export interface StreamStanding {
  source: Stream;
  /** Hours that have passed, are asked for and are not collected; oldest first. */
  owed: Span[];
  /** When the first of them leaves or left the hosts' replay; null where none is owed. */
  leaves_at: Date | null;
  /** Whether it left. */
  is_late: boolean;
  /** Likewise of the last seven days, which no host has any more. */
  lost: Span[];
}

/**
 * Find the standing of each stream that the study collects by windows.
 *
 * Windows of days on which no run laid them down count too: they are owed all the same.
 */
export async function streamStandings(
  database: Database,
  paths: DataPaths,
  study: Study,
  present: Date,
): Promise<StreamStanding[]> {
  const standings: StreamStanding[] = [];
  for (const source of streamsInUse(paths, study.daily.stream)) {
    const { windows } = study.sources[source];
    const unlaid = [...unlaidWindows(paths, source, windows, present).values()].flat();
    const replayMs = LOOK_BACK_MS[source];
    const found = await readOwed(database, paths, source, replayMs, unlaid, present);
    const owed = spansOf(found.owed);
    const leaves_at = owed[0] ? new Date(owed[0].from.getTime() + replayMs) : null;
    standings.push({
      source,
      owed,
      leaves_at,
      is_late: leaves_at !== null && leaves_at <= present,
      lost: spansOf(found.missed),
    });
  }
  return standings;
}

function spansOf(windows: OpenWindow[]): Span[] {
  return mergeSpans(windows.flatMap(({ open }) => open))
    .filter((span) => totalLength([span]) >= ENOUGH_MS);
}

/** Give the streams whose windows were laid down, without those that were given up. */
function streamsInUse(paths: DataPaths, daily: Stream): Stream[] {
  const files = paths.files("windows");
  const last = STREAMS.map((source) =>
    Math.max(
      -Infinity,
      ...files.filter(({ path, day }) => path === paths.windows(source, day!))
        .map(({ day }) => Date.parse(day!)),
    )
  );
  const newest = Math.max(...last);
  return STREAMS.filter((source, index) =>
    last[index]! > newest - GIVEN_UP_MS[source === daily ? "daily" : "other"]
  );
}

/** Describe the standing of a stream in lines; none where nothing is owed or lost. */
export function describeStanding(
  { source, owed, leaves_at, is_late, lost }: StreamStanding,
): string[] {
  const hours = (spans: Span[]) => `${Number((totalLength(spans) / HOUR_MS).toFixed(1))} h`;
  const owing = leaves_at && `${source} owes ${hours(owed)} since ${minute(owed[0]!.from)}; ` +
      `the first of it ${is_late ? "could" : "can"} be collected until ${minute(leaves_at)}`;
  const losing = lost.length > 0 && `${source} lost ${hours(lost)} of the last seven days, up to ` +
      `${minute(lost.at(-1)!.until)}: no host has them`;
  return [owing, losing].filter((line) => typeof line === "string");
}
